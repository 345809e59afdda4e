/** A finished run as it is stored and shown, made on a research thread: whoever trades neither thins curves nor writes megabytes of JSON. */
import { MAX_BACKTEST_DAYS, MAX_EQUITY_POINTS, MAX_STORED_TRADES, type BacktestManifest, type BacktestResult } from '#app/contracts/backtest.ts';
import type { BacktestView, MonteCarloView } from '#app/contracts/studio.ts';
import { dayEnds } from '#app/analytics/daily-closes.ts';
import { equityBands } from '#app/analytics/equity-bands.ts';
import { simpleReturns } from '#app/analytics/returns.ts';
import { startEquityTrack } from '#app/backtest/equity-track.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { fromFloat, LEDGER_SCALE, toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { newYorkOffsetMs } from '#app/market/nyse-zone.ts';
import { barsAmong, runConfigOf, type Job } from './job.ts';
import { manifestOf, ordersHashOf } from './manifest.ts';
import { houseCheck, measureRun, sheetInputOf, type FinishedRun, type Measure } from './measure.ts';
import { runSingle, type GoOn, type StrategyTypes } from './trial.ts';

/** What is run, and what is known of its bars. `result`: of a run that was made elsewhere; null: it is made here. `code`: what tells a user's versions apart; null: the house's own fingerprint does. `complaints`: what is wrong with the bars. */
export type RanAsk = {
  readonly job: Job; readonly bars: ReadonlyMap<string, BarColumns>; readonly result: RunResult | null; readonly code: string | null; readonly seed: number; readonly leftOut: number; readonly complaints: readonly string[];
};

/** The part of a result that a run gives before anybody judges it. */
export type RanPart = Pick<BacktestResult,
  'from' | 'to' | 'endEquity' | 'feesPaid' | 'dividends' | 'carry' | 'equity' | 'daily' | 'maxDrawdown' | 'trades' | 'isTruncated' | 'roundTrips' | 'openPositions' | 'signals' | 'orders' | 'fills' | 'denied' | 'ordersHash' | 'manifest' | 'barsSeen' | 'barsLeftOut' | 'warnings'>;

/** The run, told. `text`: a RanPart as JSON; `facts`: of it what lists show; `result`: without its lines. */
export type Ran = {
  readonly result: RunResult; readonly text: string; readonly manifest: BacktestManifest; readonly facts: Pick<BacktestView, 'from' | 'to' | 'endEquity' | 'maxDrawdown' | 'trips' | 'barsSeen' | 'manifestHash'>;
  readonly counts: Pick<BacktestResult, 'signals' | 'orders' | 'fills' | 'ordersHash' | 'endEquity'>;
};

/** A run to be judged. `isHouse`: the thread knows its strategy, and makes the further runs of its checks. `words`: what checks that were made elsewhere had to say; `warnings`: those of the run. */
export type JudgeAsk = Omit<RanAsk, 'result' | 'code' | 'leftOut' | 'complaints'> & { readonly result: RunResult; readonly isHouse: boolean; readonly measure: Measure; readonly warnings: readonly string[]; readonly words: readonly string[] };

/** The judgement. `text`: figures, tear sheet, verdict and warnings as JSON; the others as JSON too, `null` where there is none. */
export type Judged = { readonly text: string; readonly monteCarlo: string; readonly benchmark: string; readonly facts: Pick<BacktestView, 'totalReturn' | 'sharpe' | 'benchmarkReturn' | 'belief' | 'headline'> };

const DAY = 86_400_000;
const exact = (dollars: number): string => toText(fromFloat(dollars, LEDGER_SCALE));
const at = <T>(column: ArrayLike<T>, n: number, otherwise: T): T => column[n] ?? otherwise;
const finite = (value: number | null | undefined): number | null => (value !== null && value !== undefined && Number.isFinite(value) ? value : null);

type Played = { readonly result: RunResult; readonly symbols: readonly string[] };

function tradesOf({ result: { fills, time }, symbols }: Played): BacktestResult['trades'] {
  return Array.from({ length: Math.min(fills.length, MAX_STORED_TRADES) }, (_none, n) => ({
    symbol: symbols[at(fills.market, n, 0)] ?? '', side: at(fills.side, n, 1) > 0 ? ('buy' as const) : ('sell' as const), qty: exact(at(fills.qty, n, 0)), price: exact(at(fills.price, n, 0)), fee: exact(at(fills.cost, n, 0)),
    tsMarket: at(time, at(fills.step, n, 0), 0), orderId: at(fills.order, n, 0),
  }));
}

/** Rows of the trips that are closed, or of those that are not. */
function rowsOf({ result: { trips } }: Played, isOpen: boolean): number[] {
  return Array.from({ length: trips.length }, (_none, n) => n).filter((n) => (trips.isOpen[n] === 1) === isOpen);
}

function roundTripsOf(played: Played, rows: readonly number[]): BacktestResult['roundTrips'] {
  const { result: { trips, time }, symbols } = played;
  return rows.slice(0, MAX_STORED_TRADES).map((n) => ({
    symbol: symbols[at(trips.market, n, 0)] ?? '', side: trips.side[n] === -1 ? 'short' : 'long', openedAt: at(time, at(trips.openStep, n, 0), 0), closedAt: at(time, at(trips.closeStep, n, 0), 0), qty: at(trips.qty, n, 0),
    entryPrice: at(trips.entryPrice, n, 0), exitPrice: at(trips.exitPrice, n, 0), profit: at(trips.profit, n, 0), cost: at(trips.cost, n, 0), mae: Math.min(0, at(trips.mae, n, 0)), mfe: Math.max(0, at(trips.mfe, n, 0)),
    risk: finite(trips.risk[n]),
  }));
}

