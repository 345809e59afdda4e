/** Parity: recorded bars through the live pipeline, with real workers and the simulator as the broker, and through the back-test give the same orders, fills and denials. `npm run parity` does it for each built-in. */
import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordBars } from '../../tests/support/recorded-bars.ts';
import { tradeLive, type LiveTrades } from '../../tests/support/live-pipeline.ts';
import { backtestHouse, PARITY_LIMITS, PARITY_STRATEGIES, type ParityStrategy } from '../../tests/support/parity.ts';

const SYMBOLS = ['AAA', 'BBB'];
const RECORDING = { symbols: SYMBOLS, days: ['2024-03-04'], minutes: 60, seed: 5 };

/** Two that are sized in dollars, one of them with exits at the broker, beside each other, each on a symbol of its own: what one does changes nothing for another. */
const TOGETHER: readonly ParityStrategy[] = PARITY_STRATEGIES.filter(({ isSized }) => isSized).slice(0, SYMBOLS.length).map((strategy, n) => ({ ...strategy, symbols: SYMBOLS.slice(n, n + 1) }));

let folder = '';
let live: ReadonlyMap<string, LiveTrades>;

beforeAll(async () => {
  folder = recordBars(RECORDING);
  live = await tradeLive(folder, { strategies: TOGETHER, limits: PARITY_LIMITS });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(TOGETHER.map((strategy) => [strategy.strategyId, strategy] as const))('%s', (id, strategy) => {
  it('sends the back-test\'s orders, and gets its fills', async () => {
    const tested = await backtestHouse(folder, strategy);
    const traded = live.get(id);
    expect(traded?.orders).toEqual(tested.orders);
    // Fills of one instant are booked side by side.
    expect([...(traded?.fills ?? [])].sort()).toEqual([...tested.fills].sort());
    expect([...(traded?.denied ?? [])].sort()).toEqual([...tested.denied].sort());
    expect(tested.orders.length).toBeGreaterThanOrEqual(strategy.leastOrders);
  });
});
