/** The simulated venue alone: orders taken, matched and closed in a second of processor time, on an empty book and beside ten thousand resting orders. */
import { cpuUsage } from 'node:process';
import { invariant } from '#app/domain/errors.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { DEFAULT_VENUE_CONFIG, PLAIN_ASSET, PLAIN_REQUEST, type OrderRequest } from '#app/backtest/venue-types.ts';
import { openVenue, type Venue } from '#app/backtest/venue.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const ORDERS = 5_000;
const RESTING = 10_000;
const SYMBOLS = 100;
const BATCH = 200;
const ROUNDS = 3;
const START = 1_700_000_040_000;

const symbolOf = (n: number): string => `S${n % SYMBOLS}`;

function submit(venue: Venue, n: number, over: Partial<OrderRequest>): void {
  const at = Math.max(START, venue.state.now) as EpochMs;
  const result = venue.apply({
    op: 'submit', request: { ...PLAIN_REQUEST, clientOrderId: `c${n}`, symbol: symbolOf(n), side: 'buy', type: 'market', timeInForce: 'gtc', qty: '1', ...over },
    context: { at, isOpen: true, isExtendedOpen: false, expiresAt: (at + 1e9) as EpochMs, auctionAt: null, isAuctionShut: false, lastPrice: '100', bid: null, ask: null, asset: PLAIN_ASSET },
  });
  invariant(result.ok, 'The venue refused an order of the benchmark', { result });
}

/** Submits and matches; returns orders a second of processor time: the venue never waits, and what else the machine does is no matter of its own. */
function trade(resting: number, terms: Partial<OrderRequest>): number {
  const venue = openVenue({ ...DEFAULT_VENUE_CONFIG, startingCash: '1000000000' });
  for (let n = 0; n < resting; n += 1) submit(venue, -n - 1, { symbol: symbolOf(n), type: 'limit', limitPrice: '50' });
  const bars = Array.from({ length: SYMBOLS }, (_none, n) => ({ symbol: symbolOf(n), open: '100', high: '101', low: '99', close: '100', volume: '100000' }));
  const start = cpuUsage();
  for (let n = 0; n < ORDERS; n += 1) {
    submit(venue, n, terms);
    if (n % BATCH !== BATCH - 1) continue;
    const stepped = venue.apply({ op: 'step', at: Math.max(START, venue.state.now) as EpochMs, barMs: MINUTE_MS, isRegular: true, bars: resting === 0 ? bars : bars.slice(0, 1) });
    invariant(stepped.ok, 'The venue refused a bar of the benchmark', {});
  }
  const { user, system } = cpuUsage(start);
  return ORDERS / ((user + system) / 1e6);
}

/** Orders a second of the venue in this process. The simulator's own target over HTTP is 1,000 a second: the venue must be far beyond it. */
export function benchVenue(): Promise<Figure[]> {
  const rounds = (resting: number, terms: Partial<OrderRequest>): number[] => Array.from({ length: ROUNDS }, () => trade(resting, terms));
  const bracket: Partial<OrderRequest> = { orderClass: 'bracket', takeProfit: { limitPrice: '110' }, stopLoss: { stopPrice: '95', limitPrice: null } };
  return Promise.resolve([
    figureOf({ name: 'market orders, submitted and filled', unit: 'orders/s', values: rounds(0, {}), limit: 10_000, isFloor: true }),
    figureOf({ name: 'limit orders beside 10,000 resting ones', unit: 'orders/s', values: rounds(RESTING, { type: 'limit', limitPrice: '60' }), limit: 10_000, isFloor: true }),
    figureOf({ name: 'brackets with both exits', unit: 'orders/s', values: rounds(0, bracket) }),
  ]);
}
