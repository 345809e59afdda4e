/** Performance of the account over the whole curve: reads it in pages, gives named figures. Nothing here writes. */
import { cagr } from '#app/analytics/cagr.ts';
import { addToDrawdown, NO_DRAWDOWN, type DrawdownState } from '#app/analytics/max-drawdown.ts';
import { profitFactor } from '#app/analytics/profit-factor.ts';
import { simpleReturns } from '#app/analytics/returns.ts';
import { profitsOf, roundTrips, type OwnedFill, type RoundTrip } from '#app/analytics/round-trips.ts';
import { sharpe } from '#app/analytics/sharpe.ts';
import { sortino } from '#app/analytics/sortino.ts';
import { totalReturn } from '#app/analytics/total-return.ts';
import { volatility } from '#app/analytics/volatility.ts';
import { winRate } from '#app/analytics/win-rate.ts';
import { money, price, quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { readOpenings } from './openings.ts';

/** One figure; `value` null when there is not enough data for it. */
export type Metric = { readonly name: string; readonly value: number | null; readonly unit: string };

/** The figures and the market time they cover. */
export type Performance = { readonly from: EpochMs; readonly to: EpochMs; readonly metrics: readonly Metric[] };

/** Yearly figures out of a few days are noise dressed as numbers: below this many trading days they stay empty. */
const MIN_DAYS_FOR_YEARLY = 20;
const PAGE = 20_000;
const MAX_PAGES = 500;

/** The curve boiled down: equity at the open of the first day, then at the end of each exchange day; the deepest fall over every point. */
type Curve = { readonly from: EpochMs; readonly to: EpochMs; readonly daily: readonly number[]; readonly drawdown: DrawdownState };
type PointRow = { ts: number; equity: number; dayPnl: number };

async function* points(db: Queryable): AsyncGenerator<PointRow> {
  let after = '-infinity';
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const rows = await db.query<PointRow>(
      `SELECT ts_market AS ts, equity::float8 AS equity, day_pnl::float8 AS "dayPnl" FROM analytics.equity_curve WHERE ts_market > $1 ORDER BY ts_market LIMIT ${PAGE}`, [after],
    );
    yield* rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = at(last.ts);
  }
}

async function readCurve(db: Queryable): Promise<Curve | null> {
  let from: number | null = null;
  let to = 0;
  let day = '';
  let drawdown = NO_DRAWDOWN;
  const daily: number[] = [];
  for await (const { ts, equity, dayPnl } of points(db)) {
    if (from === null) {
      from = ts;
      daily.push(equity - dayPnl);
      drawdown = addToDrawdown(drawdown, equity - dayPnl);
    }
    const itsDay = exchangeDay(epochMs(ts - 1));
    if (itsDay === day) daily[daily.length - 1] = equity;
    else daily.push(equity);
    day = itsDay;
    to = ts;
    drawdown = addToDrawdown(drawdown, equity);
  }
  return from === null ? null : { from: epochMs(from), to: epochMs(to), daily, drawdown };
}

type TradeRow = { strategyId: string; symbol: string; side: Side; qty: string; price: string; fee: string; tsEvent: number; ledgerSeq: number };

async function readFills(db: Queryable): Promise<OwnedFill[]> {
  const fills: OwnedFill[] = [];
  let after = 0;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const rows = await db.query<TradeRow>(
      `SELECT coalesce(strategy_id, '') AS "strategyId", symbol, side, qty::text AS qty, price::text AS price, fee::text AS fee, ts_event AS "tsEvent", ledger_seq AS "ledgerSeq"
       FROM execution.trades WHERE ledger_seq > $1 ORDER BY ledger_seq LIMIT ${PAGE}`, [after],
    );
    for (const row of rows) fills.push({ strategyId: row.strategyId, symbol: row.symbol, side: row.side, qty: quantity(row.qty), price: price(row.price), fee: money(row.fee), tsEvent: epochMs(row.tsEvent) });
    after = rows.at(-1)?.ledgerSeq ?? after;
    if (rows.length < PAGE) break;
  }
  return fills;
}

/** The figures of a curve and its round trips. Rates are fractions; the risk-free rate is 0. */
function figures(curve: Curve, trips: readonly RoundTrip[], fills: number): Metric[] {
  const returns = simpleReturns(curve.daily);
  const profits = profitsOf(trips);
  const isLongEnough = returns.length >= MIN_DAYS_FOR_YEARLY;
  return [
    { name: 'total_return', value: totalReturn(curve.daily), unit: 'fraction' },
    { name: 'cagr', value: isLongEnough ? cagr(curve.daily, curve.to - curve.from) : null, unit: 'fraction_per_year' },
    { name: 'volatility', value: isLongEnough ? volatility(returns) : null, unit: 'fraction_per_year' },
    { name: 'sharpe', value: isLongEnough ? sharpe(returns) : null, unit: 'ratio' },
    { name: 'sortino', value: isLongEnough ? sortino(returns) : null, unit: 'ratio' },
    { name: 'max_drawdown', value: curve.drawdown.deepest, unit: 'fraction' },
    { name: 'profit_factor', value: profitFactor(profits), unit: 'ratio' },
    { name: 'win_rate', value: winRate(profits), unit: 'fraction' },
    { name: 'round_trips', value: trips.length, unit: 'count' },
    { name: 'fills', value: fills, unit: 'count' },
    { name: 'trading_days', value: returns.length, unit: 'count' },
  ];
}

/** Measures everything traded so far; null before the first point of the curve. */
export async function measurePerformance(db: Queryable): Promise<Performance | null> {
  const curve = await readCurve(db);
  if (curve === null) return null;
  const fills = await readFills(db);
  return { from: curve.from, to: curve.to, metrics: figures(curve, roundTrips(fills, await readOpenings(db)), fills.length) };
}
