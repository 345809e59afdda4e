/** All indicators there are. */
import { ATR } from './atr.ts';
import type { AnyIndicator } from './indicator.ts';
import { AVERAGES } from './lists/averages.ts';
import { MOMENTUM } from './lists/momentum.ts';

/** Each one once, by shelf. */
export const INDICATORS: readonly AnyIndicator[] = [...AVERAGES, ...MOMENTUM, ATR];

const byId: ReadonlyMap<string, AnyIndicator> = new Map(INDICATORS.map((indicator) => [indicator.id, indicator]));

/** The indicator of that id; undefined when there is none. */
export function indicatorById(id: string): AnyIndicator | undefined {
  return byId.get(id);
}
