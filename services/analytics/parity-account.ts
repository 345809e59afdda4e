/** The account at the beginning of a day, folded from the ledger, and what of it moved on the day beside one strategy. */
import { addMoney, addQuantity, money, ZERO_MONEY, ZERO_QUANTITY, type Money, type Quantity } from '#app/domain/numeric.ts';
import { bookEntry, bookFillOf, emptyBook, type SymbolBook } from '#app/domain/position-book.ts';
import { cashDelta, signedQuantity, type Position } from '#app/domain/position.ts';
import type { LedgerLine } from '#app/domain/position-fold.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { OthersNow } from '#app/backtest/exact-floor.ts';
import type { Queryable } from '#chassis/db.ts';
import { readHeardLines } from './ledger-lines.ts';
import { readOpenings } from './openings.ts';
import type { Day } from './parity-plan.ts';

const PAGE = 5_000;
const MAX_PAGES = 2_000;

/** The account as a day began: cash, books by symbol, and the lines of the ledger on the day in their order. */
export type DayAccount = { readonly cash: Money; readonly books: ReadonlyMap<string, SymbolBook>; readonly lines: readonly LedgerLine[] };

const instantOf = (line: LedgerLine): number => (line.line === 'fill' ? line.fill.at : line.entry.at);
const symbolOf = (line: LedgerLine): string | null => (line.line === 'fill' ? line.fill.symbol : line.entry.symbol);
const cashOf = (line: LedgerLine): Money => (line.line === 'fill' ? cashDelta(line.fill) : line.entry.cashChange);

/** Folds the ledger up to the day. Of a book the shares count here: lots are the ledger's. */
export async function accountOf(db: Queryable, day: Day): Promise<DayAccount> {
  const [opened] = await db.query<{ cash: string }>('SELECT opening_cash::text AS cash FROM execution.account_ledger');
  const books = new Map((await readOpenings(db)).map(({ position }): [string, SymbolBook] => [position.symbol, { account: position, shares: new Map([['', position]]), lots: [] }]));
  const lines: LedgerLine[] = [];
  let cash = money(opened?.cash ?? '0');
  for (let page = 0, after = 0; page < MAX_PAGES; page += 1) {
    const found = await readHeardLines(db, after, PAGE);
    for (const line of found) {
      after = line.line === 'fill' ? line.fill.seq : line.entry.seq;
      if (instantOf(line) >= day.begin) {
        if (instantOf(line) < day.end) lines.push(line);
        continue;
      }
      cash = addMoney(cash, cashOf(line));
      const symbol = symbolOf(line);
      if (symbol === null) continue;
      const before = books.get(symbol) ?? emptyBook(symbol);
      const { account, shares } = line.line === 'fill' ? bookFillOf(before, line.fill) : bookEntry(before, line.entry);
      books.set(symbol, { account, shares, lots: [] });
    }
    if (found.length < PAGE) break;
  }
  return { cash, books, lines };
}

/** What a strategy held as the day began. */
export function heldBy({ books }: DayAccount, strategyId: string): Position[] {
  return [...books.values()].flatMap(({ shares }) => {
    const share = shares.get(strategyId);
    return share === undefined || share.qty.isZero() ? [] : [share];
  });
}

/** Symbols that anybody held or traded on the day. */
export function symbolsTouched({ books, lines }: DayAccount): string[] {
  const held = [...books].filter(([, { shares }]) => [...shares.values()].some(({ qty }) => !qty.isZero())).map(([symbol]) => symbol);
  return [...new Set([...held, ...lines.flatMap((line) => symbolOf(line) ?? [])])];
}

/** The rest of the account as the day goes on: what others hold, and the cash that they moved. Asked in the order of time; what belongs to no fill (fees, dividends) is the rest's. */
export function othersThan({ books, lines }: DayAccount, strategyId: string): (now: EpochMs) => OthersNow {
  const held = new Map<string, Quantity>();
  for (const [symbol, { shares }] of books) {
    for (const [owner, { qty }] of shares) if (owner !== strategyId && !qty.isZero()) held.set(symbol, addQuantity(held.get(symbol) ?? ZERO_QUANTITY, qty));
  }
  const foreign = lines.filter((line) => line.line === 'entry' || line.fill.strategyId !== strategyId);
  let [next, cash]: [number, Money] = [0, ZERO_MONEY];
  let known: OthersNow | null = null;
  return (now) => {
    for (let line = foreign[next]; line !== undefined && instantOf(line) <= now; line = foreign[next]) {
      next += 1;
      known = null;
      cash = addMoney(cash, cashOf(line));
      if (line.line === 'fill') held.set(line.fill.symbol, addQuantity(held.get(line.fill.symbol) ?? ZERO_QUANTITY, signedQuantity(line.fill.side, line.fill.qty)));
      else if (line.entry.symbol !== null) held.set(line.entry.symbol, addQuantity(held.get(line.entry.symbol) ?? ZERO_QUANTITY, line.entry.qtyChange));
    }
    known ??= { cash, positions: [...held].filter(([, qty]) => !qty.isZero()).map(([symbol, qty]) => ({ symbol, qty })) };
    return known;
  };
}
