// The three contenders. measure(cell) answers
//   rate              answers a second
//   p50_ms p99_ms     as the client saw them
//   errors            requests without a good answer
//   acknowledged      answers in all, warm-up included; unanswered: how many more may have been under way at the end
//   connections       to the database

import { fileURLToPath } from 'node:url';
import { contenderEnvironment } from './books.mjs';
import { overHttp } from './over_http.mjs';
import { pgbench } from './pgbench.mjs';
import { start } from './shell.mjs';

// Two processes and eight connections in all: the best of what was tried for both kinds of wallets.
const fastifyShape = { PROCESSES: '2', POOL_CONNECTIONS: '4' };
const fastifyName = 'bench-fastify';

async function startFastify() {
  const server = start(process.execPath, [fileURLToPath(new URL('fastify/server.js', import.meta.url))], {
    env: { ...fastifyShape, ...contenderEnvironment(), NODE_ENV: 'production' },
    stdin: 'pipe',
  });
  const port = await new Promise((resolve, reject) => {
    let complaint = '';
    server.stderr.on('data', (words) => (complaint += words));
    server.stdout.on('data', (words) => {
      const ready = /ready (\d+)/.exec(words);
      if (ready) resolve(ready[1]);
    });
    server.once('close', () => reject(new Error(`the Fastify server ended: ${complaint}`)));
  });
  return { url: `http://127.0.0.1:${port}`, pid: server.pid, stop: () => server.stdin.end() };
}

export async function startContenders() {
  const fastify = await startFastify();
  return [
    { name: 'pgbench', measure: pgbench, stop: () => {} },
    {
      name: 'Fastify',
      pid: fastify.pid,
      measure: (cell) => overHttp(fastify.url, fastifyName, cell),
      stop: fastify.stop,
    },
    { name: 'farebox', measure: (cell) => overHttp(process.env.FAREBOX_URL, 'farebox', cell), stop: () => {} },
  ];
}
