// From runs to what they say: medians over the rounds, ratios, and what there is to complain about.

import { walletCounts } from './cells.mjs';

export const median = (values) => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

const total = (values) => values.reduce((sum, value) => sum + value, 0);

// One row a cell and contender.
function medians(runs) {
  const groups = new Map();
  for (const run of runs) {
    const name = [run.operation, run.wallets, run.clients, run.contender].join();
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  return [...groups.values()].map((group) => {
    const [{ operation, wallets, clients, contender }] = group;
    const over = (member) => group.map((run) => run[member]);
    return {
      operation, wallets, clients, contender,
      rate: median(over('rate')),
      p50_ms: median(over('p50_ms')),
      p99_ms: median(over('p99_ms')),
      errors: total(over('errors')),
      connections: Math.max(...over('connections')),
    };
  });
}

// What farebox means to reach. `least`: at least so many times; otherwise at most. Without a target: for comparison.
function targets(cells, memory, firstAnswerMs) {
  const spends = cells.filter(({ operation }) => operation === 'spend');
  const find = (contender, wallets, clients) =>
    spends.find((cell) => cell.contender === contender && cell.wallets === wallets && cell.clients === clients);
  const kind = (wallets) => (wallets === 1 ? 'hot' : 'spread');

  const against = (other, wallets, target) => ({
    what: `spends, ${kind(wallets)}, 96 clients, against ${other} at 96`,
    reached: find('farebox', wallets, 96).rate / find(other, wallets, 96).rate,
    target,
    least: true,
    unit: 'times',
  });
  const againstBestPgbench = (wallets) => {
    const best = spends
      .filter((cell) => cell.contender === 'pgbench' && cell.wallets === wallets)
      .reduce((first, second) => (second.rate > first.rate ? second : first));
    return {
      what: `spends, ${kind(wallets)}, 96 clients, against pgbench at its best (${best.clients})`,
      reached: find('farebox', wallets, 96).rate / best.rate,
      unit: 'times',
    };
  };
  const lone = (wallets) => ({
    what: `p50 of a lone client, ${kind(wallets)}, against pgbench`,
    reached: find('farebox', wallets, 1).p50_ms / find('pgbench', wallets, 1).p50_ms,
    target: 1.3,
    unit: 'times',
  });
  const [hot, spread] = walletCounts;
  return [
    against('pgbench', hot, 15),
    againstBestPgbench(hot),
    against('pgbench', spread, 2),
    againstBestPgbench(spread),
    against('Fastify', hot, 10),
    against('Fastify', spread, 2),
    lone(hot),
    lone(spread),
    {
      what: 'memory of all handlers idle after the load (PSS)',
      reached: memory.all_handlers_kib / 1024,
      target: 64,
      unit: 'MiB',
    },
    { what: 'first answer of a handler that was not running', reached: firstAnswerMs, target: 50, unit: 'ms' },
  ];
}

function errorsOf(cells) {
  return cells.filter(({ errors }) => errors > 0).map((cell) =>
    `${cell.contender} left ${cell.errors} requests without a good answer ` +
    `(${cell.operation}, ${cell.wallets} wallets, ${cell.clients} clients)`);
}

export function summarise({ options, facts, fastify, runs, memory, firstAnswerMs, complaints }) {
  const cells = medians(runs);
  return {
    ...facts,
    command: options.command,
    rounds: options.rounds,
    seconds: options.seconds,
    fastify,
    cells,
    targets: targets(cells, memory, firstAnswerMs),
    memory,
    spends_acknowledged: total(runs.filter(({ operation }) => operation === 'spend').map((run) => run.acknowledged)),
    complaints: [...errorsOf(cells), ...complaints],
    runs,
  };
}
