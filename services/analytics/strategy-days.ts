/** Profit by strategy and exchange day, after fees. The running positions live in memory and are rebuilt from the ledger at each start. */
import { addMoney, money, price, subtractMoney, toText, ZERO_MONEY, type Money } from '#app/domain/numeric.ts';
import { bookEntry, bookFillOf, emptyBook, type SymbolBook } from '#app/domain/position-book.ts';
import type { LedgerLine } from '#app/domain/position-fold.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { readHeardLines } from './ledger-lines.ts';
import { readOpenings } from './openings.ts';

/** The keeper of strategy_performance. */
export type StrategyDays = {
  /** Rebuilds the positions as they were when the lane stopped: the ledger without the lines that are not heard yet. */
  rebuild(db: Db): Promise<void>;
  /** Adds fills and entries to their days, in the order of the ledger; memory follows after the commit. */
  add(tx: Tx, lines: readonly LedgerLine[]): Promise<void>;
  /** Values what is open now into the given day's rows. Dollars. */
  revalue(tx: Tx, day: string): Promise<number>;
};

const PAGE = 5_000;

const ADD = `
  INSERT INTO analytics.strategy_performance AS s (strategy_id, day, realized_pnl, open_pnl, fills)
  SELECT d.strategy_id, d.day, d.realized_pnl, d.open_pnl, d.fills FROM unnest($1::text[], $2::date[], $3::numeric[], $4::numeric[], $5::integer[]) AS d(strategy_id, day, realized_pnl, open_pnl, fills)
  ON CONFLICT (strategy_id, day) DO UPDATE SET realized_pnl = s.realized_pnl + excluded.realized_pnl, open_pnl = excluded.open_pnl, fills = s.fills + excluded.fills, calculated_at = clock_timestamp()`;

type Day = { readonly strategyId: string; readonly day: string; realized: Money; fills: number };

/** Everything that is held, by symbol. Of a book only the shares count here: lots are the ledger's. */
type Books = Map<string, SymbolBook>;

function withoutLots({ account, shares }: SymbolBook): SymbolBook {
  return { account, shares, lots: [] };
}

/** Fees, dividends and interest are a strategy's profit or loss; transfers and what a person corrected are nobody's. */
const COUNTS: ReadonlySet<string> = new Set(['fee', 'dividend', 'interest', 'other']);

/** Takes a line; gives what each strategy realized by it, dollars after fees. */
function apply(books: Books, line: LedgerLine): Map<string, Money> {
  const gains = new Map<string, Money>();
  const gain = (strategyId: string, amount: Money): void => {
    if (!amount.isZero()) gains.set(strategyId, addMoney(gains.get(strategyId) ?? ZERO_MONEY, amount));
  };
  const symbol = line.line === 'fill' ? line.fill.symbol : line.entry.symbol;
  if (symbol !== null) {
    const before = books.get(symbol) ?? emptyBook(symbol);
    const after = line.line === 'fill' ? bookFillOf(before, line.fill) : bookEntry(before, line.entry);
    books.set(symbol, withoutLots(after));
    for (const [strategyId, share] of after.shares) gain(strategyId, subtractMoney(share.realizedPnl, before.shares.get(strategyId)?.realizedPnl ?? ZERO_MONEY));
  }
  if (line.line === 'fill') gain(line.fill.strategyId, subtractMoney(ZERO_MONEY, line.fill.fee));
  else if (COUNTS.has(line.entry.kind)) gain(line.entry.strategyId, line.entry.cashChange);
  return gains;
}

async function readOpeningBooks(db: Db | Tx): Promise<Books> {
  return new Map((await readOpenings(db)).map(({ position }): [string, SymbolBook] => [position.symbol, { account: position, shares: new Map([['', position]]), lots: [] }]));
}

