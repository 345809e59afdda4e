/** The market as risk decides on it: prices as they stood before an instant, and the equity with which the exchange day began. */
import { addMoney, money, notional, price, quantity, subtractMoney, subtractQuantity, toText, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import type { RiskMarket } from '#app/risk/book.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { LoadedBook } from './load-book.ts';

const WIDTH = `CASE i.timeframe WHEN '1Min' THEN interval '1 minute' WHEN '5Min' THEN interval '5 minutes' WHEN '15Min' THEN interval '15 minutes' WHEN '1Hour' THEN interval '1 hour' ELSE interval '1 day' END`;

/**
 * The close of each symbol's newest bar that was complete before $2, on its finest timeframe. Bars of the instant itself are left out on purpose:
 * while a step of bars is being stored, how many of them are there already is a matter of luck, and a decision must not depend on luck.
 */
const PRICES = `
  SELECT s.symbol, p.close::text AS close
  FROM unnest($1::text[]) AS s(symbol)
  CROSS JOIN LATERAL (SELECT i.timeframe, i.last_open_time, i.last_close, ${WIDTH} AS width FROM data_ingestion.ingestion_status i WHERE i.symbol = s.symbol ORDER BY 4 LIMIT 1) i
  CROSS JOIN LATERAL (SELECT CASE WHEN i.last_open_time < $2::timestamptz - i.width THEN i.last_close ELSE (
    SELECT m.close FROM data_ingestion.market_data m WHERE m.symbol = s.symbol AND m.timeframe = i.timeframe AND m.open_time < $2::timestamptz - i.width ORDER BY m.open_time DESC LIMIT 1) END AS close) p
  WHERE p.close IS NOT NULL`;

/** Closes by symbol as they stood before an instant; symbols without one are absent. */
export async function pricesBefore(db: Queryable, symbols: readonly string[], before: EpochMs): Promise<Map<string, Price>> {
  if (symbols.length === 0) return new Map();
  const rows = await db.query<{ symbol: string; close: string }>(PRICES, [symbols, at(before)]);
  return new Map(rows.map((row) => [row.symbol, price(row.close)]));
}

/** The market's own time: the close of the newest bar in the book; null before the first. */
export async function marketNow(db: Queryable): Promise<EpochMs | null> {
  const [row] = await db.query<{ now: number | null }>(`SELECT max(i.last_open_time + ${WIDTH}) AS now FROM data_ingestion.ingestion_status i`);
  return typeof row?.now === 'number' ? epochMs(row.now) : null;
}

type DayTrades = { symbol: string; qty: string; cash: string; average: string };

/** What the fills since an instant did: signed shares, cash, and their average price. */
const TRADES_SINCE = `
  SELECT symbol, sum(CASE side WHEN 'buy' THEN qty ELSE -qty END)::text AS qty, sum(CASE side WHEN 'buy' THEN -qty * price ELSE qty * price END - fee)::numeric(24,9)::text AS cash,
    (sum(qty * price) / sum(qty))::numeric(24,9)::text AS average
  FROM execution.trades WHERE ts_event >= $1 GROUP BY symbol`;

/**
 * Equity at the first instant of an exchange day (midnight in New York): today's fills undone, everything at the closes before the day.
 * A pure function of the book, so it is the same whenever it is asked first.
 */
export async function equityAtDayOpen(db: Queryable, loaded: LoadedBook, day: string): Promise<Money> {
  const midnight = fromNewYork(day, 0);
  const trades = await db.query<DayTrades>(TRADES_SINCE, [at(midnight)]);
  const held = new Map<string, Quantity>(loaded.book.positions);
  const lastResort = new Map<string, Price>(trades.map((row) => [row.symbol, price(row.average)]));
  for (const [symbol, average] of loaded.averages) if (!lastResort.has(symbol)) lastResort.set(symbol, average);
  let equity = loaded.book.cash;
  for (const row of trades) {
    equity = subtractMoney(equity, money(row.cash));
    held.set(row.symbol, subtractQuantity(held.get(row.symbol) ?? quantity('0'), quantity(row.qty)));
  }
  const symbols = [...held].filter(([, qty]) => !qty.isZero()).map(([symbol]) => symbol);
  const prices = await pricesBefore(db, symbols, epochMs(midnight + 1));
  for (const symbol of symbols) {
    const known = prices.get(symbol) ?? lastResort.get(symbol);
    const qty = held.get(symbol);
    if (known !== undefined && qty !== undefined) equity = addMoney(equity, notional(qty, known));
  }
  return equity;
}

/** The market before an instant, with the day it belongs to. `isDayStored` false: the day's opening equity was computed and is not in the book yet. */
export type LoadedMarket = RiskMarket & { readonly day: string; readonly isDayStored: boolean };

const DAY = `SELECT (SELECT equity::text FROM risk_management.day_open_equity WHERE day = $1::date) AS equity, EXISTS (SELECT FROM risk_management.risk_events WHERE risk_event_id = $2) AS tripped`;

/** Id of the fact that a day's loss limit was hit; new limits make a new fact, so that a person may raise the limit on purpose. */
export function dailyLossEventId(day: string, limitsVersion: number): string {
  return `daily_loss:${day}:v${limitsVersion}`;
}

/** Prices before `before` for everything held and for `symbols`; the day is that of `tsMarket`. A held symbol without a close counts at its average cost. */
export async function loadMarket(db: Queryable, loaded: LoadedBook, wanted: { readonly tsMarket: EpochMs; readonly before: EpochMs; readonly symbols: readonly string[] }): Promise<LoadedMarket> {
  const day = exchangeDay(wanted.tsMarket);
  const symbols = [...new Set([...loaded.book.positions.keys(), ...wanted.symbols])];
  const prices = new Map<string, Price>(loaded.averages);
  for (const [symbol, close] of await pricesBefore(db, symbols, wanted.before)) prices.set(symbol, close);
  const [row] = await db.query<{ equity: string | null; tripped: boolean }>(DAY, [day, dailyLossEventId(day, loaded.limitsVersion)]);
  const stored = row?.equity ?? null;
  const dayOpenEquity = stored === null ? await equityAtDayOpen(db, loaded, day) : money(stored);
  return { prices, dayOpenEquity, isDailyLossTripped: row?.tripped === true, day, isDayStored: stored !== null };
}

/** Keeps the day's opening equity, once. */
export async function storeDayOpen(db: Queryable, market: LoadedMarket): Promise<void> {
  if (market.isDayStored) return;
  await db.query('INSERT INTO risk_management.day_open_equity (day, equity) VALUES ($1, $2) ON CONFLICT DO NOTHING', [market.day, toText(market.dayOpenEquity)]);
}
