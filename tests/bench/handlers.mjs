// What the processes cost when nothing is asked of them, and how long the first answer of one that was not running
// takes.

import { readFileSync } from 'node:fs';
import http from 'node:http';
import { performance } from 'node:perf_hooks';
import { pause } from './shell.mjs';

const { ACTIVATOR_PID, API_SECRET_KEY, FAREBOX_URL, NGINX_PID } = process.env;
const firstAnswerSamples = 3;
const shortestLifeMs = 1100; // one that ends sooner counts as failing, and is started again after a pause

const childrenOf = (pid) =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((text) => text !== '').map(Number);

const nameOf = (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim();

// Proportional set size: what is shared counts once over all who share it.
function pssKib(pid) {
  return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1]);
}

const familyKib = (pid) => [pid, ...childrenOf(pid)].reduce((sum, member) => sum + pssKib(member), 0);

const connection = new http.Agent({ keepAlive: true, maxSockets: 1 });

function request(method, path, body) {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      agent: connection,
      headers: { authorization: `Bearer ${API_SECRET_KEY}`, 'content-type': 'application/json' },
    };
    const sent = http.request(FAREBOX_URL + path, options, (answer) => {
      answer.resume().once('end', () => resolve(answer.statusCode));
    });
    sent.once('error', reject).end(body);
  });
}

async function expect(status, method, path, body) {
  const answered = await request(method, path, body);
  if (answered !== status) throw new Error(`${method} ${path} was answered ${answered} instead of ${status}`);
}

// One request to each handler, so that all are there to be weighed.
async function wakeAll() {
  await expect(200, 'GET', '/health');
  await expect(200, 'GET', '/api/v1/users/1/balance');
  await expect(200, 'POST', '/api/v1/users/1/spend', '{"amount":1,"description":"bench"}');
  await expect(201, 'POST', '/api/v1/users', '{}');
}

// KiB of each handler, of all with the activator that starts them, of nginx, and of the Fastify server.
export async function memoryInUse(contenders) {
  await wakeAll();
  const handlers = childrenOf(ACTIVATOR_PID).map((pid) => ({ name: nameOf(pid), pss_kib: pssKib(pid) }));
  return {
    handlers,
    activator_kib: pssKib(ACTIVATOR_PID),
    all_handlers_kib: handlers.reduce((sum, { pss_kib }) => sum + pss_kib, 0),
    nginx_kib: familyKib(NGINX_PID),
    fastify_kib: familyKib(contenders.find(({ name }) => name === 'Fastify').pid),
  };
}

async function ended(pid) {
  while (childrenOf(ACTIVATOR_PID).includes(pid)) await pause(1);
}

// Milliseconds, the median: a handler is ended as its idle exit would end it, then asked through nginx on a connection
// that is open already.
export async function firstAnswer() {
  const samples = [];
  for (let n = 0; n < firstAnswerSamples; n += 1) {
    await expect(200, 'GET', '/api/v1/users/1/balance');
    await pause(shortestLifeMs);
    const pid = childrenOf(ACTIVATOR_PID).find((child) => nameOf(child) === 'balance');
    process.kill(pid, 'SIGTERM');
    await ended(pid);
    await expect(200, 'GET', '/health');
    const began = performance.now();
    await expect(200, 'GET', '/api/v1/users/1/balance');
    samples.push(performance.now() - began);
  }
  return samples.sort((a, b) => a - b)[Math.floor(samples.length / 2)];
}
