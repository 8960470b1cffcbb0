// The result for a person: aligned tables for a terminal, the same tables as Markdown for a page.

import { walletsInWords } from './cells.mjs';

const contenders = ['pgbench', 'Fastify', 'farebox'];

const whole = (value) => Math.round(value).toLocaleString('en-US');
const short = (value) => (value >= 100 ? whole(value) : value.toFixed(value >= 10 ? 1 : 2));
const times = (value) => `${short(value)}×`;
const mib = (kib) => `${short(kib / 1024)} MiB`;
const pairs = (members) => Object.entries(members).map(([name, value]) => `${name} ${value}`).join(', ');

// A table is a title, a head, and rows of text; the first `words` columns are words and stand left, numbers right.
function speed(result, operation, wallets) {
  const mine = result.cells.filter((cell) => cell.operation === operation && cell.wallets === wallets);
  const rows = [...new Set(mine.map(({ clients }) => clients))].map((clients) => {
    const of = (name) => mine.find((cell) => cell.clients === clients && cell.contender === name);
    const own = contenders.flatMap((name) => {
      const cell = of(name);
      return cell ? [whole(cell.rate), short(cell.p50_ms), short(cell.p99_ms)] : ['', '', ''];
    });
    const against = ['pgbench', 'Fastify'].map((name) =>
      of('farebox') ? times(of('farebox').rate / of(name).rate) : '');
    const errors = mine.filter((cell) => cell.clients === clients).reduce((sum, cell) => sum + cell.errors, 0);
    return [`${clients}`, ...own, ...against, `${errors}`];
  });
  const noun = operation === 'spend' ? 'Spends' : 'Balance reads';
  return {
    title: `${noun}, ${walletsInWords(wallets)}`,
    words: 0,
    head: [
      'clients',
      ...contenders.flatMap((name) => [`${name} /s`, 'p50 ms', 'p99 ms']),
      '÷ pgbench', '÷ Fastify', 'errors',
    ],
    rows,
  };
}

function targets(result) {
  const quantity = (value, unit) => (unit === 'times' ? times(value) : `${short(value)} ${unit}`);
  const rows = result.targets.map(({ what, reached, target, least, unit }) => [
    what,
    quantity(reached, unit),
    target === undefined ? '' : `${least ? '≥' : '≤'} ${unit === 'times' ? `${target}×` : `${target} ${unit}`}`,
    target === undefined ? '' : (least ? reached >= target : reached <= target) ? 'yes' : 'no',
  ]);
  return { title: 'Targets', words: 1, head: ['', 'reached', 'target', 'met'], rows };
}

function costs({ memory, cells }) {
  const connections = (name) => {
    const busiest = cells.filter((cell) => cell.contender === name && cell.clients === 96);
    return `${Math.max(...busiest.map((cell) => cell.connections))}`;
  };
  const named = memory.handlers.map(({ name, pss_kib }) => `${name} ${mib(pss_kib)}`).join(', ');
  return {
    title: 'Costs: memory idle after the load (PSS), connections to the database at 96 clients',
    words: 1,
    head: ['', 'memory', 'connections'],
    rows: [
      ['pgbench', '', connections('pgbench')],
      ['Fastify', mib(memory.fastify_kib), connections('Fastify')],
      [`farebox handlers (${named})`, mib(memory.all_handlers_kib), connections('farebox')],
      ['farebox activator', mib(memory.activator_kib), ''],
      ['nginx', mib(memory.nginx_kib), ''],
    ],
  };
}

function tables(result) {
  const wallets = [...new Set(result.cells.map((cell) => cell.wallets))];
  return [
    ...['spend', 'balance'].flatMap((operation) => wallets.map((count) => speed(result, operation, count))),
    targets(result),
    costs(result),
  ];
}

function about(result) {
  const { machine, rounds, seconds, fastify, complaints } = result;
  const length = `${rounds === 1 ? 'one round' : `medians of ${rounds} rounds`} of ${seconds} s after a warm-up`;
  return [
    ['date', result.date],
    ['machine', `${machine.cpu}, ${machine.cores} cores, ${machine.memory_gib} GiB, Linux ${machine.kernel}, ` +
      `${machine.file_system}, load ${machine.load.toFixed(1)} before; ` +
      'it carries the database, the servers and the clients'],
    ['versions', pairs(result.versions)],
    ['durability', Object.entries(result.durability).map((setting) => setting.join('=')).join(' ')],
    ['measured', `${length}, in turn on one database; every spend has an idempotency key of its own`],
    ['contenders', 'pgbench with prepared statements on the socket; ' +
      `Fastify (processes: ${fastify.processes}, the better of two ways) on its own port, no access log; ` +
      'farebox through nginx, as shipped'],
    ['command', result.command],
    ['books', `${whole(result.spends_acknowledged)} spends acknowledged; ` +
      (complaints.length === 0 ? 'each in the journal once; 0 violations' : complaints.join('; '))],
  ];
}

function alignedTable({ title, words, head, rows }) {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column].length)));
  const line = (row) => row
    .map((value, column) => (column < words ? value.padEnd(widths[column]) : value.padStart(widths[column])))
    .join('  ').trimEnd();
  return [title, ...[head, ...rows].map((row) => `  ${line(row)}`), ''].join('\n');
}

function markdownTable({ title, words, head, rows }) {
  const line = (row) => `| ${row.join(' | ')} |`;
  const rule = head.map((_, column) => (column < words ? '---' : '---:'));
  return [`**${title}**`, '', ...[head, rule, ...rows].map(line), ''].join('\n');
}

export function text(result) {
  const facts = about(result).map(([name, value]) => `${name.padEnd(12)}${value}`);
  return `${[...facts, '', ...tables(result).map(alignedTable)].join('\n')}`;
}

export function markdown(result) {
  const facts = about(result).map(([name, value]) => `- ${name}: ${value}`);
  return `${[...facts, '', ...tables(result).map(markdownTable)].join('\n')}`;
}
