// The options of scripts/bench, whose --help explains them. Throws a sentence when one is wrong.

import { parseArgs } from 'node:util';

export function parseOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      journal: { type: 'string' },
      markdown: { type: 'boolean', default: false },
      bin: { type: 'string' }, // the stack's, which runs already; here only for the command as it was given
    },
  });
  // Each measurement follows a checkpoint, after which the first change of a page writes the whole page to the WAL. In a long
  // journal every wallet's entries end in a page of their own, so the first second pays for minutes: it must not be the half
  // of what is measured.
  const usual = values.quick ? 1 : values.journal === undefined ? 2 : 15;
  const seconds = Number(values.seconds ?? usual);
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > 600) {
    throw new Error('--seconds must be a whole number from 1 to 600');
  }
  const journal = values.journal && Number(values.journal);
  if (values.journal !== undefined && !(Number.isInteger(journal) && journal >= 1 && journal <= 100)) {
    throw new Error('--journal must be a whole number of millions from 1 to 100');
  }
  return { ...values, journal, seconds, rounds: values.quick ? 1 : 3, command: ['scripts/bench', ...argv].join(' ') };
}
