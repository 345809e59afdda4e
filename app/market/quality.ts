/** What can be wrong with stored bars: rules that look at one series, bar by bar, in order of time. */
import { timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, isRegularBar, sessionOn, sessionsBetween, type Session } from './calendar.ts';

/** A stored bar as the rules see it: dollars and shares as float64. */
export type QualityBar = { readonly openTime: number; readonly open: number; readonly high: number; readonly low: number; readonly close: number; readonly volume: number };

/**
 * What was found. Critical kinds make bars untrustworthy: `impossible_bar` (prices out of order or not above zero), `off_grid` (opens between two
 * places of its timeframe), `jump` (far outside of what the series does), `sessions_missing`, `stale_series`. The others are worth a look:
 * `gap` (bars missing inside a session), `overnight_jump` (perhaps a split), `frozen_price`, `no_volume`, `repeated_bar` (the same bar again under another time).
 */
export const FINDING_KINDS = ['impossible_bar', 'off_grid', 'jump', 'sessions_missing', 'stale_series', 'gap', 'overnight_jump', 'frozen_price', 'no_volume', 'repeated_bar'] as const;
/** A kind of finding. */
export type FindingKind = (typeof FINDING_KINDS)[number];
const CRITICAL: ReadonlySet<FindingKind> = new Set(['impossible_bar', 'off_grid', 'jump', 'sessions_missing', 'stale_series']);

/** One finding, at the bar with which it was noticed or (runs, gaps) began. `detail` is small, plain JSON; its numbers name their unit. */
export type Finding = { readonly kind: FindingKind; readonly openTime: number; readonly detail: Readonly<Record<string, number | string>> };

/** Whether bars with this finding should not be traded on. */
export function isCritical(kind: FindingKind): boolean {
  return CRITICAL.has(kind);
}

/** Bars before a stretch on which the rules warm up, so that runs and usual returns are known at its beginning. */
export const QUALITY_CONTEXT_BARS = 400;

/** Missing bars in a row that are worth a word. A feed sends no bar for a minute without a trade. */
const MIN_GAP: Readonly<Record<Timeframe, number>> = { '1Min': 5, '5Min': 2, '15Min': 1, '1Hour': 1, '1Day': 1 };
/** Smallest log return that can be a jump, whatever the series is used to. */
const MIN_JUMP: Readonly<Record<Timeframe, number>> = { '1Min': 0.02, '5Min': 0.03, '15Min': 0.04, '1Hour': 0.06, '1Day': 0.15 };
/** From one session to the next: more than this is rare without news or a split. */
const OVERNIGHT_JUMP = 0.25;
const RETURNS_KEPT = 120;
const RETURNS_NEEDED = 30;
/** A jump lies this many robust standard deviations from the median: 1.4826 x MAD estimates the deviation of normal returns (Hampel, 1974). */
const ROBUST_DEVIATIONS = 10;
const MAD_TO_DEVIATION = 1.4826;
/** A series that often takes large steps has a small MAD when they are all alike: a jump is also this much larger than nine in ten moves. */
const USUAL_FACTOR = 2;
const USUAL_QUANTILE = 0.9;
const FROZEN_BARS = 60;
const NO_VOLUME_BARS = 20;
/** A series further behind the market than this, counted in time of open market, is stale. */
const STALE_AFTER_MS = 15 * 60_000;
const DAY_SESSION_MS = 390 * 60_000;
/** The largest part of the series that may have critical findings before the data as a whole is not to be leaned on. */
const MAX_BAD_SHARE = 0.25;

/** What the rules remember of a series. */
export type QualityState = {
  readonly timeframe: Timeframe;
  last: QualityBar | null;
  /** Day of the last bar of regular trading, and its close. */
  regularDay: string | null;
  regularClose: number;
  readonly returns: number[];
  nextReturn: number;
  frozenSince: number;
  frozenBars: number;
  quietSince: number;
  quietBars: number;
};

/** Begins a series. */
export function startQuality(timeframe: Timeframe): QualityState {
  return { timeframe, last: null, regularDay: null, regularClose: NaN, returns: [], nextReturn: 0, frozenSince: 0, frozenBars: 0, quietSince: 0, quietBars: 0 };
}

function impossible(bar: QualityBar): string | null {
  if (!(bar.low > 0)) return 'a price is not above zero';
  if (!(bar.high >= bar.low)) return 'high is below low';
  if (!(bar.open >= bar.low && bar.open <= bar.high)) return 'open is outside of low..high';
  if (!(bar.close >= bar.low && bar.close <= bar.high)) return 'close is outside of low..high';
  return bar.volume >= 0 ? null : 'volume is negative';
}

