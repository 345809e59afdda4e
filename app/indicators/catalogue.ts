/** All indicators there are. */
import { ATR } from './atr.ts';
import type { AnyIndicator } from './indicator.ts';
import { AVERAGES } from './lists/averages.ts';
import { CHANNELS } from './lists/channels.ts';
import { MOMENTUM } from './lists/momentum.ts';
import { PATTERNS } from './lists/patterns.ts';
import { STATISTICS } from './lists/statistics.ts';
import { TREND } from './lists/trend.ts';
import { VOLATILITY } from './lists/volatility.ts';
import { VOLUME } from './lists/volume.ts';

/** Each one once, by shelf. */
export const INDICATORS: readonly AnyIndicator[] = [...AVERAGES, ...TREND, ...MOMENTUM, ATR, ...VOLATILITY, ...CHANNELS, ...VOLUME, ...STATISTICS, ...PATTERNS];

const byId: ReadonlyMap<string, AnyIndicator> = new Map(INDICATORS.map((indicator) => [indicator.id, indicator]));

/** The indicator of that id; undefined when there is none. */
export function indicatorById(id: string): AnyIndicator | undefined {
  return byId.get(id);
}
