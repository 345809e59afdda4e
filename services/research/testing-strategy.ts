/** A strategy for tests of searches: above its mean it is long, and at some points it misbehaves. */
import * as z from 'zod';
import { choice, integer } from '#app/strategy/parameters.ts';
import { strategy, type StrategyType } from '#app/strategy/spec.ts';

/** How a point of the strategy behaves. */
export const MOODS = ['well', 'throws', 'dies', 'hangs', 'flaky', 'slow'] as const;
/** One of the moods. */
export type Mood = (typeof MOODS)[number];

const SLOW_TURNS = 5_000;

/** The strategy; `misbehave` is called at its first bar with the mood of the point. */
export function testingStrategy(misbehave: (mood: Mood) => void): StrategyType {
  return strategy({
    kind: 'testing', title: 'Testing', description: 'Long above the mean of some closes.', scope: 'symbol',
    parameters: { period: integer(10, { min: 2, max: 60, describe: 'closes' }), band: integer(0, { min: 0, max: 50, unit: 'cents', describe: 'distance' }), mood: choice(MOODS, 'mood') },
    check: ({ period, band }) => (period === 13 && band === 13 ? 'twice thirteen is not lucky' : null),
    indicators: () => ({}), history: ({ period }) => period,
    state: z.object({ hasBegun: z.boolean() }), initialState: () => ({ hasBegun: false }),
    onBar({ on, parameters: { period, band, mood }, state }) {
      if (!state.hasBegun) misbehave(mood as Mood);
      state.hasBegun = true;
      if (mood === 'slow') for (let n = 0; n < SLOW_TURNS; n += 1) Math.sqrt(n);
      let sum = 0;
      for (let n = 0; n < period; n += 1) sum += on.close.ago(n);
      const gap = on.close.now - sum / period;
      if (gap > band / 100) on.long();
      else if (gap < -band / 100) on.flat();
    },
  });
}