/** The places of regular bars in a session: the first open time, and one past the last. */
function placesOf(session: Session, width: number): { first: number; end: number } {
  const first = Math.floor(session.open / width) * width;
  return { first, end: first + Math.ceil((session.close - first) / width) * width };
}

/** Regular bars that are missing between two bars: a run inside each session that has both neighbours or an edge, whole sessions together. */
function missingBetween(from: number, to: number, timeframe: Timeframe): Finding[] {
  const width = timeframeMs(timeframe);
  const sessions = sessionsBetween(exchangeDay(from as EpochMs), exchangeDay(to as EpochMs));
  const gone: Session[] = [];
  const findings: Finding[] = [];
  for (const session of sessions) {
    if (timeframe === '1Day') {
      if (session.open > from + width && session.close < to) gone.push(session);
      continue;
    }
    const places = placesOf(session, width);
    const [first, end] = [Math.max(places.first, from + width), Math.min(places.end, to)];
    const missing = Math.floor((end - first) / width);
    if (missing <= 0) continue;
    if (first === places.first && end === places.end) gone.push(session);
    else if (missing >= MIN_GAP[timeframe]) findings.push({ kind: 'gap', openTime: first, detail: { missingBars: missing, untilMs: end, day: session.date } });
  }
  const [head, tail] = [gone[0], gone.at(-1)];
  if (head && tail) findings.push({ kind: 'sessions_missing', openTime: head.open, detail: { sessions: gone.length, firstDay: head.date, lastDay: tail.date } });
  return findings;
}

