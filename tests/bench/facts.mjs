// Where and with what a bench ran: numbers without these mean nothing.

import { readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sql } from './books.mjs';
import { execute } from './shell.mjs';

const { POSTGRES_BIN, FAREBOX_DIR } = process.env;
const here = fileURLToPath(new URL('.', import.meta.url));
const installed = (name) =>
  JSON.parse(readFileSync(new URL(`fastify/node_modules/${name}/package.json`, import.meta.url))).version;

// The first version number that a program prints; some print it on standard error and some call that a failure.
async function versionOf(program, option) {
  const words = await execute('sh', ['-c', '"$0" "$1" 2>&1 || true', program, option]);
  return /\d+(\.\d+)+/.exec(words)?.[0] ?? 'unknown';
}

async function revision() {
  try {
    return (await execute('git', ['-C', here, 'describe', '--always', '--dirty'])).trim();
  } catch {
    return 'without git';
  }
}

async function settings(names) {
  const rows = await sql(`select name, current_setting(name) from unnest('{${names}}'::text[]) name;`);
  return Object.fromEntries(rows);
}

export async function machineFacts() {
  const cpu = /^model name\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? os.machine();
  return {
    date: new Date().toISOString().slice(0, 16).replace('T', ' ') + ' UTC',
    machine: {
      cpu,
      cores: os.cpus().length,
      load: os.loadavg()[0],
      memory_gib: Math.round(os.totalmem() / 2 ** 30),
      kernel: os.release(),
      file_system: (await execute('stat', ['--file-system', '--format=%T', FAREBOX_DIR])).trim(),
    },
    versions: {
      farebox: await revision(),
      PostgreSQL: await versionOf(join(POSTGRES_BIN, 'postgres'), '--version'),
      nginx: await versionOf('nginx', '-v'),
      Node: process.versions.node,
      Fastify: installed('fastify'),
      pg: installed('pg'),
      wrk: await versionOf('wrk', '-v'),
    },
    durability: await settings(['fsync', 'synchronous_commit', 'full_page_writes', 'wal_sync_method']),
  };
}