/** The account is opened after the first start of this service, so openings are looked up when a symbol is met for the first time. */
async function withOpenings(tx: Tx, books: Books, lines: readonly LedgerLine[]): Promise<Books> {
  const next = new Map(books);
  const isKnown = (line: LedgerLine): boolean => {
    const symbol = line.line === 'fill' ? line.fill.symbol : line.entry.symbol;
    return symbol === null || next.has(symbol);
  };
  if (lines.every(isKnown)) return next;
  for (const [symbol, book] of await readOpeningBooks(tx)) if (!next.has(symbol)) next.set(symbol, book);
  return next;
}

async function lastCloses(tx: Tx, symbols: readonly string[]): Promise<Map<string, string>> {
  if (symbols.length === 0) return new Map();
  const rows = await tx.query<{ symbol: string; close: string }>(
    'SELECT DISTINCT ON (symbol) symbol, last_close::text AS close FROM data_ingestion.ingestion_status WHERE symbol = ANY($1) ORDER BY symbol, last_open_time DESC', [symbols],
  );
  return new Map(rows.map((row) => [row.symbol, row.close]));
}

/** Open profit of each strategy at the last closes, dollars. A symbol without a close counts nothing. */
async function openProfits(tx: Tx, books: Books): Promise<Map<string, Money>> {
  const open = [...books.values()].flatMap((book) => [...book.shares]).filter(([, position]) => !position.qty.isZero() && position.avgPrice !== null);
  const closes = await lastCloses(tx, [...new Set(open.map(([, position]) => position.symbol))]);
  const profits = new Map<string, Money>();
  for (const [strategyId, position] of open) {
    const close = closes.get(position.symbol);
    if (close === undefined || position.avgPrice === null) continue;
    const profit = money(price(close).minus(position.avgPrice).times(position.qty).toFixed(9));
    profits.set(strategyId, addMoney(profits.get(strategyId) ?? ZERO_MONEY, profit));
  }
  return profits;
}

async function write(tx: Tx, days: readonly Day[], open: ReadonlyMap<string, Money>): Promise<void> {
  if (days.length === 0) return;
  await tx.query(ADD, [
    days.map((d) => d.strategyId), days.map((d) => d.day), days.map((d) => toText(d.realized)), days.map((d) => toText(open.get(d.strategyId) ?? ZERO_MONEY)), days.map((d) => d.fills),
  ]);
}

/** The days of these lines, with what was realized and how many fills there were. */
function daysOf(books: Books, lines: readonly LedgerLine[]): Day[] {
  const days = new Map<string, Day>();
  for (const line of lines) {
    const day = exchangeDay(line.line === 'fill' ? line.fill.at : line.entry.at);
    const entryOf = (strategyId: string): Day => {
      const entry = days.get(`${strategyId}|${day}`) ?? { strategyId, day, realized: ZERO_MONEY, fills: 0 };
      days.set(`${strategyId}|${day}`, entry);
      return entry;
    };
    if (line.line === 'fill') entryOf(line.fill.strategyId).fills += 1;
    for (const [strategyId, gained] of apply(books, line)) {
      const entry = entryOf(strategyId);
      entry.realized = addMoney(entry.realized, gained);
    }
  }
  return [...days.values()];
}

/** Creates the keeper; call rebuild before the lane runs. */
export function createStrategyDays(): StrategyDays {
  let books: Books = new Map();
  return {
    async rebuild(db) {
      const rebuilt = await readOpeningBooks(db);
      for (let after = 0; ; ) {
        const lines = await readHeardLines(db, after, PAGE);
        for (const line of lines) apply(rebuilt, line);
        const last = lines.at(-1);
        after = last === undefined ? after : last.line === 'fill' ? last.fill.seq : last.entry.seq;
        if (lines.length < PAGE) break;
      }
      books = rebuilt;
    },
    async add(tx, lines) {
      const next = await withOpenings(tx, books, lines);
      const days = daysOf(next, lines);
      await write(tx, days, await openProfits(tx, next));
      tx.afterCommit(() => {
        books = next;
      });
    },
    async revalue(tx, day) {
      const open = await openProfits(tx, books);
      const entries = [...open.keys()].map((strategyId): Day => ({ strategyId, day, realized: ZERO_MONEY, fills: 0 }));
      await write(tx, entries, open);
      return entries.length;
    },
  };
}
