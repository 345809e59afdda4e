/** Template: a patient bid, an example of orders of one's own. */
import { oneFile, type Template } from './template.ts';

const SOURCE = `// Orders in your own words: a bid below the market that moves along, with a stop that comes alive when it fills.
import { integer, real, sma, strategy } from 'mainspring';

/** Prices are asked for in whole cents. */
const cents = (price: number): number => Math.round(price * 100) / 100;

export default strategy({
  kind: 'patient_bid',
  title: 'A patient bid',
  description: 'Bids below the average and moves the bid along; sells above the average.',
  scope: 'symbol',
  // Said aloud, because such a strategy decides about prices and numbers of shares itself.
  usesOrders: true,
  parameters: {
    shares: integer(10, { min: 1, max: 1_000, unit: 'shares', describe: 'Shares of a bid' }),
    below: real(1, { min: 0.1, max: 10, step: 0.1, unit: 'percent', describe: 'Distance of the bid below the average' }),
    stop: real(5, { min: 1, max: 20, step: 1, unit: 'percent', describe: 'Distance of the stop below the bid' }),
    profit: real(2, { min: 0.1, max: 20, step: 0.1, unit: 'percent', describe: 'Sells this far above the price that was paid' }),
  },
  indicators: () => ({ average: sma(20) }),
  // The number of the bid that rests, null while there is none.
  initialState: (): { bid: number | null } => ({ bid: null }),

  onBar({ on, state, parameters }) {
    const held = on.position.qty;
    // The old bid is taken back before a new one is made. Cancelling one that filled meanwhile does nothing.
    if (state.bid !== null) on.cancel(state.bid);
    state.bid = null;

    const wanted = on.position.averagePrice * (1 + parameters.profit / 100);
    if (on.check('Sell: close above the wished profit', held > 0 && on.close.now > wanted, on.close.now, wanted)) {
      // flat() sells all of it, and cancels what rests: the stop as well.
      on.flat();
      return;
    }
    if (!on.check('Bid: nothing is held', held === 0, held, 0)) return;

    const limitPrice = cents((on.indicators.average.now * (100 - parameters.below)) / 100);
    // 'day': it ends with the session. 'oto' (one triggers the other): the stop waits for the bid.
    state.bid = on.submit({
      side: 'buy', qty: parameters.shares, type: 'limit', limitPrice, timeInForce: 'day',
      orderClass: 'oto', stopLoss: { stopPrice: cents((limitPrice * (100 - parameters.stop)) / 100) },
      reasons: () => [{ name: 'Bid', value: limitPrice.toFixed(2), threshold: parameters.below + ' % below the average' }],
    });
  },
});

// Every order passes the risk rules on its way: limits of the account and of this strategy hold for these as for all others.
`;

/** A patient bid. */
export const OWN_ORDERS: Template = {
  templateId: 'own_orders', title: 'A patient bid', description: 'Bids below the average, moves the bid along, and hangs a stop on it. Explains limit orders, cancelling, and what flat() does to them.', level: 'advanced', isExample: true, scope: 'symbol',
  teaches: ['Limit orders and cancelling', 'A stop that waits for an entry', 'Orders beside targets'], suggested: { symbols: ['AAPL'], timeframe: '1Day' }, files: oneFile(SOURCE),
};
