/** Prices that leave their level: spikes that come back, shifted decimals, stretches of another symbol, cliffs of splits and payouts, and jumps. */
import type { Timeframe } from '#app/domain/time.ts';
import { aboutBar, type Columns, type QualityContext, type Severity, type Sink, type ToldAction } from './finding.ts';
import { around, median, quantileOfSizes, robustDistance } from './robust.ts';
import type { Regular } from './sessions.ts';

/** Smallest log return that can be a jump, whatever the series is used to. */
const MIN_JUMP: Readonly<Record<Timeframe, number>> = { '1Min': 0.02, '5Min': 0.03, '15Min': 0.04, '1Hour': 0.06, '1Day': 0.15 };
/** From one session to the next: more than this is rare without news or a split. */
const OVERNIGHT_JUMP = 0.25;
const RETURNS_KEPT = 120;
const RETURNS_NEEDED = 30;
/** A jump lies this many robust deviations from the median of the returns around it, and is so much larger than nine in ten of them. */
const ROBUST_DEVIATIONS = 10;
const USUAL_FACTOR = 2;
const USUAL_QUANTILE = 0.9;
/** A spike comes back after at most so many bars; a foreign stretch after at most so many. */
const SPIKE_BARS = 3;
const STRETCH_BARS = 250;
/** It has come back when what remains is at most this part of the jump; of a stretch, this much (log) and three deviations of what the market does meanwhile. */
const REMAINS = 0.35;
const STRETCH_REMAINS = 0.1;
const STRETCH_DRIFT = 3;
const STRETCH_REMAINS_MOST = 0.4;
/** In a crash prices leap back and forth by themselves: a spike is this many times the largest move of the bars around it. */
const SPIKE_OVER_NEAR = 1.6;
const NEAR_BARS = 10;
/** A stretch of another symbol stands at another level: at least this log distance. */
const STRETCH_JUMP = 0.4;
/** Prices ten times too high or low, give or take what the market does meanwhile (log). */
const DECIMAL_TOLERANCE = 0.2;
/** Dollars traded of so many times the usual, or a range of so many: then there was news, and the price may have moved by itself. */
const NEWS_FACTOR = 2.5;
/** Ratios of splits: new shares for old ones. */
const SPLIT_RATIOS = [1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20, 25, 30, 50, 100] as const;
const SPLIT_TOLERANCE = 0.06;
/** Nothing but a split moves a price by this much overnight (log) and leaves it there: of days with news, of bars within the day. */
const CLEAR_DAY_GAP = 1.35;
const CLEAR_NIGHT_GAP = 0.6;

/** The series without what cannot be, in order. `gap`: from the close before to the open, log; `range`: high over low, log; `turnover`: dollars. */
type Line = { readonly time: Float64Array; readonly open: Float64Array; readonly high: Float64Array; readonly low: Float64Array; readonly close: Float64Array; readonly volume: Float64Array; readonly move: Float64Array; readonly day: Int32Array };
type Jump = { readonly at: number; readonly move: number; readonly deviations: number; isUsed: boolean };
type Rule = { readonly line: Line; readonly context: QualityContext; readonly told: ReadonlyMap<number, ToldAction>; readonly sink: Sink };

function lineOf(bars: Columns, regular: Regular): Line {
  const take = (column: Float64Array): Float64Array => Float64Array.from(regular.index, (n) => column[n] as number);
  return { time: take(bars.time), open: take(bars.open), high: take(bars.high), low: take(bars.low), close: take(bars.close), volume: take(bars.volume), move: new Float64Array(regular.index.length), day: regular.day };
}

/** Works out the moves from close to close, freed of what was told. */
function addMoves(line: Line, told: ReadonlyMap<number, ToldAction>): void {
  for (let k = 1; k < line.close.length; k += 1) {
    let expected = line.close[k - 1] as number;
    const [from, to] = [line.day[k - 1] as number, line.day[k] as number];
    // What was told is no jump: the close before is taken as it would be after the action.
    if (from !== to && told.size > 0) for (const action of told.values()) if (action.exDay > from && action.exDay <= to) expected *= action.split * action.price;
    line.move[k] = Math.log((line.close[k] as number) / expected);
  }
}

