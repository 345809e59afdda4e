/** The story of a bar in words and shapes: verdicts, conditions with their distance, wishes. Pure. */
import type { BarStory, ExplainedBar, ExplainedCheck, ExplainVerdict, StrategyStory } from '#app/contracts/explain.ts';
import type { RuleResult } from '#app/domain/limits.ts';
import { NOTHING, quantity } from '../../../ui/format.ts';

/** How a verdict is coloured: what was traded, what hindered it, what is under way, and what is as it should be. */
export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'busy';

/** Tone of each verdict. Not trading for want of a reason is nothing bad. */
export const VERDICT_TONES: Readonly<Record<ExplainVerdict, Tone>> = {
  no_bar: 'idle', closed: 'idle', not_watching: 'idle', not_deployed: 'idle', unseen: 'idle', disabled: 'warn', warming_up: 'warn', quiet_bar: 'idle', unknown: 'warn', conditions_not_met: 'idle', wish_unchanged: 'idle',
  undecided: 'busy', halted: 'bad', denied: 'bad', order_pending: 'busy', order_working: 'busy', order_unknown: 'warn', order_rejected: 'bad', order_ended: 'idle', order_partly_filled: 'busy', order_filled: 'good',
};
/** A verdict in a word or two, for a tab. */
export const VERDICT_WORDS: Readonly<Record<ExplainVerdict, string>> = {
  no_bar: 'no bar', closed: 'market closed', not_watching: 'not watching', not_deployed: 'not deployed', unseen: 'never shown', disabled: 'switched off', warming_up: 'warming up', quiet_bar: 'history', unknown: 'not known', conditions_not_met: 'no reason',
  wish_unchanged: 'no change', undecided: 'undecided', halted: 'halted', denied: 'denied', order_pending: 'on its way', order_working: 'working', order_unknown: 'answer unknown', order_rejected: 'rejected', order_ended: 'ended', order_partly_filled: 'part filled', order_filled: 'traded',
};

/** Verdicts that may be another one in a moment: they are asked for again soon. */
const UNDER_WAY: ReadonlySet<ExplainVerdict> = new Set(['undecided', 'order_pending', 'order_working', 'order_unknown', 'order_partly_filled']);
/** Milliseconds after which a bar is asked about again. */
export function askAgainMs(story: BarStory | undefined): number {
  return story?.strategies.some(({ verdict }) => UNDER_WAY.has(verdict)) === true ? 3_000 : 60_000;
}

/** A number of a condition: up to two digits after the point from 100 on, four below. conditionNumber(10.32134) = '10.3213' */
export function conditionNumber(value: number | null): string {
  if (value === null) return NOTHING;
  const digits = Math.abs(value) >= 100 ? 2 : 4;
  return quantity(value.toFixed(digits));
}

/** How far a condition's number is from its threshold; null where there is nothing to measure. */
export function distanceWords({ isMet, value, threshold }: Pick<ExplainedCheck, 'isMet' | 'value' | 'threshold'>): string | null {
  if (value === null || threshold === null) return null;
  const away = Math.abs(value - threshold);
  if (away === 0) return isMet ? 'just met' : 'exactly at it';
  return isMet ? `by ${conditionNumber(away)}` : `${conditionNumber(away)} away`;
}

/** Where value and threshold stand on a line of their own, fractions 0..1: both lie within the middle 80 %. Null where there is nothing to draw. */
export function scaleOf({ value, threshold }: Pick<ExplainedCheck, 'value' | 'threshold'>): { readonly value: number; readonly threshold: number } | null {
  if (value === null || threshold === null) return null;
  const [low, high] = [Math.min(value, threshold), Math.max(value, threshold)];
  if (high === low) return { value: 0.5, threshold: 0.5 };
  // A distance that is small beside the numbers is drawn small: a fiftieth of their size fills the line.
  const width = Math.max(high - low, 0.02 * Math.max(Math.abs(high), Math.abs(low)));
  const middle = (low + high) / 2;
  const place = (number: number): number => 0.5 + (0.8 * (number - middle)) / width;
  return { value: place(value), threshold: place(threshold) };
}

/** Conditions that lead to the same thing, and whether all of them are met. */
export type CheckGroup = { readonly key: string; readonly leadsTo: string | null; readonly symbol: string | null; readonly checks: readonly ExplainedCheck[]; readonly met: number };

/** Conditions by what they lead to, in the order in which they were asked; `symbol` is named where it is another than the one asked about (a portfolio's first stands for all). */
export function groupsOf(checks: readonly ExplainedCheck[], symbol: string): CheckGroup[] {
  const groups = new Map<string, ExplainedCheck[]>();
  for (const check of checks) {
    const key = `${check.symbol} ${check.leadsTo ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [check]);
    else group.push(check);
  }
  return [...groups].map(([key, group]) => ({ key, leadsTo: group[0]?.leadsTo ?? null, symbol: group[0]?.symbol === symbol ? null : (group[0]?.symbol ?? null), checks: group, met: group.filter((check) => check.isMet).length }));
}

type Wish = { readonly side: 'long' | 'short' | 'flat'; readonly weight: number | null };
/** A wish in two words: wishWords({ side: 'long', weight: 0.25 }) = 'long 25 %' */
export function wishWords({ side, weight }: Wish): string {
  return weight === null || side === 'flat' ? side : `${side} ${quantity((Math.abs(weight) * 100).toFixed(2))} %`;
}

/** Used share of a rule that was passed, and the nearest of them first: what would have hindered next. `shareOf`: 0..1, null where nothing is measured. */
export function nearestRules(rules: readonly RuleResult[], shareOf: (rule: RuleResult) => number | null, most: number): RuleResult[] {
  const measured = rules.filter((rule) => rule.passed).map((rule) => ({ rule, share: shareOf(rule) })).filter((one): one is { rule: RuleResult; share: number } => one.share !== null && one.share > 0 && one.share < 1);
  return measured.sort((a, b) => b.share - a.share).slice(0, most).map(({ rule }) => rule);
}

/** Which bars a strategy looked at, where they are not those of the chart: in a sentence, null where they are. */
export function widthNote({ timeframe, barsInSpan }: Pick<ExplainedBar, 'timeframe' | 'barsInSpan'>, chart: string, signals: number): string | null {
  if (timeframe === chart) return null;
  if (barsInSpan <= 1) return `It looks at bars of ${timeframe}: shown is the one that this moment lies in.`;
  return `It looks at bars of ${timeframe}: of ${barsInSpan} in here, the newest ${signals > 0 ? 'with a signal' : 'one'} is shown. Choose ${timeframe} to see each.`;
}

/** The strategy to show first: the first that is not idle, else the first. */
export function firstShown(strategies: readonly StrategyStory[]): string | null {
  return (strategies.find(({ verdict }) => VERDICT_TONES[verdict] !== 'idle') ?? strategies[0])?.explained.strategyId ?? null;
}
