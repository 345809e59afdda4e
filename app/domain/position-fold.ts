/** The whole ledger folded again from its first day: what positions, shares, lots, cash and fees must be. */
import type { Closure } from './lots.ts';
import { addMoney, roundToLedger, subtractMoney, ZERO_MONEY, type Money } from './numeric.ts';
import { bookEntry, bookFillOf, emptyBook, type BookedFill, type LedgerEntry, type SymbolBook } from './position-book.ts';
import { cashDelta } from './position.ts';

/** A line of the ledger. */
export type LedgerLine = { readonly line: 'fill'; readonly fill: BookedFill } | { readonly line: 'entry'; readonly entry: LedgerEntry };

/** What the ledger comes to. `cash` is the change since the opening; `fees` are those charged, dollars. `closures` with the number of the line that closed them. */
export type LedgerTotals = { readonly books: ReadonlyMap<string, SymbolBook>; readonly cash: Money; readonly fees: Money; readonly closures: readonly (Closure & { readonly seq: number })[] };

function lineOf(line: LedgerLine): { readonly seq: number; readonly symbol: string | null } {
  return line.line === 'fill' ? { seq: line.fill.seq, symbol: line.fill.symbol } : { seq: line.entry.seq, symbol: line.entry.symbol };
}

/** Folds the lines in the order of their numbers over the opening books. */
export function foldLedger(openings: Iterable<SymbolBook>, lines: readonly LedgerLine[]): LedgerTotals {
  const books = new Map([...openings].map((book) => [book.account.symbol, book]));
  const closures: (Closure & { seq: number })[] = [];
  let cash: Money = ZERO_MONEY;
  let fees: Money = ZERO_MONEY;
  for (const line of [...lines].sort((a, b) => lineOf(a).seq - lineOf(b).seq)) {
    const { seq, symbol } = lineOf(line);
    if (line.line === 'fill') {
      cash = addMoney(cash, cashDelta(line.fill));
      fees = addMoney(fees, line.fill.fee);
    } else {
      cash = addMoney(cash, roundToLedger(line.entry.cashChange));
      if (line.entry.kind === 'fee') fees = subtractMoney(fees, line.entry.cashChange);
    }
    if (symbol === null || (line.line === 'entry' && line.entry.qtyChange.isZero() && line.entry.shareQty.isZero())) continue;
    const before = books.get(symbol) ?? emptyBook(symbol);
    const { account, shares, lots, closures: closed } = line.line === 'fill' ? bookFillOf(before, line.fill) : bookEntry(before, line.entry);
    books.set(symbol, { account, shares, lots });
    for (const closure of closed) closures.push({ ...closure, seq });
  }
  return { books, cash, fees, closures };
}
