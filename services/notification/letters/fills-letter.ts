/** The letter about a batch of fills: every one of them, and what they come to. */
import type { Mode } from '#app/contracts/config.ts';
import { counted, dollars, priceText, second, shares, subjectOf } from './figures.ts';
import type { Letter } from './letter.ts';

/** A fill as the ledger has it; decimal text, dollars and shares; `at` is the broker's time (EpochMs). */
export type FillRow = { readonly fillId: string; readonly at: number; readonly symbol: string; readonly side: 'buy' | 'sell'; readonly qty: string; readonly price: string; readonly value: string; readonly fee: string; readonly strategyId: string | null };
/** The sums of a batch; decimal text in dollars. */
export type FillSums = { readonly bought: string; readonly sold: string; readonly fees: string };

const ROWS_MAX = 60;
const SYMBOLS_MAX = 4;

function verb(side: FillRow['side']): string {
  return side === 'buy' ? 'Bought' : 'Sold';
}

/** One sentence about a fill. */
function sentence({ side, qty, symbol, price, strategyId }: FillRow): string {
  return `${verb(side)} ${shares(qty)} ${symbol} at ${priceText(price)}${strategyId === null || strategyId === '' ? ', ordered by hand' : ` for the strategy ${strategyId}`}.`;
}

function titleOf(fills: readonly FillRow[]): string {
  const [first] = fills;
  if (fills.length === 1 && first) return `${verb(first.side)} ${shares(first.qty)} ${first.symbol} at ${priceText(first.price)}`;
  const symbols = [...new Set(fills.map((fill) => fill.symbol))];
  const rest = symbols.length - SYMBOLS_MAX;
  return `${counted(fills.length, 'fill')} in ${symbols.slice(0, SYMBOLS_MAX).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** The letter. `fills` oldest first, at least one. */
export function fillsLetter(fills: readonly FillRow[], sums: FillSums, mode: Mode, at: number): Letter {
  const newest = Math.max(...fills.map((fill) => fill.at));
  const source = 'Ledger, as the broker reported it';
  const columns = [{ label: 'Fill', isNumber: false }, { label: 'Price', isNumber: true }, { label: 'Value', isNumber: true }];
  const rows = fills.slice(0, ROWS_MAX).map((fill) => [
    { text: `${verb(fill.side)} ${shares(fill.qty)} ${fill.symbol}`, tone: null, note: `${second(fill.at)}, ${fill.strategyId === null || fill.strategyId === '' ? 'by hand' : fill.strategyId}` },
    { text: priceText(fill.price), tone: null, note: '' }, { text: dollars(fill.value), tone: null, note: '' },
  ]);
  const figures = [['Bought', sums.bought], ['Sold', sums.sold], ['Fees', sums.fees]].map(([label = '', value = '0']) => ({ label, value: dollars(value), tone: null, note: '' }));
  const [first] = fills;
  return {
    subject: subjectOf(mode, titleOf(fills)), title: titleOf(fills), severity: 'info', mode, at,
    intro: fills.length === 1 && first ? [sentence(first)] : [`${counted(fills.length, 'fill')} were reported together.`],
    sections: [{ kind: 'table', title: 'Fills', source, asOf: newest, columns, rows, more: Math.max(0, fills.length - ROWS_MAX) }, { kind: 'figures', title: 'Together', source, asOf: newest, figures }],
    footer: 'Each fill is told once. The portfolio page shows the order behind each, and why it was sent.',
  };
}
