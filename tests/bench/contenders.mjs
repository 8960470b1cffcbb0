// The three contenders. measure(cell) answers
//   rate              answers a second
//   p50_ms p99_ms     as the client saw them
//   errors            requests without a good answer
//   acknowledged      answers in all, warm-up included; unanswered: how many more may have been under way at the end
//   connections       to the database

import { startFastify } from './fastify.mjs';
import { overHttp } from './over_http.mjs';
import { pgbench } from './pgbench.mjs';

export async function startContenders() {
  const fastify = await startFastify();
  return [
    { name: 'pgbench', measure: pgbench, stop: () => {} },
    { name: 'Fastify', ...fastify },
    { name: 'farebox', measure: (cell) => overHttp(process.env.FAREBOX_URL, 'farebox', cell), stop: () => {} },
  ];
}
