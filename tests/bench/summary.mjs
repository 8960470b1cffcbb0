// From runs to what they say: medians over the rounds, ratios, and what there is to complain about.

import { walletCounts } from './cells.mjs';

const median = (values) => {
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

// What DESIGN asks for. `least`: at least so many times; otherwise at most.
function targets(cells, memory, firstAnswerMs) {
  const [hot, spread] = walletCounts;
  const find = (contender, wallets, clients) =>
    cells.find((cell) => cell.operation === 'spend' && cell.contender === contender &&
      cell.wallets === wallets && cell.clients === clients);
  const rates = (other, wallets) => find('farebox', wallets, 96).rate / find(other, wallets, 96).rate;
  const best = (wallets) => {
    const tried = cells.filter((cell) =>
      cell.operation === 'spend' && cell.contender === 'pgbench' && cell.wallets === wallets);
    return tried.reduce((first, second) => (second.rate > first.rate ? second : first));
  };
  const againstBest = (wallets) => ({
    what: `spends, ${wallets === 1 ? 'hot' : 'spread'}, 96 clients, against pgbench at its best (${best(wallets).clients})`,
    reached: find('farebox', wallets, 96).rate / best(wallets).rate,
    unit: 'times',
  });
  const lone = (wallets) => find('farebox', wallets, 1).p50_ms / find('pgbench', wallets, 1).p50_ms;
  return [
    { what: 'spends, hot, 96 clients, against pgbench at 96', reached: rates('pgbench', hot), target: 15, least: true, unit: 'times' },
    againstBest(hot),
    { what: 'spends, spread, 96 clients, against pgbench at 96', reached: rates('pgbench', spread), target: 2, least: true, unit: 'times' },
    againstBest(spread),
    { what: 'spends, hot, 96 clients, against Fastify at 96', reached: rates('Fastify', hot), target: 10, least: true, unit: 'times' },
    { what: 'spends, spread, 96 clients, against Fastify at 96', reached: rates('Fastify', spread), target: 2, least: true, unit: 'times' },
    { what: 'p50 of a lone client, hot, against pgbench', reached: lone(hot), target: 1.3, unit: 'times' },
    { what: 'p50 of a lone client, spread, against pgbench', reached: lone(spread), target: 1.3, unit: 'times' },
    { what: 'memory of all handlers idle after the load (PSS)', reached: memory.all_handlers_kib / 1024, target: 64, unit: 'MiB' },
    { what: 'first answer of a handler that was not running', reached: firstAnswerMs, target: 50, unit: 'ms' },
  ];
}

function errorsOf(cells) {
  return cells.filter(({ errors }) => errors > 0).map((cell) =>
    `${cell.contender} left ${cell.errors} requests without a good answer ` +
    `(${cell.operation}, ${cell.wallets} wallets, ${cell.clients} clients)`);
}

export function summarise({ options, facts, runs, memory, firstAnswerMs, complaints }) {
  const cells = medians(runs);
  return {
    ...facts,
    command: options.command,
    rounds: options.rounds,
    seconds: options.seconds,
    cells,
    targets: targets(cells, memory, firstAnswerMs),
    memory,
    spends_acknowledged: total(runs.filter(({ operation }) => operation === 'spend').map((run) => run.acknowledged)),
    complaints: [...errorsOf(cells), ...complaints],
    runs,
  };
}
