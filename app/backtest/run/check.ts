/** What a run refuses to begin with, and what it warns of: bars that cannot be, rules that cannot be meant. */
import { BAR_FIELDS, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { timeframeMs, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { sizingSchema } from '#app/domain/sizing.ts';
import { ColumnMemo } from './memo.ts';
import type { DatedAction, Market, RunConfig, Slippage } from './types.ts';

const checked = new ColumnMemo<true>();
const jumps = new ColumnMemo<readonly Jump[]>();

const MOST_CASH = 4e9;
const MOST_PRICE = 4e9;

function refuse(symbol: string, what: string, context: Record<string, unknown> = {}): never {
  throw new AppError('INPUT_INVALID', `The bars of ${symbol} cannot be used: ${what}`, { context: { symbol, ...context } });
}

function when(bars: BarColumns, i: number): string {
  const time = bars.time[i] ?? NaN;
  return Number.isSafeInteger(time) && Math.abs(time) < 8e15 ? toRfc3339(time as EpochMs) : String(time);
}

/** @throws AppError INPUT_INVALID naming the first bad bar, its index and time, and what to do */
export function checkBars(symbol: string, bars: BarColumns): void {
  if (checked.get(bars) !== undefined) return;
  const { length } = bars.time;
  for (const field of BAR_FIELDS) {
    if (bars[field].length !== length) refuse(symbol, `the column ${field} has ${bars[field].length} numbers, time has ${length}. Columns must have one number for each bar`);
  }
  if (length === 0) refuse(symbol, 'there are none. Load bars of the wanted time first');
  const { time, open, high, low, close, volume } = bars;
  let before = -Infinity;
  for (let i = 0; i < length; i += 1) {
    const t = time[i] ?? NaN;
    const o = open[i] ?? NaN;
    const h = high[i] ?? NaN;
    const l = low[i] ?? NaN;
    const c = close[i] ?? NaN;
    const v = volume[i] ?? NaN;
    // Written so that a NaN anywhere fails it.
    const isGood = t > before && l > 0 && l <= o && l <= c && h >= o && h >= c && h < MOST_PRICE && v >= 0 && v < Infinity;
    if (!isGood) refuseBar(symbol, bars, i, before);
    before = t;
  }
  checked.set(bars, true);
}

function refuseBar(symbol: string, bars: BarColumns, i: number, before: number): never {
  const at = `bar ${i} (${when(bars, i)})`;
  const context = { index: i, time: bars.time[i] };
  const value = (field: (typeof BAR_FIELDS)[number]): number => bars[field][i] ?? NaN;
  for (const field of BAR_FIELDS) {
    if (!Number.isFinite(value(field))) refuse(symbol, `${at} has no ${field} (${value(field)}). Leave the bar out, or fill in its number`, context);
    if (field !== 'volume' && !(value(field) > 0)) refuse(symbol, `${at} has the ${field} ${value(field)}. Prices are greater than zero: leave the bar out`, context);
  }
  const time = bars.time[i] ?? NaN;
  if (time === before) refuse(symbol, `${at} has the time of the bar before it. Keep one of the two`, context);
  if (!(time > before)) refuse(symbol, `${at} is older than the bar before it. Sort the bars by time`, context);
  if (value('volume') < 0) refuse(symbol, `${at} has the volume ${value('volume')}. A volume is 0 or more`, context);
  if (value('high') >= MOST_PRICE) refuse(symbol, `${at} has the high ${value('high')}. Prices up to ${MOST_PRICE} dollars are taken`, context);
  return refuse(symbol, `${at} has its open ${value('open')} or close ${value('close')} outside of low ${value('low')} to high ${value('high')}. Repair the bar or leave it out`, context);
}

/** An overnight jump that looks like a split: `ratio` new shares for one. */
type Jump = { readonly at: number; readonly ratio: string };

const RATIOS: readonly (readonly [ratio: number, name: string])[] = [
  ...[2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50, 100].flatMap((n): (readonly [number, string])[] => [[n, `${n} for 1`], [1 / n, `1 for ${n}`]]),
];
const NEAR = 0.04;

/** Jumps of the open against the close before near a ratio of splits. 100 -> 50.3 looks like 2 for 1. */
function jumpsOf(bars: BarColumns): readonly Jump[] {
  const known = jumps.get(bars);
  if (known !== undefined) return known;
  const found: Jump[] = [];
  const { open, close, time } = bars;
  for (let i = 1; i < open.length; i += 1) {
    const ratio = (close[i - 1] ?? NaN) / (open[i] ?? NaN);
    if (ratio > 0.65 && ratio < 1.8) continue;
    const like = RATIOS.find(([n]) => Math.abs(ratio / n - 1) < NEAR);
    if (like !== undefined) found.push({ at: time[i] ?? NaN, ratio: like[1] });
  }
  jumps.set(bars, found);
  return found;
}

/** From this on (e-fold) a split is larger than what a night moves a price by. */
const CLEAR = 0.25;

/** Splits that are given while the price goes on as if there were none: of bars that are adjusted already, every one of them would double shares for nothing. */
function needless({ symbol, bars }: Pick<Market, 'symbol' | 'bars'>, splits: readonly DatedAction[]): string[] {
  return splits.flatMap(({ at, action }) => {
    const i = bars.time.findIndex((time) => time >= at);
    if (i < 1 || action.kind !== 'split') return [];
    const wanted = Math.log(Number(action.newRate) / Number(action.oldRate));
    const seen = Math.log((bars.close[i - 1] ?? NaN) / (bars.open[i] ?? NaN));
    if (Math.abs(wanted) < CLEAR || Math.abs(seen - wanted) <= Math.abs(seen)) return [];
    return [`${symbol}: a ${action.newRate} for ${action.oldRate} split is given for ${toRfc3339(at as EpochMs).slice(0, 10)}, and the price does not jump there: are the bars adjusted already? Then the split makes shares or cash out of nothing. Leave it out`];
  });
}

/** Warnings of splits that the bars seem to hold and no action tells of, and of those that an action tells of and the bars do not hold. */
export function splitWarnings({ symbol, bars, actions }: Pick<Market, 'symbol' | 'bars' | 'actions'>): string[] {
  const splits: readonly DatedAction[] = actions.filter(({ action }) => action.kind === 'split');
  const DAYS_APART = 4 * 86_400_000;
  const unknown = jumpsOf(bars)
    .filter((jump) => !splits.some((split) => Math.abs(split.at - jump.at) < DAYS_APART))
    .map((jump) => `${symbol}: the price jumps at ${toRfc3339(jump.at as EpochMs)} as in a ${jump.ratio} split, and no corporate action tells of one. Use adjusted bars, or give the split`);
  return [...unknown, ...needless({ symbol, bars }, splits)];
}

/** What a slippage may be: never for the better, never the whole price. */
function isSlippage(model: Slippage): boolean {
  const isPart = (part: number, most = Infinity): boolean => part >= 0 && part < most;
  switch (model.kind) {
    case 'none':
      return true;
    case 'bps':
      return isPart(model.bps, 10_000);
    case 'spread':
      return isPart(model.bps, 20_000);
    case 'volume_share':
      return isPart(model.impact);
    case 'atr':
      return isPart(model.multiple) && Number.isInteger(model.period) && model.period >= 1 && model.period <= 5_000;
    case 'square_root':
      return isPart(model.coefficient);
  }
}

function checkStrategy({ strategy, timeframe, account, markets }: RunConfig, fail: (what: string) => never): void {
  const [min, max] = strategy.symbols;
  if (strategy.scope === 'portfolio' && (markets.length < min || markets.length > max)) fail(`the strategy ${strategy.kind} takes ${min === max ? min : `${min} to ${max}`} symbols, not ${markets.length}`);
  if (strategy.usesShorts && !account.canShort) fail(`the strategy ${strategy.kind} sells short: the account must be allowed to`);
  for (const [name, use] of Object.entries(strategy.indicators)) {
    if (use.timeframe !== null && timeframeMs(use.timeframe) < timeframeMs(timeframe)) fail(`the indicator ${name} of the strategy ${strategy.kind} looks at ${use.timeframe} bars, and must look at bars wider than ${timeframe}, of which the run is`);
  }
}

/** @throws AppError INPUT_INVALID for rules and markets that cannot be meant */
export function checkConfig(config: RunConfig): void {
  const { markets, account, fills, commission } = config;
  const fail = (what: string): never => {
    throw new AppError('INPUT_INVALID', `The back-test cannot begin: ${what}`);
  };
  if (markets.length === 0) fail('it needs at least one symbol');
  checkStrategy(config, fail);
  for (let n = 1; n < markets.length; n += 1) {
    if (!((markets[n]?.symbol ?? '') > (markets[n - 1]?.symbol ?? ''))) fail(`symbols must be in order and different, ${markets[n]?.symbol} comes after ${markets[n - 1]?.symbol}`);
  }
  if (!(account.cash > 0 && account.cash <= MOST_CASH)) fail(`its cash must be more than 0 and at most ${MOST_CASH} dollars`);
  if (![1, 2, 4].includes(account.multiplier)) fail('the multiplier of an account is 1 (cash), 2 or 4 (margin)');
  if (account.canShort && account.multiplier === 1) fail('an account that sells short is a margin account: its multiplier is 2 or 4');
  if (fills.volumeCap !== null && !(fills.volumeCap > 0 && fills.volumeCap <= 1)) fail('the cap on the volume is a part of it, more than 0 and at most 1');
  for (const amount of [commission.perOrder, commission.perShare, commission.percent, commission.minimum]) if (!(amount >= 0 && amount < Infinity)) fail('a commission is 0 or more');
  for (const rate of [account.borrowPercent, account.marginInterestPercent]) if (!(rate >= 0 && rate < Infinity)) fail('a yearly rate is 0 percent or more');
  if (!isSlippage(config.slippage)) fail('slippage is 0 or more and less than the price: nothing fills better than the market');
  if (!sizingSchema.safeParse(config.sizing).success) fail('the size of entries is dollars above 0, or a percentage above 0 and up to 100');
}