/** Whether a move is far outside of what the series does; how far, in robust deviations. 0 = it is not. */
function deviationsOf({ line, context }: Rule, at: number, least: number): number {
  const move = line.move[at] as number;
  if (Math.abs(move) < least) return 0;
  const others = around(line.move, at, RETURNS_KEPT);
  if (others.length < RETURNS_NEEDED) return 0;
  const deviations = robustDistance(move, others);
  const isNight = context.timeframe !== '1Day' && line.day[at] !== line.day[at - 1];
  return deviations > ROBUST_DEVIATIONS && (isNight || Math.abs(move) > USUAL_FACTOR * quantileOfSizes(others, USUAL_QUANTILE)) ? deviations : 0;
}

function jumpsOf(rule: Rule): Jump[] {
  const { line, context } = rule;
  const jumps: Jump[] = [];
  for (let k = 1; k < line.move.length; k += 1) {
    const move = line.move[k] as number;
    const least = context.timeframe !== '1Day' && line.day[k] !== line.day[k - 1] ? OVERNIGHT_JUMP : MIN_JUMP[context.timeframe];
    if (!(move >= least || move <= -least)) continue;
    const deviations = deviationsOf(rule, k, least);
    if (deviations > 0) jumps.push({ at: k, move, deviations, isUsed: false });
  }
  return jumps;
}

/** The power of ten nearest to a log ratio, 0 when there is none. log(10.4) = 1, log(0.0098) = -2 */
function tens(move: number): number {
  const power = Math.round(move / Math.LN10);
  return power !== 0 && Math.abs(power) <= 4 && Math.abs(move - power * Math.LN10) <= DECIMAL_TOLERANCE ? power : 0;
}

const percent = (move: number): number => Math.round((Math.exp(move) - 1) * 1e4) / 100;

/** Usual dollars traded and usual range around a bar, the bar left out. */
function usualOf(line: Line, at: number): { turnover: number; range: number } {
  const from = Math.max(0, at - RETURNS_NEEDED * 2);
  const to = Math.min(line.close.length, at + RETURNS_NEEDED);
  const [turnovers, ranges]: [number[], number[]] = [[], []];
  for (let k = from; k < to; k += 1) {
    if (k === at) continue;
    turnovers.push((line.close[k] as number) * (line.volume[k] as number));
    ranges.push(Math.log((line.high[k] as number) / (line.low[k] as number)));
  }
  return { turnover: median(turnovers), range: median(ranges) };
}

/** Whether a bar was traded as on a day with news: many dollars, or a wide range. */
function hasNews(line: Line, at: number): boolean {
  const usual = usualOf(line, at);
  const turnover = (line.close[at] as number) * (line.volume[at] as number);
  const range = Math.log((line.high[at] as number) / (line.low[at] as number));
  return turnover > NEWS_FACTOR * usual.turnover || range > NEWS_FACTOR * usual.range;
}

/** The largest move near a stretch, those of the stretch itself left out. */
function largestNear({ line }: Rule, from: number, to: number): number {
  let largest = 0;
  for (let k = Math.max(1, from - NEAR_BARS); k <= Math.min(line.move.length - 1, to + NEAR_BARS); k += 1) if (k < from || k > to) largest = Math.max(largest, Math.abs(line.move[k] as number));
  return largest;
}

