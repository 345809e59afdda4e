/** Own fills, signals and corporate actions at the bars they belong to. Pure. */
import type { ChartMarks } from '#app/contracts/charts.ts';
import type { BarsView } from '#app/contracts/market-data.ts';
import { money, percent, price, quantity } from '../../ui/format.ts';
import { dayStart, isFreedOf } from './raw-prices.ts';
import type { FactorAt } from './raw-prices.ts';
import { barOf, indexAt } from './series.ts';

/** One mark: several fills of a bar and side are one. `price`: in the view's prices. `opens`: the decision whose story a click tells. */
export type BarMark = { readonly key: string; readonly index: number; readonly kind: 'buy' | 'sell' | 'signal' | 'denied'; readonly count: number; readonly price: number; readonly words: readonly string[]; readonly opens: string | null };

type Group = { kind: BarMark['kind']; index: number; price: number; words: string[]; opens: string | null };
const WORDS_MAX = 6;

/** The marks of the loaded bars. Signals that were approved and filled in the same bar stand beside their fills. */
export function barMarks(marks: ChartMarks, time: Float64Array, factorAt: FactorAt): BarMark[] {
  const groups = new Map<string, Group>();
  const add = (kind: BarMark['kind'], at: number, more: Omit<Group, 'kind' | 'index' | 'words'> & { word: string }): void => {
    const index = barOf(time, at);
    if (index < 0) return;
    const key = `${kind} ${index}`;
    const group = groups.get(key) ?? { kind, index, price: more.price, words: [], opens: more.opens };
    group.words.push(more.word);
    groups.set(key, group);
  };
  for (const fill of marks.fills) {
    const profit = fill.realizedPnl === null ? '' : ` · ${money(fill.realizedPnl, { signed: true })} USD`;
    add(fill.side, fill.at, { price: Number(fill.price) * factorAt(fill.at), opens: fill.decisionId, word: `${fill.side === 'buy' ? 'Bought' : 'Sold'} ${quantity(fill.qty)} at ${price(fill.price)}${profit} · ${fill.strategyId ?? 'by hand'}` });
  }
  for (const signal of marks.signals) {
    const isDenied = signal.outcome === 'denied';
    add(isDenied ? 'denied' : 'signal', signal.barOpenTime, { price: Number(signal.price) * factorAt(signal.barOpenTime), opens: signal.decisionId, word: `${signal.strategyId} wants ${signal.target} at ${price(signal.price)} · ${isDenied ? `denied: ${signal.message ?? signal.code ?? ''}` : signal.outcome}` });
  }
  return [...groups].map(([key, group]) => ({ key, kind: group.kind, index: group.index, price: group.price, opens: group.opens, count: group.words.length, words: group.words.length > WORDS_MAX ? [...group.words.slice(0, WORDS_MAX), `and ${group.words.length - WORDS_MAX} more`] : group.words }));
}

/** A corporate action at the first bar without it. */
export type ActionMark = { readonly key: string; readonly index: number; readonly letter: string; readonly words: readonly string[] };

/** What each action does to the prices before it, in words; `adjustment`: the view. */
export function actionMarks(actions: BarsView['actions'], time: Float64Array, adjustment: BarsView['adjustment']): ActionMark[] {
  return actions.flatMap((action, n) => {
    const index = indexAt(time, dayStart(action.exDate));
    // A week or a month holds the day: the bar that opens before it is the one.
    const place = index >= time.length || (time[index] ?? 0) > dayStart(action.exDate) + 86_400_000 ? barOf(time, dayStart(action.exDate)) : index;
    if (place < 0 || (index === 0 && (time[0] ?? 0) > dayStart(action.exDate) + 7 * 86_400_000)) return [];
    const isFreed = isFreedOf(action.kind, adjustment);
    const effect = action.factor === 1 ? 'does not change prices' : `factor ${action.factor.toFixed(6)} (${percent(action.factor - 1)}): ${isFreed ? 'prices before it are shown multiplied by it' : 'prices before it are shown as they were traded'}`;
    return [{ key: `${action.exDate} ${action.kind} ${n}`, index: place, letter: letterOf(action.kind), words: [`${action.text} · ex ${action.exDate}`, effect] }];
  });
}

function letterOf(kind: string): string {
  if (kind.includes('split')) return 'S';
  if (kind.includes('dividend')) return 'D';
  if (kind.includes('name')) return 'N';
  return 'A';
}