function median(sorted: readonly number[]): number {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

/** How many robust deviations a return lies from the median of the last ones. Worked: 5 after -1, 0, 1, 0, 2 (median 0, MAD 1) = 5 / 1.4826 = 3.3725. */
export function robustDistance(value: number, others: readonly number[]): number {
  const center = median([...others].sort((a, b) => a - b));
  const mad = median(others.map((other) => Math.abs(other - center)).sort((a, b) => a - b));
  const distance = Math.abs(value - center);
  if (distance === 0) return 0;
  return mad === 0 ? Infinity : distance / (MAD_TO_DEVIATION * mad);
}

function usualMove(returns: readonly number[]): number {
  const sizes = returns.map(Math.abs).sort((a, b) => a - b);
  return sizes[Math.floor(USUAL_QUANTILE * (sizes.length - 1))] ?? NaN;
}

function jumpOf(state: QualityState, bar: QualityBar, day: string): Finding | null {
  if (!(state.regularClose > 0 && bar.close > 0)) return null;
  const move = Math.log(bar.close / state.regularClose);
  const isOvernight = state.timeframe !== '1Day' && day !== state.regularDay;
  const detail = { previousClose: state.regularClose, close: bar.close, changePercent: Math.round((Math.exp(move) - 1) * 1e4) / 100 };
  if (isOvernight) return Math.abs(move) > OVERNIGHT_JUMP ? { kind: 'overnight_jump', openTime: bar.openTime, detail } : null;
  let found: Finding | null = null;
  // Sorting the last returns is for the rare candidates alone.
  if (Math.abs(move) >= MIN_JUMP[state.timeframe] && state.returns.length >= RETURNS_NEEDED) {
    const deviations = robustDistance(move, state.returns);
    if (deviations > ROBUST_DEVIATIONS && Math.abs(move) > USUAL_FACTOR * usualMove(state.returns)) found = { kind: 'jump', openTime: bar.openTime, detail: { ...detail, deviations: Number.isFinite(deviations) ? Math.round(deviations * 10) / 10 : 'more than any seen' } };
  }
  state.returns[state.nextReturn] = move;
  state.nextReturn = (state.nextReturn + 1) % RETURNS_KEPT;
  return found;
}

/** A run is told once, when it is long enough; it is named by its beginning. */
function runsOf(state: QualityState, bar: QualityBar): Finding[] {
  const findings: Finding[] = [];
  const { last } = state;
  const isFrozen = last !== null && bar.close === last.close && bar.high === bar.low && bar.volume > 0;
  state.frozenSince = isFrozen ? state.frozenSince : bar.openTime;
  state.frozenBars = isFrozen ? state.frozenBars + 1 : 0;
  if (state.frozenBars === FROZEN_BARS) findings.push({ kind: 'frozen_price', openTime: state.frozenSince, detail: { barsAtLeast: FROZEN_BARS, close: bar.close } });
  state.quietSince = bar.volume > 0 || state.quietBars === 0 ? bar.openTime : state.quietSince;
  state.quietBars = bar.volume > 0 ? 0 : state.quietBars + 1;
  if (state.quietBars === NO_VOLUME_BARS) findings.push({ kind: 'no_volume', openTime: state.quietSince, detail: { barsAtLeast: NO_VOLUME_BARS } });
  const isRepeated = last !== null && bar.high !== bar.low && bar.volume > 0 && bar.open === last.open && bar.high === last.high && bar.low === last.low && bar.close === last.close && bar.volume === last.volume;
  if (isRepeated) findings.push({ kind: 'repeated_bar', openTime: bar.openTime, detail: { sameAsMs: last.openTime } });
  return findings;
}

/**
 * Looks at the next bar of a series, changing `state` in place, and gives what is wrong with it or with what lies between it and the one before.
 * Bars outside of regular trading are checked for being possible; gaps, jumps and runs are judged on regular trading alone.
 */
export function qualityNext(state: QualityState, bar: QualityBar): Finding[] {
  const { timeframe } = state;
  const findings: Finding[] = [];
  const defect = impossible(bar);
  if (defect !== null) findings.push({ kind: 'impossible_bar', openTime: bar.openTime, detail: { defect } });
  if (timeframe !== '1Day' && bar.openTime % timeframeMs(timeframe) !== 0) findings.push({ kind: 'off_grid', openTime: bar.openTime, detail: { offMs: bar.openTime % timeframeMs(timeframe) } });
  const at = bar.openTime as EpochMs;
  if (findings.length > 0 || !calendarCovers(at) || !isRegularBar(at, timeframe)) return findings;
  const day = exchangeDay(at);
  if (state.last !== null && bar.openTime - state.last.openTime > timeframeMs(timeframe)) findings.push(...missingBetween(state.last.openTime, bar.openTime, timeframe));
  const jump = jumpOf(state, bar, day);
  if (jump) findings.push(jump);
  findings.push(...runsOf(state, bar));
  state.last = bar;
  state.regularDay = day;
  state.regularClose = bar.close;
  return findings;
}

/** Milliseconds of open market between two instants, 0 when `to` is not after `from`. Friday 15:50 to Monday 09:40 New York = 20 minutes. */
export function openMarketMs(from: EpochMs, to: EpochMs): number {
  if (to <= from) return 0;
  let total = 0;
  for (const session of sessionsBetween(exchangeDay(from), exchangeDay(to))) total += Math.max(0, Math.min(session.close, to) - Math.max(session.open, from));
  return total;
}

/** Whether a series has stopped while the market went on: its newest bar closed long before `now`, counted in open market. Null when it has not. */
export function staleness(series: { readonly timeframe: Timeframe; readonly lastOpenTime: number }, now: EpochMs): Finding | null {
  const { timeframe, lastOpenTime } = series;
  if (timeframe === '1Day') {
    const session = sessionOn(exchangeDay(lastOpenTime as EpochMs));
    const behind = openMarketMs(session?.close ?? (lastOpenTime as EpochMs), now);
    // The bar of a day comes after its close: one whole session may pass.
    return behind > DAY_SESSION_MS + STALE_AFTER_MS ? { kind: 'stale_series', openTime: lastOpenTime, detail: { behindMinutes: Math.round(behind / 60_000) } } : null;
  }
  const behind = openMarketMs((lastOpenTime + timeframeMs(timeframe)) as EpochMs, now);
  return behind > STALE_AFTER_MS + timeframeMs(timeframe) ? { kind: 'stale_series', openTime: lastOpenTime, detail: { behindMinutes: Math.round(behind / 60_000) } } : null;
}

/** What a validation saw of one series. */
export type SeriesReport = { readonly symbol: string; readonly findings: readonly Finding[] };

/** Whether trading may lean on the bars, and why not. One bad series among many does not stop the others. */
export function judgeUsability(reports: readonly SeriesReport[]): { readonly isUsable: boolean; readonly reason: string | null } {
  if (reports.length === 0) return { isUsable: false, reason: 'No watched symbol has stored bars yet.' };
  const bad = reports.filter((report) => report.findings.some((finding) => isCritical(finding.kind))).map((report) => report.symbol);
  if (bad.length <= reports.length * MAX_BAD_SHARE) return { isUsable: true, reason: null };
  return { isUsable: false, reason: `${bad.length} of ${reports.length} series have bars that cannot be trusted: ${bad.slice(0, 5).join(', ')}${bad.length > 5 ? ' and others' : ''}.` };
}
