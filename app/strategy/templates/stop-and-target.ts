/** Template: stop and target, an example of exits. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// Three ways out of a position: a stop and a target that rest at the broker, and time.
import { atr, donchian, integer, real, strategy } from 'mainspring';

export default strategy({
  kind: 'stop_and_target',
  title: 'Stop, target and patience',
  description: 'Buys a new high. Leaves at a stop, at a target, or when nothing has come of it after some bars.',
  scope: 'symbol',
  parameters: {
    channel: integer(20, { min: 5, max: 120, step: 5, unit: 'bars', describe: 'A close above the highest high of so many bars is an entry' }),
    stop: real(2, { min: 0.5, max: 6, step: 0.5, unit: 'average true ranges', describe: 'Distance of the stop below the entry' }),
    target: real(4, { min: 1, max: 12, step: 0.5, unit: 'average true ranges', describe: 'Distance of the target above the entry' }),
    patience: integer(30, { min: 3, max: 250, unit: 'bars', describe: 'Bars to hold at most' }),
  },
  check: ({ stop, target }) => (target > stop ? null : 'the target must lie further off than the stop'),
  indicators: ({ channel }) => ({ channel: donchian(channel), range: atr(14) }),

  onBar({ on, parameters }) {
    const close = on.close.now;
    const range = on.indicators.range.now;

    // The highest high of 20 bars holds this very bar: no close can be above it. 'upperBefore' is the channel as it stood before this bar.
    const high = on.indicators.channel.upperBefore.now;
    const isHigh = on.check('Buy: close above the highest high before', close > high, close, high);
    const isFlat = on.check('Buy: nothing is held', on.position.qty === 0, on.position.qty, 0);
    const isOld = on.check('Sell: held for too long', on.position.barsHeld >= parameters.patience, on.position.barsHeld, parameters.patience);

    if (isHigh && isFlat) {
      // Stop and target become orders at the broker: they work while your computer is off, and the one that fills cancels the other.
      // 'atr' tells a sizing by risk how far such a market moves. 'again': the wish may still be long from before a stop was hit; ask for it all the same.
      on.long({ atr: range, stopPrice: close - parameters.stop * range, takeProfitPrice: close + parameters.target * range, again: true });
    } else if (isOld) {
      // An exit of your own: a new target cancels the stop and the target that rest.
      on.flat({ reasons: () => [{ name: 'Bars held', value: String(on.position.barsHeld), threshold: 'at most ' + parameters.patience }] });
    }
  },
});

// In a back-test, when both prices lie within one bar, the stop is taken to have come first: nobody can know, so the worse case counts.
`;

/** Stop, target and patience. */
export const STOP_AND_TARGET: Template = {
  templateId: 'stop_and_target', title: 'Stop, target and patience', description: 'Buys a new high and leaves at a stop, at a target or after some bars. Shows exits that work while your computer is off.', level: 'common', isExample: true, scope: 'symbol',
  teaches: ['Exits that rest at the broker', 'Entering again after a stop', 'What is really held: on.position'], suggested: { symbols: ['AAPL', 'NVDA'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
