// What is measured: every operation on one hot wallet and on many, by few clients and many.

export const walletCounts = [1, 10000]; // the hot one, the spread ones
const operations = ['spend', 'balance'];
const clientCounts = [1, 32, 96];
const clientCountsOfPgbench = [4, 8, 16]; // more, to find where its spends are best

const clientCountsOf = (operation, quick) => (operation === 'balance' && quick ? [1, 96] : clientCounts);

export function cellsOf({ quick }) {
  return operations.flatMap((operation) =>
    walletCounts.flatMap((wallets) => {
      const more = operation === 'spend' ? clientCountsOfPgbench : [];
      return [...clientCountsOf(operation, quick), ...more]
        .sort((a, b) => a - b)
        .map((clients) => ({ operation, wallets, clients, pgbenchAlone: more.includes(clients) }));
    }));
}

export const walletsInWords = (wallets) =>
  wallets === 1 ? 'one hot wallet' : `${wallets.toLocaleString('en-US')} wallets`;
