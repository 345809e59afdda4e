/** Momentum rotation: holds the symbols that rose most, in equal parts, and chooses anew every so many bars. */
import * as z from 'zod';
import { roc } from '#app/indicators/rate-of-change.ts';
import { flag, integer, real } from '../parameters.ts';
import { reasonNumber } from '../reason.ts';
import { strategy } from '../spec.ts';

/** Relative strength over a basket (N. Jegadeesh and S. Titman, Journal of Finance 48(1), 1993, pages 65-91; here without their skipped month). */
export const momentumRotation = strategy({
  kind: 'momentum_rotation',
  title: 'Momentum rotation',
  description: 'Ranks its symbols by their return over some bars, holds the best few in equal parts and chooses anew every so many bars. What fell is not bought unless it is asked for.',
  scope: 'portfolio',
  symbols: [2, 1_000],
  parameters: {
    period: integer(63, { min: 2, max: 500, describe: 'Bars over which the return is measured' }),
    hold: integer(3, { min: 1, max: 100, unit: 'symbols', describe: 'Symbols to hold' }),
    every: integer(21, { min: 1, max: 260, describe: 'Bars from one choice to the next' }),
    invested: real(0.95, { min: 0.05, max: 1, step: 0.05, unit: 'part of equity', describe: 'Part of the equity that is spread over the symbols held; the rest stays in cash' }),
    onlyRising: flag(true, 'Holds cash in place of symbols that did not rise'),
  },
  indicators: ({ period }) => ({ change: roc(period) }),
  // Moments until the next choice.
  state: z.object({ wait: z.number().int().min(0) }),
  initialState: () => ({ wait: 0 }),
  onBar({ on, all, state, parameters }) {
    state.wait -= state.wait > 0 ? 1 : 0;
    if (!on.check('Choose: bars to wait until the next choice', state.wait === 0, state.wait, 0)) return;
    state.wait = parameters.every;
    const { hold, period, onlyRising } = parameters;
    // A symbol without a bar now is ranked by its last; one with too few bars is not ranked. Equal returns: in the order of names, which a stable sort keeps.
    const ranked = all.filter((view) => (onlyRising ? view.indicators.change.now > 0 : !Number.isNaN(view.indicators.change.now))).sort((a, b) => b.indicators.change.now - a.indicators.change.now);
    const ranks = new Map(ranked.map((view, at) => [view.symbol, at + 1]));
    for (const view of all) {
      const place = ranks.get(view.symbol) ?? NaN;
      const rank = place <= hold ? place : undefined;
      if (onlyRising) view.check('Hold: return above zero, percent', view.indicators.change.now > 0, view.indicators.change.now, 0);
      view.check('Hold: rank by return among those to hold', rank !== undefined, place, hold);
      const reasons = () => [{ name: `Return over ${period} bars`, value: `${reasonNumber(view.indicators.change.now)} %`, threshold: rank === undefined ? `not among the best ${hold} of ${all.length}` : `rank ${rank} of ${all.length}` }];
      if (rank === undefined) view.flat({ reasons });
      else view.weight(parameters.invested / hold, { reasons, again: true });
    }
  },
});
