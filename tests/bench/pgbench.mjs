// pgbench: the SQL functions called singly, with nothing between.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectionsDuring, contenderUrl, usersOf, proof } from './books.mjs';
import { execute } from './shell.mjs';

const { FAREBOX_DIR, POSTGRES_BIN } = process.env;
const scriptOf = (operation) => fileURLToPath(new URL(`${operation}.pgbench.sql`, import.meta.url));

function percentile(sorted, share) {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

// pgbench's log has a line for each transaction: client, number, latency (microseconds), script, and when it ended
// (seconds, microseconds).
function readLog(directory) {
  return readdirSync(directory)
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => line.split(' '))
    .map((fields) => ({ latencyMs: Number(fields[2]) / 1000, endedS: Number(fields[4]) + Number(fields[5]) / 1e6 }));
}

// The warm-up is the first part of the same run: pgbench's connections, and the plans they hold, live no longer than
// it. Half a second is a thousand calls.
const warmUpS = 0.5;

// pgbench's clock runs from before its first connection, and the check of a password costs it and the server
// milliseconds each.
const durationS = ({ clients, seconds }) => Math.ceil(warmUpS + seconds + 0.3 + clients * 0.02);

// What came in the seconds after the warm-up, or in as much of them as was left after connecting.
function afterWarmUp(log, { clients, seconds }) {
  const ends = log.map(({ endedS }) => endedS).sort((a, b) => a - b);
  const from = ends[0] + warmUpS;
  const until = Math.min(from + seconds, ends[ends.length - 1]);
  if (until - from < seconds / 2) {
    throw new Error(`pgbench took too long to connect ${clients} clients: end what else works on this machine`);
  }
  const latencies = log
    .filter(({ endedS }) => endedS >= from && endedS < until)
    .map(({ latencyMs }) => latencyMs)
    .sort((a, b) => a - b);
  return {
    rate: latencies.length / (until - from),
    p50_ms: percentile(latencies, 0.5),
    p99_ms: percentile(latencies, 0.99),
  };
}

// Prepared statements: of pgbench's three ways the fastest, by half with one client.
export async function pgbench(cell) {
  const directory = mkdtempSync(join(FAREBOX_DIR, 'pgbench.'));
  const { first, last } = usersOf(cell);
  const threads = Math.min(cell.clients, 2);
  try {
    const [output, connectionsSeen] = await Promise.all([
      execute(join(POSTGRES_BIN, 'pgbench'), [
        '--no-vacuum', '--protocol=prepared', `--file=${scriptOf(cell.operation)}`,
        `--client=${cell.clients}`, `--jobs=${threads}`, `--time=${durationS(cell)}`,
        `--define=first=${first}`, `--define=last=${last}`, `--define=run=${cell.run}`, '--define=n=0', `--define=proof=${proof}`,
        '--log', `--log-prefix=${join(directory, 'log')}`,
        contenderUrl,
      ]),
      connectionsDuring('pgbench'),
    ]);
    return {
      ...afterWarmUp(readLog(directory), cell),
      errors: Number(/failed transactions: (\d+)/.exec(output)[1]),
      acknowledged: Number(/transactions actually processed: (\d+)/.exec(output)[1]),
      unanswered: 0,
      connections: connectionsSeen,
    };
  } finally {
    rmSync(directory, { recursive: true });
  }
}
