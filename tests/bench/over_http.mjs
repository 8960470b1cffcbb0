// Load over HTTP by wrk, the same for every server: connections that are kept, a request on each at a time.

import { fileURLToPath } from 'node:url';
import { connectionsDuring, usersOf } from './books.mjs';
import { execute } from './shell.mjs';

const warmUpS = 1; // wrk counts whole seconds
const script = fileURLToPath(new URL('load.lua', import.meta.url));

async function wrk(url, cell, run, seconds) {
  const { first, last } = usersOf(cell);
  const output = await execute('wrk', [
    '--threads', '1', '--connections', `${cell.clients}`, '--duration', `${seconds}s`, '--timeout', '10s',
    '--script', script, url, '--', cell.operation, `${first}`, `${last}`, run,
  ]);
  return JSON.parse(output.trim().split('\n').pop());
}

// `application` names the server's connections to the database.
export async function overHttp(url, application, cell) {
  const [warm, connectionsSeen] = await Promise.all([
    wrk(url, cell, `${cell.run}-w`, warmUpS),
    connectionsDuring(application),
  ]);
  const measured = await wrk(url, cell, cell.run, cell.seconds);
  return {
    rate: measured.answered / (measured.duration_us / 1e6),
    p50_ms: measured.p50_us / 1000,
    p99_ms: measured.p99_us / 1000,
    errors: warm.errors + measured.errors,
    acknowledged: warm.answered + measured.answered,
    unanswered: 2 * cell.clients,
    connections: connectionsSeen,
  };
}
