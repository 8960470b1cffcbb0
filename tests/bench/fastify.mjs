// The Fastify server in its best shape for this machine. Whether one process or one a core is better depends on what
// else the cores carry, so both are tried before the first round.
//
// Four connections a core: on a hot wallet every further one only lengthens the queue at the row's lock, and on spread
// wallets it hardly helps.

import os from 'node:os';
import { fileURLToPath } from 'node:url';
import { contenderEnvironment } from './books.mjs';
import { walletCounts } from './cells.mjs';
import { overHttp } from './over_http.mjs';
import { start } from './shell.mjs';

const server = fileURLToPath(new URL('fastify/server.js', import.meta.url));
const applicationName = 'bench-fastify';
const cores = Math.min(os.cpus().length, 8);
const shapes = [
  { processes: 1, pool: 4 * cores },
  { processes: cores, pool: 4 },
];

async function startIn(shape) {
  const child = start(process.execPath, [server], {
    env: {
      ...contenderEnvironment(),
      NODE_ENV: 'production',
      PROCESSES: `${shape.processes}`,
      POOL_CONNECTIONS: `${shape.pool}`,
    },
    stdin: 'pipe',
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  const port = await new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr.on('data', (words) => (complaint += words));
    child.stdout.on('data', (words) => resolve(/ready (\d+)/.exec(words)[1]));
    ended.then(() => reject(new Error(`the Fastify server ended: ${complaint}`)));
  });
  return {
    shape,
    pid: child.pid,
    measure: (cell) => overHttp(`http://127.0.0.1:${port}`, applicationName, cell),
    stop: () => {
      child.stdin.end();
      return ended;
    },
  };
}

// The product of the rates on a hot wallet and on many: neither may be bought with the other.
async function strengthOf(candidate) {
  let product = 1;
  for (const wallets of walletCounts) {
    const cell = { operation: 'spend', wallets, clients: 32, seconds: 1, run: `t${candidate.pid}` };
    product *= (await candidate.measure(cell)).rate;
  }
  return product;
}

export async function startFastify() {
  let best;
  for (const shape of shapes) {
    const candidate = await startIn(shape);
    const strength = await strengthOf(candidate);
    await candidate.stop();
    if (best === undefined || strength > best.strength) best = { shape, strength };
  }
  const { processes, pool } = best.shape;
  console.error(`bench: Fastify runs best with processes: ${processes}, connections of each: ${pool}`);
  return startIn(best.shape);
}
