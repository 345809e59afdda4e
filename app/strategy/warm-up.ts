/** Does it matter where the bars begin? After its warm-up a strategy must say the same wherever it was started. */
import { barCount, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { toRfc3339, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { momentsOf, signalsOverColumns, type ColumnRunOptions, type SaidSignal, type SymbolBars } from './column-run.ts';
import { warmUpBars, type BoundStrategy } from './spec.ts';

/**
 * Something that depends on where the bars began. `indicator`: one of the declared indicators has not forgotten its start after the bars that it says it needs; it needs `needs` of them (null: more than there are).
 * `signals`: the strategy itself says something else at `openTime` (its memory goes back further than it declares, or it counts bars from its start).
 */
export type WarmUpFinding = {
  readonly what: 'indicator' | 'signals';
  readonly name: string;
  readonly symbol: string;
  readonly openTime: number;
  readonly declared: number;
  readonly needs: number | null;
  readonly message: string;
};

/** One other beginning. `begun`: open of its first bar; `agreesFrom`: open of the first bar from which on all signals were the same to the end, null for none; epoch ms. */
export type Beginning = { readonly begun: number; readonly agreesFrom: number | null };

/** What was compared. `declared`: bars after which the beginning must not show; `compared`: beginnings with bars left behind their warm-up. 0 of them: the bars are too few to tell, and no finding means nothing. */
export type WarmUpReport = { readonly declared: number; readonly compared: number; readonly beginnings: readonly Beginning[]; readonly findings: readonly WarmUpFinding[] };

/** `timeframe`: of the bars. `starts`: other beginnings, spread over the first half, 1..50. */
export type WarmUpOptions = ColumnRunOptions & { readonly timeframe: Timeframe; readonly starts?: number };

const STARTS = 5;
const MAX_STARTS = 50;
/** What an indicator may still remember of its beginning: a part in ten thousand of its own size. */
const TOLERANCE = 1e-4;

/** Starts the strategy at several places of the same bars and compares what comes after the warm-up that it declares. Deterministic. @throws AppError STRATEGY_FAILED when it throws */
export function checkWarmUp(strategy: BoundStrategy, markets: readonly SymbolBars[], options: WarmUpOptions): WarmUpReport {
  const declared = warmUpBars(strategy, options.timeframe);
  const moments = momentsOf(markets);
  const starts = Math.min(MAX_STARTS, Math.max(1, options.starts ?? STARTS));
  const whole = signalsOverColumns(strategy, markets, options);
  const beginnings: Beginning[] = [];
  const findings: WarmUpFinding[] = indicatorFindings(strategy, markets);
  let compared = 0;
  for (let n = 1; n <= starts; n += 1) {
    const begun = moments[Math.floor((n * moments.length) / (2 * starts + 1))] ?? NaN;
    const later = signalsOverColumns(strategy, markets.map(({ symbol, bars }) => ({ symbol, bars: barsFrom(bars, begun) })), options);
    const warmFrom = moments[moments.findIndex((time) => time >= begun) + declared] ?? Infinity;
    if (warmFrom < Infinity) compared += 1;
    const comparable = comparableFrom({ whole, later, moments, declared }, warmFrom);
    beginnings.push({ begun, agreesFrom: agreesFrom({ whole, later, moments, begun }) });
    // Never in step: what they differ in is what they do at all.
    const since = comparable === Infinity ? warmFrom : comparable;
    const differs = firstDifference(from(whole, since), from(later, since));
    if (differs !== null && !findings.some((finding) => finding.what === 'signals')) findings.push(signalFinding(differs, { declared, begun }));
  }
  return { declared, compared, beginnings, findings };
}

function from(signals: readonly SaidSignal[], time: number): readonly SaidSignal[] {
  return signals.filter((signal) => signal.openTime >= time);
}

type Runs = { readonly whole: readonly SaidSignal[]; readonly later: readonly SaidSignal[]; readonly moments: Float64Array; readonly declared: number };

/**
 * From where on the two must say the same. Before it they may differ because one of them entered when the other was not there, and a strategy may remember for a while what it had: so it is when, after
 * the warm-up, both have wished the same of every symbol for as many bars as the strategy declares. Infinity when they never have.
 */
function comparableFrom({ whole, later, moments, declared }: Runs, warmFrom: number): number {
  let together = 0;
  const wishes: readonly [Map<string, string>, Map<string, string>] = [new Map(), new Map()];
  const lists = [whole, later] as const;
  const next: [number, number] = [0, 0];
  for (const moment of moments) {
    for (const run of [0, 1] as const) {
      for (let signal = lists[run][next[run]]; signal !== undefined && signal.openTime < moment; signal = lists[run][next[run]]) {
        if (signal.order === null && signal.cancels === null) wishes[run].set(signal.symbol, signal.target === 'flat' ? 'flat' : `${signal.target} ${signal.weight ?? ''}`);
        next[run] += 1;
      }
    }
    const isSame = (symbol: string): boolean => (wishes[0].get(symbol) ?? 'flat') === (wishes[1].get(symbol) ?? 'flat');
    together = moment >= warmFrom && [...wishes[0].keys(), ...wishes[1].keys()].every(isSame) ? together + 1 : 0;
    if (together > declared) return moment;
  }
  return Infinity;
}

function wordsOf(signal: SaidSignal | undefined): string {
  return signal === undefined ? '' : `${signal.openTime} ${signal.symbol} ${signal.target} ${signal.order === null ? '' : JSON.stringify(signal.order.side)}`;
}

function firstDifference(a: readonly SaidSignal[], b: readonly SaidSignal[]): SaidSignal | null {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) if (wordsOf(a[i]) !== wordsOf(b[i])) return a[i] ?? b[i] ?? null;
  return null;
}

function agreesFrom({ whole, later, moments, begun }: { readonly whole: readonly SaidSignal[]; readonly later: readonly SaidSignal[]; readonly moments: Float64Array; readonly begun: number }): number | null {
  const before = from(whole, begun);
  let same = 0;
  while (same < Math.min(before.length, later.length) && wordsOf(before.at(-1 - same)) === wordsOf(later.at(-1 - same))) same += 1;
  const last = Math.max(before.at(-1 - same)?.openTime ?? -Infinity, later.at(-1 - same)?.openTime ?? -Infinity);
  if (last === -Infinity) return begun;
  return moments.find((time) => time > last) ?? null;
}

function signalFinding(signal: SaidSignal, { declared, begun }: { readonly declared: number; readonly begun: number }): WarmUpFinding {
  const { symbol, openTime } = signal;
  return {
    what: 'signals', name: 'signals', symbol, openTime, declared, needs: null,
    message: `What this strategy says of ${symbol} at ${toRfc3339(openTime as EpochMs)} depends on where its bars began (here ${toRfc3339(begun as EpochMs)}), ${declared} bars of warm-up notwithstanding. It counts bars from its start, or its memory goes back further than it declares: declare \`forgetting\`.`,
  };
}

function barsFrom(bars: BarColumns, time: number): BarColumns {
  const at = bars.time.findIndex((open) => open >= time);
  return sliceColumns(bars, at < 0 ? barCount(bars) : at, barCount(bars));
}

/** Indicators begun late, against the same ones begun at the first bar. Those of a wide timeframe are compared on the bars' own: what is looked at is their memory. */
function indicatorFindings(strategy: BoundStrategy, markets: readonly SymbolBars[]): WarmUpFinding[] {
  const findings: WarmUpFinding[] = [];
  for (const [name, declaredUse] of Object.entries(strategy.indicators)) {
    const use = { ...declaredUse, timeframe: null };
    const declared = Math.max(use.indicator.lookback(use.values) + 1, use.indicator.forgetting?.(use.values) ?? 0);
    for (const { symbol, bars } of markets) {
      const length = barCount(bars);
      const begun = Math.floor(length / 3);
      if (begun + declared >= length) continue;
      const whole = columnsOf(use, bars);
      const later = columnsOf(use, sliceColumns(bars, begun, length));
      const needs = barsUntilEqual(use.indicator.outputs.map((output) => [whole[output], later[output]] as const), begun);
      if (needs <= declared) continue;
      const openTime = bars.time[begun + declared] ?? NaN;
      findings.push({
        what: 'indicator', name, symbol, openTime, declared, needs: begun + needs < length ? needs : null,
        message: `The indicator ${name} (${use.indicator.id}) of ${symbol} still shows where its bars began at ${toRfc3339(openTime as EpochMs)}, ${declared} bars on; it has forgotten after ${begun + needs < length ? `${needs} bars` : 'more bars than there are'}. Live, after a restart, it would not be what it is in a back-test.`,
      });
      break;
    }
  }
  return findings;
}

type Outputs = readonly (readonly [whole: Float64Array | undefined, later: Float64Array | undefined])[];

/** Bars after the late beginning from which on all outputs agree. The size that a difference is measured by is the mean of the values: near a zero crossing no number agrees with its own size. */
function barsUntilEqual(outputs: Outputs, begun: number): number {
  let needs = 0;
  for (const [whole, later] of outputs) {
    if (whole === undefined || later === undefined) continue;
    let [size, count] = [0, 0];
    for (const value of whole) {
      if (Number.isNaN(value)) continue;
      size += Math.abs(value);
      count += 1;
    }
    const limit = (TOLERANCE * size) / Math.max(1, count);
    for (let i = later.length - 1; i >= 0; i -= 1) {
      const [a, b] = [whole[begun + i] ?? NaN, later[i] ?? NaN];
      if (Math.abs(a - b) <= limit || (Number.isNaN(a) && Number.isNaN(b))) continue;
      needs = Math.max(needs, i + 1);
      break;
    }
  }
  return needs;
}