/** Signed shares that are left of each symbol, at the price of their entry. */
function openPositionsOf(played: Played): BacktestResult['openPositions'] {
  const { result: { fills, trips }, symbols } = played;
  const held = new Map<number, number>();
  for (let n = 0; n < fills.length; n += 1) held.set(at(fills.market, n, 0), (held.get(at(fills.market, n, 0)) ?? 0) + at(fills.side, n, 1) * at(fills.qty, n, 0));
  return rowsOf(played, true).map((n) => {
    const market = at(trips.market, n, 0);
    return { symbol: symbols[market] ?? '', qty: Number((held.get(market) ?? 0).toFixed(LEDGER_SCALE)), avgPrice: at(trips.entryPrice, n, 0) };
  });
}

function curveOf({ time, equity }: RunResult): Pick<BacktestResult, 'equity' | 'daily' | 'maxDrawdown'> {
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

/** The bars of the job's markets, in the order in which results name them. */
function seriesOf(job: Job, bars: RanAsk['bars']): FinishedRun['markets'] {
  return job.markets.map((market) => {
    const own = bars.get(market.bars);
    invariant(own, 'The bars that a job names are not at hand', { ref: market.bars });
    return { symbol: market.symbol, bars: own };
  }).sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
}

/** Runs what is not run yet, and tells it. @throws what the engine throws */
export function tellRun({ job, bars, result: given, code, seed, leftOut, complaints }: RanAsk, types: StrategyTypes, goOn: GoOn): Ran {
  const run = given ?? runSingle({ job, bars, hasLines: true }, types, goOn);
  const { lines, ...rest } = run;
  const series = seriesOf(job, bars);
  const played = { result: run, symbols: series.map(({ symbol }) => symbol) };
  const closed = rowsOf(played, false);
  const manifest = manifestOf({ job, parameters: code === null ? null : job.strategy.parameters, type: code === null ? types(job.strategy.kind) : null, series, seed, code });
  const end = run.equity.at(-1) ?? job.account.cash;
  const part: RanPart = {
    ...curveOf(run), from: Math.min(...series.map(({ bars: own }) => own.time[0] ?? Infinity)), to: run.time.at(-1) ?? null, endEquity: exact(end), feesPaid: exact(run.costs), dividends: run.dividends, carry: run.carry,
    trades: tradesOf(played), isTruncated: run.fills.length > MAX_STORED_TRADES, roundTrips: roundTripsOf(played, closed), openPositions: openPositionsOf(played), signals: run.signals, orders: run.orders, fills: run.fills.length,
    denied: { ...run.denied }, ordersHash: ordersHashOf(lines), manifest, barsSeen: series.reduce((sum, { bars: own }) => sum + own.time.length, 0), barsLeftOut: leftOut, warnings: [...new Set([...complaints, ...run.warnings])],
  };
  const { from, to, maxDrawdown, barsSeen, signals, orders, fills, ordersHash, endEquity } = part;
  return {
    result: { ...rest, lines: [] }, text: JSON.stringify(part), manifest, facts: { from, to, endEquity: end, maxDrawdown, trips: closed.length, barsSeen, manifestHash: manifest.hash }, counts: { signals, orders, fills, ordersHash, endEquity },
  };
}

/** What the same days could have given, from the equity at their ends. */
function monteCarloOf(run: FinishedRun, seed: number): MonteCarloView | null {
  const ends = dayEnds(run.result.time, newYorkOffsetMs);
  const bands = equityBands(simpleReturns([run.cash, ...Array.from(ends.steps, (step) => run.result.equity[step] ?? 0)]), { seed, start: run.cash });
  if (bands === null) return null;
  const { block, at: steps, p5, p25, p50, p75, p95, ...told } = bands;
  return { ...told, seed, method: `Daily returns in blocks of ${block.toFixed(1)} days on average (Politis and Romano, 1994)`, at: [...steps], p5: [...p5], p25: [...p25], p50: [...p50], p75: [...p75], p95: [...p95] };
}

/** Judges. Checks of a strategy of the house are made here; those of a user's come with what was found. */
export function judgeRun({ job, bars, result, isHouse, seed, measure, warnings, words }: JudgeAsk, types: StrategyTypes): Judged {
  const run: FinishedRun = { markets: seriesOf(job, bars), cash: job.account.cash, result };
  const check = isHouse ? houseCheck({ type: types(job.strategy.kind), config: runConfigOf(job, { strategyType: types, barsOf: barsAmong(bars) }), result }, measure) : null;
  const { figures, sheet, verdict: { belief, headline, reasons }, words: found } = measureRun(run, measure, check);
  const benchmark = sheetInputOf(run, measure).benchmark === null ? null : sheet.curve.at.flatMap((when, n) => {
    const value = sheet.curve.benchmark?.[n];
    return typeof value === 'number' ? [[when, value] as const] : [];
  });
  const text = JSON.stringify({
    figures, tearSheet: sheet, verdict: { belief, headline, reasons: reasons.map(({ grade, finding, remedy }) => ({ grade, finding, remedy })) }, warnings: [...new Set([...warnings, ...result.warnings, ...words, ...found])],
  });
  return {
    text, monteCarlo: JSON.stringify(monteCarloOf(run, seed)), benchmark: JSON.stringify(benchmark),
    facts: { totalReturn: finite(figures['total_return']), sharpe: finite(figures['sharpe']), benchmarkReturn: finite(figures['benchmark_return']), belief, headline },
  };
}
