// What the bench does in the database as its owner: the wallets before, the tidying between, the checks after.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute, pause } from './shell.mjs';

const { ADMIN_DATABASE_URL, SUPERUSER_DATABASE_URL, FAREBOX_DIR, PSQL } = process.env;

// The contenders' own role: farebox's rights without farebox's limits. The lock timeout of farebox_app, with which the
// batcher expects to meet a locked wallet, would be an error to a caller that queues for the lock.
const role = 'farebox_bench';
const passwordFile = join(FAREBOX_DIR, 'secrets', `${role}.pgpass`);

// What a contender proves itself with to the functions: the hash of the service's key, as farebox's handlers do.
export const proof = `\\x${createHash('sha256').update(process.env.API_SECRET_KEY).digest('hex')}`;

// How a contender connects: for libpq, and for node-postgres.
export const contenderUrl =
  ADMIN_DATABASE_URL.replace(/user=\S+ passfile=.*/, `user=${role} passfile='${passwordFile}'`);
export const contenderEnvironment = () => ({
  PGHOST: /host='([^']*)'/.exec(ADMIN_DATABASE_URL)[1],
  PGDATABASE: /dbname=(\S+)/.exec(ADMIN_DATABASE_URL)[1],
  PGUSER: role,
  PGPASSWORD: readFileSync(passwordFile, 'utf8').trim().split(':').pop(),
});

// Statements one by one, each its own transaction; answers the rows of all of them, each a list.
export async function sql(statements, url = ADMIN_DATABASE_URL) {
  const output = await execute(PSQL, ['-XqAtw', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-d', url], { input: statements });
  return output.split('\n').filter((line) => line !== '').map((line) => line.split('\t'));
}

async function createRole() {
  const password = randomBytes(24).toString('hex');
  writeFileSync(passwordFile, `*:*:*:${role}:${password}\n`, { mode: 0o600 });
  await sql(
    `create role ${role} login password '${password}';
     alter role ${role} set search_path = '';
     grant usage on schema farebox_api to ${role};
     grant execute on function farebox_api.spend_one, farebox_api.balance to ${role};`,
    SUPERUSER_DATABASE_URL,
  );
}

// Users 1 (the hot one) to `wallets` + 1, each with more tokens than can be spent here, made as an operator makes them.
export async function prepareData(wallets) {
  await createRole();
  await sql(`
    do $$
    begin
      for n in 1 .. ${wallets + 1} loop
        perform from farebox_api.create_user('api_key', '${proof}', farebox.new_id(n & 1023), n, null, null,
                                             1000000000000, farebox.new_id(n & 1023), null, null, 'infinity');
      end loop;
    end $$;`);
}

// The hot wallet is user 1, the spread ones come after it.
export const usersOf = (cell) => (cell.wallets === 1 ? { first: 1, last: 1 } : { first: 2, last: cell.wallets + 1 });

// Nobody pays for the dead rows and dirty pages of the one before.
export async function tidy() {
  await sql('vacuum (analyze) farebox.wallets, farebox.entries;\ncheckpoint;', SUPERUSER_DATABASE_URL);
}

// Connections to the database by application name; farebox's handlers under "farebox".
async function connections() {
  const rows = await sql(`
    select case usename when 'farebox_app' then 'farebox' else application_name end, count(*)
      from pg_stat_activity where usename in ('farebox_app', '${role}') group by 1;`, SUPERUSER_DATABASE_URL);
  return Object.fromEntries(rows.map(([name, count]) => [name, Number(count)]));
}

// In the warm-up, when all are connected, so that no measurement shares its time with the question.
export async function connectionsDuring(application) {
  await pause(600);
  return (await connections())[application] ?? 0;
}

// Every acknowledged spend is in the journal, once. A load generator stops in mid-flight, so over HTTP up to one
// unanswered request a connection may be there beside them; pgbench waits, and is exact.
export async function checkJournal(runs) {
  const rows = await sql(`
    select split_part(key, '-', 1), count(*) from farebox.entries where kind = 'spend' group by 1;`);
  const entries = Object.fromEntries(rows.map(([run, count]) => [run, Number(count)]));
  const complaints = [];
  for (const spends of runs.filter(({ operation }) => operation === 'spend')) {
    const found = entries[spends.run] ?? 0;
    if (found < spends.acknowledged || found > spends.acknowledged + spends.unanswered) {
      complaints.push(`${spends.contender} had ${spends.acknowledged} spends acknowledged ` +
        `with ${spends.clients} clients, but the journal holds ${found}`);
    }
  }
  return complaints;
}

// scripts/verify walks the whole books in short snapshots.
export async function checkBooks() {
  const verify = fileURLToPath(new URL('../../scripts/verify', import.meta.url));
  try {
    await execute(verify, ['--database-url', ADMIN_DATABASE_URL]);
    return [];
  } catch (failure) {
    return [`the books do not balance: ${failure.message}`];
  }
}
