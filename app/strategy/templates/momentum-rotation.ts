/** Template: momentum rotation, the strategy of the house as source. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `import { flag, integer, real, roc, strategy } from 'mainspring';

/** A number as people read it. */
const shown = (value: number): string => (Number.isNaN(value) ? 'unknown' : String(Number(value.toFixed(6))));

/**
 * Relative strength over a basket (N. Jegadeesh and S. Titman, Journal of Finance 48(1), 1993; here without their skipped month).
 * It chooses anew when so many weeks of the calendar have passed. With 0 weeks it counts bars from its start, as the strategy of the house does: it then chooses on other days when it begins on
 * another day, so that what it does live is not what its back-test did. The warm-up check finds that with 0 as the default, and is right.
 */
export default strategy({
  kind: 'my_momentum_rotation',
  title: 'Momentum rotation',
  description: 'Ranks its symbols by their return over some bars, holds the best few in equal parts and chooses anew every so many weeks. What fell is not bought unless it is asked for.',
  scope: 'portfolio',
  symbols: [2, 1_000],
  parameters: {
    period: integer(63, { min: 2, max: 500, unit: 'bars', describe: 'Bars over which the return is measured' }),
    hold: integer(3, { min: 1, max: 100, unit: 'symbols', describe: 'Symbols to hold' }),
    weeks: integer(4, { min: 0, max: 52, unit: 'weeks', describe: 'Weeks of the calendar from one choice to the next; 0: by counting bars' }),
    every: integer(21, { min: 1, max: 260, unit: 'bars', describe: 'Bars from one choice to the next, where bars are counted' }),
    invested: real(0.95, { min: 0.05, max: 1, step: 0.05, unit: 'part of equity', describe: 'Part of the equity that is spread over the symbols held; the rest stays in cash' }),
    onlyRising: flag(true, 'Holds cash in place of symbols that did not rise'),
  },
  indicators: ({ period }) => ({ change: roc(period) }),
  // Moments until the next choice where bars are counted; the stretch of the calendar of the last choice where they are not.
  initialState: () => ({ wait: 0, stretch: -1 }),
  // Bars of a day after which that memory is the same wherever it began.
  forgetting: ({ weeks }) => (weeks > 0 ? 5 * weeks + 5 : 0),
  onBar({ on, all, time, state, parameters }) {
    if (parameters.weeks > 0) {
      // 'time' is the close of the bar in milliseconds since 1970, a Thursday; 345,600,000 later came the first Monday.
      const stretch = Math.floor((time - 345_600_000) / 604_800_000 / parameters.weeks);
      if (!on.check('Choose: a new stretch of weeks has begun', stretch !== state.stretch, stretch, state.stretch)) return;
      state.stretch = stretch;
    } else {
      state.wait -= state.wait > 0 ? 1 : 0;
      if (!on.check('Choose: bars to wait until the next choice', state.wait === 0, state.wait, 0)) return;
      state.wait = parameters.every;
    }
    const { hold, period, onlyRising, invested } = parameters;
    // A symbol with too few bars has NaN and is not ranked. Equal returns: in the order of names, which a stable sort keeps.
    const ranked = all
      .filter((view) => (onlyRising ? view.indicators.change.now > 0 : !Number.isNaN(view.indicators.change.now)))
      .sort((a, b) => b.indicators.change.now - a.indicators.change.now);
    const ranks = new Map(ranked.map((view, at) => [view.symbol, at + 1] as const));
    for (const view of all) {
      const change = view.indicators.change.now;
      const place = ranks.get(view.symbol) ?? NaN;
      const isChosen = place <= hold;
      if (onlyRising) view.check('Hold: return above zero, percent', change > 0, change, 0);
      view.check('Hold: rank by return among those to hold', isChosen, place, hold);
      const reasons = () => [{ name: 'Return over ' + period + ' bars', value: shown(change) + ' %', threshold: isChosen ? 'rank ' + place + ' of ' + all.length : 'not among the best ' + hold + ' of ' + all.length }];
      // again: trade back to equal parts what has drifted from them.
      if (isChosen) view.weight(invested / hold, { reasons, again: true });
      else view.flat({ reasons });
    }
  },
});
`;

/** Momentum rotation. */
export const MOMENTUM_ROTATION: Template = {
  templateId: 'momentum_rotation', title: 'Momentum rotation', description: 'Ranks its symbols by their return over some bars, holds the best few in equal parts and chooses anew every few weeks of the calendar, or every so many bars as the strategy of the house does. What fell is not bought unless it is asked for.', level: 'advanced', isExample: false, scope: 'portfolio',
  teaches: ['A portfolio: all symbols at one moment', 'Ranking, and symbols without enough bars', 'Rebalancing with again', 'What counting bars from the start does'], suggested: { symbols: ['AAPL', 'AMZN', 'GOOGL', 'META', 'MSFT', 'NVDA'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
