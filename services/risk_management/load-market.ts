/** The market as risk decides on it: prices as they stood before an instant, and the equity with which the exchange day began. */
import { addMoney, money, notional, price, quantity, subtractMoney, subtractQuantity, toText, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { invariant } from '#app/domain/errors.ts';
import { DAY_MS, epochMs, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { equityOf, type RiskMarket } from '#app/risk/book.ts';
import { at, type Queryable } from '#chassis/db.ts';
import type { LoadedBook } from './load-book.ts';
import { BAR_WIDTH, MARKET_NOW } from './market-clock.ts';


/**
 * The close of each symbol's newest bar that was complete before $2, on its finest timeframe. Bars of the instant itself are left out on purpose:
 * while a step of bars is being stored, how many of them are there already is a matter of luck, and a decision must not depend on luck.
 */
const PRICES = `
  SELECT s.symbol, p.close::text AS close, (extract(epoch FROM p.opened + i.width) * 1000)::bigint AS "asOf"
  FROM unnest($1::text[]) AS s(symbol)
  CROSS JOIN LATERAL (SELECT i.timeframe, i.last_open_time, i.last_close, ${BAR_WIDTH} AS width FROM data_ingestion.ingestion_status i WHERE i.symbol = s.symbol ORDER BY 4 LIMIT 1) i
  CROSS JOIN LATERAL (
    SELECT i.last_close AS close, i.last_open_time AS opened WHERE i.last_open_time < $2::timestamptz - i.width
    UNION ALL (SELECT m.close, m.open_time FROM data_ingestion.market_data m
      WHERE i.last_open_time >= $2::timestamptz - i.width AND m.symbol = s.symbol AND m.timeframe = i.timeframe AND m.open_time < $2::timestamptz - i.width ORDER BY m.open_time DESC LIMIT 1)) p
  WHERE p.close IS NOT NULL`;

/** A close and when its bar ended, by the market's clock. */
type Close = { readonly price: Price; readonly asOf: EpochMs };

/** Closes by symbol as they stood before an instant; symbols without one are absent. */
async function pricesBefore(db: Queryable, symbols: readonly string[], before: EpochMs): Promise<Map<string, Close>> {
  if (symbols.length === 0) return new Map();
  const rows = await db.query<{ symbol: string; close: string; asOf: number }>(PRICES, [symbols, at(before)]);
  return new Map(rows.map((row) => [row.symbol, { price: price(row.close), asOf: epochMs(row.asOf) }]));
}

type DayTrades = { symbol: string; qty: string; cash: string; average: string };

/** What the fills since an instant did: signed shares, cash, and their average price. */
const TRADES_SINCE = `
  SELECT symbol, sum(CASE side WHEN 'buy' THEN qty ELSE -qty END)::text AS qty, sum(CASE side WHEN 'buy' THEN -qty * price ELSE qty * price END - fee)::numeric(24,9)::text AS cash,
    (sum(qty * price) / sum(qty))::numeric(24,9)::text AS average
  FROM execution.trades WHERE ts_event >= $1 GROUP BY symbol`;

/** What the ledger's other entries since an instant did to cash and shares: dividends, fees, splits, transfers. */
const ENTRIES_SINCE = `SELECT symbol, sum(qty_change)::text AS qty, sum(cash_change)::text AS cash FROM execution.ledger_entries WHERE ts_event >= $1 GROUP BY symbol`;

/**
 * Equity at the first instant of an exchange day (midnight in New York): today's fills and other entries undone, everything at the closes before the day.
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
  for (const row of await db.query<{ symbol: string | null; qty: string; cash: string }>(ENTRIES_SINCE, [at(midnight)])) {
    equity = subtractMoney(equity, money(row.cash));
    if (row.symbol !== null) held.set(row.symbol, subtractQuantity(held.get(row.symbol) ?? quantity('0'), quantity(row.qty)));
  }
  const symbols = [...held].filter(([, qty]) => !qty.isZero()).map(([symbol]) => symbol);
  const prices = await pricesBefore(db, symbols, epochMs(midnight + 1));
  for (const symbol of symbols) {
    const known = prices.get(symbol)?.price ?? lastResort.get(symbol);
    const qty = held.get(symbol);
    if (known !== undefined && qty !== undefined) equity = addMoney(equity, notional(qty, known));
  }
  return equity;
}

/** The market before an instant, with the day it belongs to. `isDayStored` false: the day's opening equity was computed and is not in the book yet. */
export type LoadedMarket = RiskMarket & { readonly day: string; readonly isDayStored: boolean; readonly storedDayOpen: Money };

const DAY = `
  SELECT (SELECT equity::text FROM risk_management.day_open_equity WHERE day = $1::date) AS equity, EXISTS (SELECT FROM risk_management.risk_events WHERE risk_event_id = $2) AS tripped,
    (SELECT count(*) FROM risk_management.risk_decisions WHERE outcome = 'approved' AND NOT is_reducing AND ts_market >= $3 AND ts_market < $4) AS entries,
    (SELECT coalesce(json_agg(json_build_array(strategy_id, n)), '[]') FROM (SELECT strategy_id, count(*) AS n FROM risk_management.risk_decisions WHERE outcome = 'approved' AND NOT is_reducing AND strategy_id IS NOT NULL AND ts_market >= $3 AND ts_market < $4 GROUP BY strategy_id) e) AS "byStrategy",
    (SELECT coalesce(sum(cash_change), 0)::text FROM execution.ledger_entries WHERE kind IN ('transfer', 'journal') AND ts_event >= $3 AND ts_event < $4) AS transferred, (${MARKET_NOW}) AS now`;
type DayRow = { readonly equity: string | null; readonly tripped: boolean; readonly entries: number; readonly byStrategy: readonly (readonly [strategyId: string, entries: number])[]; readonly transferred: string; readonly now: number | null };

/** Id of the fact that a day's loss limit was hit; new limits make a new fact, so that a person may raise the limit on purpose. */
export function dailyLossEventId(day: string, limitsVersion: number): string {
  return `daily_loss:${day}:v${limitsVersion}`;
}

/** Prices before `before` for everything held and for `symbols`; the day is that of `tsMarket`. A held symbol without a close counts at its average cost. */
export async function loadMarket(db: Queryable, loaded: LoadedBook, wanted: { readonly tsMarket: EpochMs; readonly before: EpochMs; readonly symbols: readonly string[] }): Promise<LoadedMarket> {
  const day = exchangeDay(wanted.tsMarket);
  const midnight = fromNewYork(day, 0);
  // Shares that cancel each other out are no position of the account, yet each counts for its strategy.
  const shared = [...loaded.book.shares.keys()].map((key) => key.slice(key.indexOf('|') + 1));
  const symbols = [...new Set([...loaded.book.positions.keys(), ...shared, ...wanted.symbols])];
  const prices = new Map<string, Price>(loaded.averages);
  const priceTimes = new Map<string, EpochMs>();
  for (const [symbol, close] of await pricesBefore(db, symbols, wanted.before)) {
    prices.set(symbol, close.price);
    priceTimes.set(symbol, close.asOf);
  }
  const [row] = await db.query<DayRow>(DAY, [day, dailyLossEventId(day, loaded.limitsVersion), at(midnight), at(midnight + DAY_MS)]);
  invariant(row, 'The day of the market can be read');
  const stored = row.equity === null ? await equityAtDayOpen(db, loaded, day) : money(row.equity);
  const market: RiskMarket = {
    prices, priceTimes, now: epochMs(Math.max(wanted.tsMarket, loaded.wallNow ?? row.now ?? 0)), entriesToday: row.entries, entriesByStrategy: new Map(row.byStrategy), peakEquity: null,
    // Money that was paid in or out today is neither profit nor loss.
    dayOpenEquity: addMoney(stored, money(row.transferred)), isDailyLossTripped: row.tripped,
  };
  return { ...market, peakEquity: peakWith(loaded, market), storedDayOpen: stored, day, isDayStored: row.equity !== null };
}

/** The highest equity, this moment counted in; null where no account is known. */
function peakWith({ book, peak }: LoadedBook, market: RiskMarket): Money | null {
  if (peak === null) return null;
  const equity = equityOf(book, market);
  return peak.equity === null || equity.gt(peak.equity) ? equity : peak.equity;
}

/** Keeps the day's opening equity, once. */
export async function storeDayOpen(db: Queryable, market: LoadedMarket): Promise<void> {
  if (market.isDayStored) return;
  await db.query('INSERT INTO risk_management.day_open_equity (day, equity) VALUES ($1, $2) ON CONFLICT DO NOTHING', [market.day, toText(market.storedDayOpen)]);
}
