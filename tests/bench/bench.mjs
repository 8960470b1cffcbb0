// The bench: pgbench, a Fastify server and farebox do the same work on the same database, in turn.
//
// scripts/bench starts it with a private stack of its own (environment: the words of `scripts/stack env`, and
// API_SECRET_KEY). Every cell (operation, wallets, clients) is measured in each round by each contender, the first one
// another in each round; what is reported is the median over the rounds. Before each measurement come a vacuum and a
// checkpoint, so nobody pays for the work of the one before, and a warm-up.
//
// Exit 0 says that every request was answered as asked, that the journal holds exactly the acknowledged spends, and
// that the books balance. A target that is missed is printed, and is no failure: it depends on the machine.

import { openSync, writeFileSync } from 'node:fs';
import { checkBooks, checkJournal, prepareData, tidy } from './books.mjs';
import { cellsOf, walletCounts, walletsInWords } from './cells.mjs';
import { startContenders } from './contenders.mjs';
import { machineFacts } from './facts.mjs';
import { firstAnswer, memoryInUse } from './handlers.mjs';
import { parseOptions } from './options.mjs';
import { markdown, text } from './report.mjs';
import { summarise } from './summary.mjs';

const turned = (list, by) => list.map((_, n) => list[(n + by) % list.length]);

async function measureCell(cell, contenders, round, options, runs) {
  const said = [];
  for (const contender of turned(contenders, round)) {
    if (cell.pgbenchAlone && contender.name !== 'pgbench') continue;
    const run = `r${runs.length + 1}`;
    await tidy();
    const measured = await contender.measure({ ...cell, run, seconds: options.seconds });
    runs.push({ ...cell, run, round, contender: contender.name, ...measured });
    said.push(`${contender.name} ${Math.round(measured.rate).toLocaleString('en-US')}`);
  }
  const clients = cell.clients === 1 ? '1 client' : `${cell.clients} clients`;
  console.error(`  ${cell.operation}, ${walletsInWords(cell.wallets)}, ${clients}, a second: ${said.join(', ')}`);
}

async function measure(options, contenders) {
  const runs = [];
  for (let round = 0; round < options.rounds; round += 1) {
    console.error(`bench: round ${round + 1} of ${options.rounds}`);
    for (const cell of cellsOf(options)) await measureCell(cell, contenders, round, options, runs);
  }
  return runs;
}

async function main() {
  const options = parseOptions(process.argv.slice(2));
  const json = options.json && openSync(options.json, 'w'); // a name that cannot be written is told before the work
  await prepareData(Math.max(...walletCounts));
  const facts = await machineFacts();
  const contenders = await startContenders();
  const runs = await measure(options, contenders);
  const memory = await memoryInUse(contenders);
  const firstAnswerMs = await firstAnswer();
  for (const contender of contenders) await contender.stop();
  const complaints = [...(await checkJournal(runs)), ...(await checkBooks())];

  const { shape: fastify } = contenders.find(({ name }) => name === 'Fastify');
  const result = summarise({ options, facts, fastify, runs, memory, firstAnswerMs, complaints });
  if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
  process.stdout.write(options.markdown ? markdown(result) : text(result));
  for (const complaint of result.complaints) console.error(`bench: ${complaint}`);
  process.exitCode = result.complaints.length === 0 ? 0 : 1;
}

main().catch((failure) => {
  console.error(`bench: ${failure.message}`);
  process.exit(1);
});
