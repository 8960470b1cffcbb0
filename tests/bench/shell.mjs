// Programs as functions. A program that fails is an exception with what it said on standard error.

import { spawn } from 'node:child_process';

const running = new Set();

// Whoever ends the bench ends what it started.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of running) child.kill('SIGTERM');
    process.exit(1);
  });
}

// Started, with its standard output as a stream; counted as ours until it ends.
export function start(program, args, { env = {}, stdin = 'ignore' } = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: [stdin, 'pipe', 'pipe'] });
  running.add(child);
  child.once('close', () => running.delete(child));
  child.stdout.setEncoding('utf8');
  child.stderr.setEncoding('utf8');
  return child;
}

// Run to its end: what it printed.
export function execute(program, args, { env, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = start(program, args, { env, stdin: input === undefined ? 'ignore' : 'pipe' });
    let output = '';
    let complaint = '';
    child.stdout.on('data', (text) => (output += text));
    child.stderr.on('data', (text) => (complaint += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${program} ended with ${code}: ${complaint.trim() || output.trim()}`));
    });
    if (input !== undefined) child.stdin.end(input);
  });
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
