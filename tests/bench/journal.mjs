// Does a long journal slow spends down? farebox alone, with 96 clients: first on a journal that holds only what the bench
// itself writes, then with many million entries more, as years of spends would have left them.
//
// scripts/bench --journal MILLIONS starts it, in the environment of bench.mjs. Exit 0 says that every request was
// answered, that the books balance, and that throughput stayed above the target.

import { checkBooks, prepareData, sql, tidy } from './books.mjs';
import { walletCounts, walletsInWords } from './cells.mjs';
import { machineFacts } from './facts.mjs';
import { parseOptions } from './options.mjs';
import { overHttp } from './over_http.mjs';
import { median } from './summary.mjs';

const target = 0.9;
const clients = 96;
const roundsEach = 3;
const wallets = Math.max(...walletCounts);

// Spends of one token with keys of their own, in the order of time: every wallet of the spread in turn, and in between the
// hot one, which gets as many as a hundred others. The wallets then stand where that left them.
async function grow(millions) {
  const turns = Math.ceil((millions * 1e6) / (wallets + 100));
  const chunk = 25;
  for (let first = 1; first <= turns; first += chunk) {
    const last = Math.min(first + chunk - 1, turns);
    await sql(`
      begin;
      create temp table old on commit drop as
        select u.id as wallet, w.balance, w.burned, w.seq, case when u.number = 1 then 100 else 1 end as times
          from farebox.users u join farebox.wallets w on w.id = u.id
         where u.number <= ${wallets + 1};
      insert into farebox.entries (id, debit, credit, amount, kind, debit_seq, debit_after, burn_from, created_at, key,
                                   fingerprint, description)
        select farebox.uuid_v7(), o.wallet, '00000000-0000-7000-8000-000000000003', 1, 'spend', o.seq + i, o.balance - i,
               o.burned + i - 1, now(), 'old-' || ${first} || '-' || i,
               '\\x0000000000000000000000000000000000000000000000000000000000000000', 'bench'
          from old o cross join lateral generate_series(1, o.times * ${last - first + 1}) i
         order by i / o.times, o.wallet;
      update farebox.wallets w
         set balance = w.balance - n.count, burned = w.burned + n.count, seq = w.seq + n.count
        from (select o.wallet, o.times * ${last - first + 1} as count from old o) n
       where w.id = n.wallet;
      commit;`);
    if (first % 100 === 1) console.error(`bench: ${Math.round((first / turns) * 100)} % of the old journal is written`);
  }
}

// Medians of the rounds, by wallets.
async function measure(runs, name, seconds) {
  const rates = {};
  for (let round = 0; round < roundsEach; round += 1) {
    for (const count of walletCounts) {
      const run = `r${runs.length + 1}`;
      const cell = { operation: 'spend', wallets: count, clients, run, seconds };
      await tidy();
      const measured = await overHttp(process.env.FAREBOX_URL, 'farebox', cell);
      runs.push({ ...cell, contender: 'farebox', ...measured });
      (rates[count] ??= []).push(measured.rate);
      console.error(`  ${name}, ${walletsInWords(count)}, a second: ${Math.round(measured.rate).toLocaleString('en-US')}`);
    }
  }
  return Object.fromEntries(Object.entries(rates).map(([count, values]) => [count, median(values)]));
}

async function main() {
  const { journal: millions, seconds } = parseOptions(process.argv.slice(2));
  await prepareData(wallets);
  const { machine } = await machineFacts();
  const runs = [];
  await measure([], 'warm-up', 1);
  const before = await measure(runs, 'nearly empty', seconds);
  await grow(millions);
  const [[entries]] = await sql('select count(*) from farebox.entries;');
  const after = await measure(runs, `${Number(entries).toLocaleString('en-US')} entries`, seconds);

  console.log(`machine     ${machine.cpu}, ${machine.cores} cores, Linux ${machine.kernel}, load ${machine.load.toFixed(1)} before`);
  console.log(`journal     ${Number(entries).toLocaleString('en-US')} entries at the second measurement`);
  let met = true;
  for (const count of walletCounts) {
    const ratio = Math.round((100 * after[count]) / before[count]) / 100; // a third digit would be noise
    met &&= ratio >= target;
    console.log(`${walletsInWords(count).padEnd(16)}${Math.round(before[count])} spends a second, then ` +
      `${Math.round(after[count])}: ${ratio.toFixed(2)} (target ${target})`);
  }
  const errors = runs.filter((run) => run.errors > 0).map(() => 'a request had no good answer');
  const complaints = [...errors, ...(await checkBooks())];
  for (const complaint of complaints) console.error(`bench: ${complaint}`);
  process.exitCode = complaints.length === 0 && met ? 0 : 1;
}

main().catch((failure) => {
  console.error(`bench: ${failure.message}`);
  process.exit(1);
});
