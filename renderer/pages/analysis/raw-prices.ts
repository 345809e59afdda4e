/** Between prices as they were traded and prices as the chart shows them: what people drew and what was filled is kept raw. Pure. */
import type { BarsView } from '#app/contracts/market-data.ts';
import { parseDate } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/calendar.ts';

const SPLITS: ReadonlySet<string> = new Set(['forward_split', 'reverse_split', 'stock_dividend']);
const LAST_YEAR = 2100;

/** What raw prices of an instant are multiplied by in a view. */
export type FactorAt = (time: number) => number;

/** Does an action change the prices before it in this view? */
export function isFreedOf(kind: string, adjustment: BarsView['adjustment']): boolean {
  return adjustment === 'all' || (adjustment === 'split' && SPLITS.has(kind));
}

/** Midnight in New York of a day, epoch ms. */
export function dayStart(date: string): number {
  const civil = parseDate(date);
  return civil.year > LAST_YEAR ? Infinity : fromNewYork(date, 0);
}

/** The factor of every instant: the product of all actions with a later ex-date. A 4:1 split on 2020-08-31: 0.25 before that day, 1 from then on. */
export function factorsOf(actions: BarsView['actions'], adjustment: BarsView['adjustment']): FactorAt {
  const steps = actions.filter((action) => isFreedOf(action.kind, adjustment) && action.factor > 0).map((action) => ({ from: dayStart(action.exDate), factor: action.factor })).sort((a, b) => b.from - a.from);
  return (time) => {
    let product = 1;
    for (const step of steps) {
      if (time >= step.from) break;
      product *= step.factor;
    }
    return product;
  };
}
