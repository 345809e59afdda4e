/** What came of a back-test, as it is stored: thinned, named, measured. */
import { MAX_BACKTEST_DAYS, MAX_EQUITY_POINTS, MAX_STORED_TRADES, type BacktestManifest, type BacktestResult } from '#app/contracts/backtest.ts';
import type { FoundElsewhere } from '#app/analytics/evidence.ts';
import type { TrialsFacts } from '#app/analytics/deflated-sharpe.ts';
import { startEquityTrack } from '#app/backtest/equity-track.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import { fromFloat, LEDGER_SCALE, toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import type { LoadedSeries } from './backtest-bars.ts';
import { ordersHashOf } from '../research/manifest.ts';
import type { Measured } from '../research/measure.ts';
import type { BacktestPlan } from './backtest-request.ts';

/** What a search has found out about the run that it led to. */
export type SearchFacts = { readonly searchId: string; readonly trials: TrialsFacts | null; readonly found: FoundElsewhere };

/** A run with everything that belongs to it. `series`: bars by symbol, in the order of the markets. */
export type Played = {
  readonly backtestId: string; readonly plan: BacktestPlan; readonly series: readonly LoadedSeries[]; readonly result: RunResult; readonly measured: Measured; readonly manifest: BacktestManifest; readonly searchId: string | null;
};

const exact = (dollars: number): string => toText(fromFloat(dollars, LEDGER_SCALE));
const at = <T>(column: ArrayLike<T>, n: number, otherwise: T): T => column[n] ?? otherwise;

function tradesOf({ result: { fills, time }, series }: Played): BacktestResult['trades'] {
  return Array.from({ length: Math.min(fills.length, MAX_STORED_TRADES) }, (_none, n) => ({
    symbol: series[at(fills.market, n, 0)]?.symbol ?? '', side: at(fills.side, n, 1) > 0 ? ('buy' as const) : ('sell' as const), qty: exact(at(fills.qty, n, 0)), price: exact(at(fills.price, n, 0)), fee: exact(at(fills.cost, n, 0)),
    tsMarket: at(time, at(fills.step, n, 0), 0), orderId: at(fills.order, n, 0),
  }));
}

/** Rows of the trips that are closed, or of those that are not. */
function rowsOf({ result: { trips } }: Played, isOpen: boolean): number[] {
  return Array.from({ length: trips.length }, (_none, n) => n).filter((n) => (trips.isOpen[n] === 1) === isOpen);
}

function roundTripsOf(played: Played): BacktestResult['roundTrips'] {
  const { result: { trips, time }, series } = played;
  return rowsOf(played, false).slice(0, MAX_STORED_TRADES).map((n) => {
    const risk = at(trips.risk, n, NaN);
    return {
      symbol: series[at(trips.market, n, 0)]?.symbol ?? '', side: trips.side[n] === -1 ? 'short' : 'long', openedAt: at(time, at(trips.openStep, n, 0), 0), closedAt: at(time, at(trips.closeStep, n, 0), 0), qty: at(trips.qty, n, 0),
      entryPrice: at(trips.entryPrice, n, 0), exitPrice: at(trips.exitPrice, n, 0), profit: at(trips.profit, n, 0), cost: at(trips.cost, n, 0), mae: Math.min(0, at(trips.mae, n, 0)), mfe: Math.max(0, at(trips.mfe, n, 0)),
      risk: Number.isFinite(risk) ? risk : null,
    };
  });
}

/** Signed shares that are left of each symbol, at the price of their entry. */
function openPositionsOf(played: Played): BacktestResult['openPositions'] {
  const { result: { fills, trips }, series } = played;
  const held = new Map<number, number>();
  for (let n = 0; n < fills.length; n += 1) held.set(at(fills.market, n, 0), (held.get(at(fills.market, n, 0)) ?? 0) + at(fills.side, n, 1) * at(fills.qty, n, 0));
  return rowsOf(played, true).map((n) => {
    const market = at(trips.market, n, 0);
    return { symbol: series[market]?.symbol ?? '', qty: Number((held.get(market) ?? 0).toFixed(LEDGER_SCALE)), avgPrice: at(trips.entryPrice, n, 0) };
  });
}