/** The stretch that a jump begins and another one ends, both of the same size. */
function tellStretch(rule: Rule, jump: Jump, back: Jump): boolean {
  const { line, sink } = rule;
  const bars = back.at - jump.at;
  const at = { openTime: line.time[jump.at] as number, untilTime: line.time[back.at - 1] as number, score: jump.deviations / ROBUST_DEVIATIONS };
  const detail = { bars, changePercent: percent(jump.move), before: line.close[jump.at - 1] as number, during: line.close[jump.at] as number };
  const power = tens(jump.move);
  if (power !== 0 && tens(back.move) === -power) {
    sink.add(aboutBar('decimal_shift', 'critical', at, { ...detail, factor: 10 ** power }));
    return true;
  }
  const left = Math.abs(Math.log((line.close[back.at] as number) / (line.close[jump.at - 1] as number)));
  const size = Math.min(Math.abs(jump.move), Math.abs(back.move));
  if (bars <= SPIKE_BARS && left <= REMAINS * size && size > SPIKE_OVER_NEAR * largestNear(rule, jump.at, back.at)) {
    sink.add(aboutBar('spike', 'critical', at, detail));
    return true;
  }
  if (bars > SPIKE_BARS && size >= STRETCH_JUMP && left <= Math.min(STRETCH_REMAINS + STRETCH_DRIFT * (Math.abs(jump.move) / jump.deviations) * Math.sqrt(bars), STRETCH_REMAINS_MOST * size)) {
    sink.add(aboutBar('foreign_stretch', 'critical', at, detail));
    return true;
  }
  return false;
}

/** Jumps that come back are told as one. */
function pairJumps(rule: Rule, jumps: readonly Jump[]): void {
  for (const [n, jump] of jumps.entries()) {
    for (let m = n + 1; m < jumps.length && !jump.isUsed; m += 1) {
      const back = jumps[m] as Jump;
      if (back.at - jump.at > STRETCH_BARS) break;
      if (back.isUsed || back.move * jump.move >= 0 || !tellStretch(rule, jump, back)) continue;
      for (let between = n; between <= m; between += 1) (jumps[between] as Jump).isUsed = true;
    }
  }
}

/** The split that a ratio of prices looks like: new shares for one old share, above 1 or (consolidated) below; null. */
function splitLike(move: number): number | null {
  const ratio = Math.exp(Math.abs(move));
  const found = SPLIT_RATIOS.find((candidate) => Math.abs(Math.log(ratio / candidate)) <= SPLIT_TOLERANCE);
  return found === undefined ? null : move < 0 ? found : 1 / found;
}

/** A jump that stays: a split that nobody told, a payout, news, or a price that cannot be explained. */
function tellJump(rule: Rule, jump: Jump): void {
  const { line, context, sink } = rule;
  const { at, move } = jump;
  const isNight = line.day[at] !== line.day[at - 1];
  const isNews = hasNews(line, at);
  const gap = Math.log((line.open[at] as number) / (line.close[at - 1] as number));
  const where = { openTime: line.time[at] as number, score: jump.deviations / ROBUST_DEVIATIONS };
  const detail = { previousClose: line.close[at - 1] as number, open: line.open[at] as number, close: line.close[at] as number, changePercent: percent(move) };
  const split = isNight ? splitLike(gap) : null;
  // The first bar of a session has the auction in it and always looks like news: within the day the ratio alone tells.
  const isClear = context.timeframe === '1Day' ? !isNews || Math.abs(gap) > CLEAR_DAY_GAP : Math.abs(gap) > CLEAR_NIGHT_GAP;
  if (split !== null && isClear && splitLike(move) !== null) {
    sink.add(aboutBar('split_cliff', 'critical', where, { ...detail, newSharesPerOld: Math.round(split * 1e4) / 1e4 }));
    return;
  }
  if (isNight && context.timeframe === '1Day' && isQuietDrop(line, at, gap)) return;
  const severity: Severity = isNews ? 'info' : 'critical';
  if (isNight && context.timeframe !== '1Day') sink.add(aboutBar('overnight_jump', 'info', where, detail));
  else sink.add(aboutBar(isNews ? 'news_jump' : 'jump', severity, where, { ...detail, deviations: Number.isFinite(jump.deviations) ? Math.round(jump.deviations * 10) / 10 : 'more than any seen' }));
}

/** A payout: the price opens lower by this much (log), */
const PAYOUT_GAP = 0.05;
/** so many robust deviations of what it usually opens lower by, */
const PAYOUT_DEVIATIONS = 10;
/** and is then traded as on any other day: dollars and range of at most so many times the usual, and hardly a move from the open on. */
const PAYOUT_QUIET = 1.3;

