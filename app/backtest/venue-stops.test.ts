/** Stops, stop-limits and trailing stops: when they are elected and at what price they fill. */
import { describe, expect, it } from 'vitest';
import { toText } from '#app/domain/numeric.ts';
import type { OrderRequest } from './venue-types.ts';
import { holdingTen, openFloor } from './venue-testing.ts';

type Bar = readonly [open: number, high: number, low: number, close: number];
type Case = readonly [name: string, order: Partial<OrderRequest>, bars: readonly Bar[], expected: readonly string[]];

const sellStop = { side: 'sell', type: 'stop', stopPrice: '95' } as const;
const sellStopLimit = { side: 'sell', type: 'stop_limit', stopPrice: '95', limitPrice: '94' } as const;
const buyStop = { type: 'stop', stopPrice: '105' } as const;
const buyStopLimit = { type: 'stop_limit', stopPrice: '105', limitPrice: '106' } as const;

describe('a stop to sell', () => {
  it.each<Case>([
    ['rests above its stop', sellStop, [[100, 101, 95.01, 96]], []],
    ['sells at the stop when the bar reaches it', sellStop, [[97, 98, 94, 96]], ['fill s 10@95']],
    ['a touch elects it', sellStop, [[97, 98, 95, 96]], ['fill s 10@95']],
    ['sells at the open of a gap', sellStop, [[90, 91, 89, 91]], ['fill s 10@90']],
    ['stop-limit: sells at the stop, which its limit allows', sellStopLimit, [[97, 98, 93, 97]], ['fill s 10@95']],
    ['stop-limit: a gap beyond the limit leaves it resting', sellStopLimit, [[92, 93, 91, 92], [93, 94, 92, 93]], []],
    ['stop-limit: then it fills as a limit order', sellStopLimit, [[92, 93, 91, 92], [93, 94.5, 92, 93]], ['fill s 10@94']],
    ['stop-limit: opens exactly at the limit', sellStopLimit, [[94, 94, 93, 93]], ['fill s 10@94']],
  ])('%s', (...[_name, order, bars, expected]) => {
    const floor = holdingTen();
    floor.submit({ clientOrderId: 's', ...order });
    expect(bars.flatMap((bar) => floor.bar(...bar))).toEqual(expected);
  });
});

describe('a stop to buy', () => {
  it.each<Case>([
    ['rests below its stop', buyStop, [[100, 104.99, 99, 100]], []],
    ['buys at the stop', buyStop, [[100, 106, 99, 100]], ['fill s 10@105']],
    ['buys at the open of a gap within 2.5 %', buyStop, [[107, 108, 107, 108]], ['fill s 10@107']],
    // 105 x 1.025 = 107.625, to the tick 107.62.
    ['waits when the gap is wider: it counts as a stop-limit order', buyStop, [[108, 109, 108, 109], [108, 109, 107.62, 108]], []],
    ['then buys at the hidden limit', buyStop, [[108, 109, 108, 109], [108, 109, 107, 108]], ['fill s 10@107.62']],
    ['stop-limit: buys at the stop', buyStopLimit, [[100, 105.5, 99, 100]], ['fill s 10@105']],
    ['stop-limit: not above its limit', buyStopLimit, [[107, 108, 106.5, 107]], []],
    ['stop-limit below its stop: only once the close shows that the price came back', { type: 'stop_limit', stopPrice: '105', limitPrice: '103' }, [[100, 106, 99, 104], [104, 104, 102, 102]], ['fill s 10@103']],
    ['stop-limit below its stop, back inside the bar', { type: 'stop_limit', stopPrice: '105', limitPrice: '103' }, [[100, 106, 99, 102]], ['fill s 10@103']],
  ])('%s', (...[_name, order, bars, expected]) => {
    const floor = openFloor();
    floor.submit({ clientOrderId: 's', ...order });
    expect(bars.flatMap((bar) => floor.bar(...bar))).toEqual(expected);
  });
  it('has 4 % of room below $50, 2.5 % from $50 on', () => {
    const floor = openFloor();
    floor.submit({ clientOrderId: 'low', type: 'stop', stopPrice: '49.99' }, { lastPrice: '40' });
    floor.submit({ clientOrderId: 'high', type: 'stop', stopPrice: '50' }, { lastPrice: '40' });
    expect([floor.order('low')?.bandPrice?.toString(), floor.order('high')?.bandPrice?.toString()]).toEqual(['51.99', '51.25']);
    // What it may cost is held back.
    expect(toText(floor.venue.figures().reserved)).toBe('1032.4');
  });
});

describe('a trailing stop', () => {
  it.each<Case>([
    ['sells 2 below the best price', { trailPrice: '2' }, [[100, 104, 100, 104], [103, 103, 101, 102]], ['fill s 10@102']],
    ['sells 2 % below it', { trailPercent: '2' }, [[100, 110, 109, 109], [109, 109, 107, 107]], ['fill s 10@107.8']],
    ['follows the open before the low of the same bar counts', { trailPrice: '2' }, [[105, 105, 103, 104]], ['fill s 10@103']],
    ['does not take a high for earlier than a low', { trailPrice: '2' }, [[100, 105, 99, 104]], []],
    ['but takes the close for later than both', { trailPrice: '2' }, [[100, 105, 99, 102]], ['fill s 10@103']],
    ['sells at the open of a gap', { trailPrice: '2' }, [[95, 96, 94, 95]], ['fill s 10@95']],
  ])('%s', (...[_name, order, bars, expected]) => {
    const floor = holdingTen();
    floor.submit({ clientOrderId: 's', side: 'sell', type: 'trailing_stop', ...order });
    expect(bars.flatMap((bar) => floor.bar(...bar))).toEqual(expected);
  });
  it('shows where it stands, and tells the host that it moved', () => {
    const floor = holdingTen();
    const { stopPrice, hwm } = floor.submit({ clientOrderId: 's', side: 'sell', type: 'trailing_stop', trailPrice: '2' });
    expect([stopPrice?.toString(), hwm?.toString()]).toEqual(['98', '100']);
    floor.bar(101, 106, 100.5, 105);
    expect([floor.order('s')?.stopPrice?.toString(), floor.order('s')?.hwm?.toString(), floor.order('s')?.status]).toEqual(['104', '106', 'new']);
  });
  it('trails down for a buy', () => {
    const floor = openFloor();
    floor.submit({ clientOrderId: 's', type: 'trailing_stop', trailPrice: '2' });
    expect([...floor.bar(100, 100.5, 95, 95), ...floor.bar(96, 97.5, 96, 97)]).toEqual(['fill s 10@97']);
  });
});

it('stops are elected in the regular session only', () => {
  const floor = holdingTen();
  floor.submit({ clientOrderId: 's', timeInForce: 'gtc', ...sellStop });
  const { events } = floor.apply({ op: 'step', at: floor.venue.state.now, barMs: 60_000, isRegular: false, bars: [{ symbol: 'AAPL', open: '90', high: '90', low: '90', close: '90', volume: '10' }] });
  expect(events).toEqual([]);
  expect(floor.bar(93)).toEqual(['fill s 10@93']);
});