function curveOf({ result: { time, equity } }: Played): Pick<BacktestResult, 'equity' | 'daily' | 'maxDrawdown'> {
  const track = startEquityTrack(MAX_EQUITY_POINTS);
  let [day, until] = ['', -Infinity];
  for (let n = 0; n < time.length; n += 1) {
    const end = at(time, n, 0);
    // A day is asked for once: steps of one day lie within hours of each other.
    if (end > until) {
      day = exchangeDay((end - 1) as EpochMs);
      until = end - ((end - 1 + newYorkOffsetMs((end - 1) as EpochMs)) % DAY) + DAY - 1;
    }
    track.add(end, at(equity, n, 0), day);
  }
  return { equity: track.points().map(([when, dollars]) => [when, dollars]), daily: track.days().slice(-MAX_BACKTEST_DAYS).map(([date, dollars]) => [date, dollars]), maxDrawdown: Math.min(0, track.maxDrawdown()) };
}

const DAY = 86_400_000;

/** What stands in a result without bars. */
function emptyResult(backtestId: string, plan: BacktestPlan): BacktestResult {
  return {
    backtestId, strategy: { strategyId: plan.strategyId, versionId: plan.versionId, kind: plan.kind, parameters: plan.parameters, sizing: plan.sizing, project: null }, symbols: [...plan.symbols], timeframe: plan.timeframe,
    from: null, to: null, startEquity: plan.startingCash, endEquity: plan.startingCash, feesPaid: '0', dividends: 0, carry: 0, equity: [], daily: [], maxDrawdown: 0, trades: [], isTruncated: false, roundTrips: [], openPositions: [],
    signals: 0, orders: 0, fills: 0, denied: {}, ordersHash: ordersHashOf([]), manifest: null, barsSeen: 0, barsLeftOut: 0, warnings: [], figures: {}, tearSheet: null, verdict: null, searchId: null,
  };
}

/** The result of a plan without any bars. */
export function resultWithoutBars(backtestId: string, plan: BacktestPlan): BacktestResult {
  return emptyResult(backtestId, plan);
}

/** Lets the bars that came meanwhile go first: strategies that trade must not wait for one that is tried out. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** The result of a run, made in pieces between which others have their turn. */
export async function resultOf(played: Played): Promise<BacktestResult> {
  const { backtestId, plan, series, result, measured, manifest, searchId } = played;
  const curve = curveOf(played);
  await breathe();
  const ordersHash = ordersHashOf(result.lines);
  await breathe();
  const [trades, roundTrips] = [tradesOf(played), roundTripsOf(played)];
  await breathe();
  const { belief, headline, reasons } = measured.verdict;
  const complaints = series.flatMap(({ complaint }) => (complaint === null ? [] : [complaint]));
  return {
    ...emptyResult(backtestId, plan), ...curve, from: Math.min(...series.map(({ bars }) => bars.time[0] ?? Infinity)), to: result.time.at(-1) ?? null, endEquity: exact(result.equity.at(-1) ?? Number(plan.startingCash)),
    feesPaid: exact(result.costs), dividends: result.dividends, carry: result.carry,
    trades, isTruncated: result.fills.length > MAX_STORED_TRADES, roundTrips, openPositions: openPositionsOf(played),
    signals: result.signals, orders: result.orders, fills: result.fills.length, denied: { ...result.denied }, ordersHash, manifest,
    barsSeen: series.reduce((sum, { bars }) => sum + bars.time.length, 0), barsLeftOut: series.reduce((sum, { leftOut }) => sum + leftOut, 0), warnings: [...new Set([...complaints, ...result.warnings, ...measured.words])],
    figures: { ...measured.figures }, tearSheet: { ...measured.sheet }, searchId,
    verdict: { belief, headline, reasons: reasons.map(({ grade, finding, remedy }) => ({ grade, finding, remedy })) },
  };
}