/** An overnight drop without any sign of news. */
function isQuietDrop(line: Line, at: number, gap: number): boolean {
  if (gap > -PAYOUT_GAP) return false;
  const usual = usualOf(line, at);
  const range = Math.log((line.high[at] as number) / (line.low[at] as number));
  const turnover = (line.close[at] as number) * (line.volume[at] as number);
  return range <= PAYOUT_QUIET * usual.range && turnover <= PAYOUT_QUIET * usual.turnover && Math.abs(Math.log((line.close[at] as number) / (line.open[at] as number))) <= usual.range;
}

/** Day bars that open far lower on a quiet day: perhaps a payout that nobody told. */
function checkPayouts({ line, context, told, sink }: Rule): void {
  if (context.timeframe !== '1Day') return;
  const gaps = new Float64Array(line.close.length);
  for (let k = 1; k < gaps.length; k += 1) gaps[k] = Math.log((line.open[k] as number) / (line.close[k - 1] as number));
  for (let k = 1; k < gaps.length; k += 1) {
    const gap = gaps[k] as number;
    if (gap > -PAYOUT_GAP || told.has(line.day[k] as number) || splitLike(gap) !== null || !isQuietDrop(line, k, gap)) continue;
    const others = around(gaps, k, RETURNS_KEPT);
    const deviations = others.length < RETURNS_NEEDED ? 0 : robustDistance(gap, others);
    // A spike's way back opens lower too: what was high only yesterday is no payout.
    const isWayBack = k > 1 && Math.log((line.close[k - 1] as number) / (line.close[k - 2] as number)) > -gap / 2;
    const comesBack = k + 1 < gaps.length && Math.log((line.close[k + 1] as number) / (line.close[k] as number)) > -gap / 2;
    if (deviations < PAYOUT_DEVIATIONS || isWayBack || comesBack) continue;
    sink.add(aboutBar('dividend_cliff', 'warning', { openTime: line.time[k] as number, score: deviations / PAYOUT_DEVIATIONS }, { previousClose: line.close[k - 1] as number, open: line.open[k] as number, changePercent: percent(gap) }));
  }
}

/** Splits smaller than this (log) do not stand out of a day's moves. */
const TOLD_LEAST = 0.3;

/** Splits that were told, and that the prices do not show: they are freed of it already, or the action is wrong. @returns the actions that the prices do show */
function checkTold(line: Line, told: ReadonlyMap<number, ToldAction>, sink: Sink): Map<number, ToldAction> {
  const believed = new Map(told);
  for (const action of told.values()) {
    const expected = Math.log(action.split);
    if (Math.abs(expected) < TOLD_LEAST) continue;
    const at = line.day.findIndex((day) => day >= action.exDay);
    if (at < 1) continue;
    const gap = Math.log((line.open[at] as number) / (line.close[at - 1] as number));
    if (Math.abs(gap - expected) <= Math.abs(expected) / 2) continue;
    sink.add(aboutBar('split_not_in_prices', 'critical', { openTime: line.time[at] as number }, { newSharesPerOld: Math.round(1e4 / action.split) / 1e4, previousClose: line.close[at - 1] as number, open: line.open[at] as number, changePercent: percent(gap) }));
    believed.delete(action.exDay);
  }
  return believed;
}

/** Looks at the levels of prices. */
export function checkLevels(bars: Columns, regular: Regular, given: { readonly context: QualityContext; readonly sink: Sink }): void {
  const told = new Map<number, ToldAction>();
  for (const action of given.context.actions ?? []) {
    const before = told.get(action.exDay);
    told.set(action.exDay, { exDay: action.exDay, split: action.split * (before?.split ?? 1), price: action.price * (before?.price ?? 1) });
  }
  const line = lineOf(bars, regular);
  const believed = checkTold(line, told, given.sink);
  addMoves(line, believed);
  const rule: Rule = { line, context: given.context, told: believed, sink: given.sink };
  const jumps = jumpsOf(rule);
  pairJumps(rule, jumps);
  for (const jump of jumps) if (!jump.isUsed) tellJump(rule, jump);
  checkPayouts(rule);
}
