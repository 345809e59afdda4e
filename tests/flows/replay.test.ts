/** The whole stack trades recorded bars: the same orders each time, whatever is killed meanwhile, and a book without a flaw. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordBars } from '../support/recorded-bars.ts';
import { cutDay, realBarsFolder, tradeReplay } from '../support/replays.ts';
import type { ReplayResult } from '../support/replays.ts';
import { cleanUp, KILLABLE_UNITS } from '../support/stack.ts';

const LIMIT_MS = 600_000;
/** Times real time: a minute in 60 ms, slow enough that every kill meets a replay that still trades. */
const KILL_SPEED = 1_000;

let folder: string;
let reference: ReplayResult;

beforeAll(async () => {
  folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC', 'DDD'], days: ['2024-03-04', '2024-03-05'], minutes: 150, seed: 3 });
  reference = await tradeReplay({ folder });
}, LIMIT_MS);
afterEach(() => cleanUp(), LIMIT_MS);
afterAll(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

describe('a replay', () => {
  it('trades to the end of the tape, prints what came of it, and leaves a book without a flaw', () => {
    const { end, orders, broken } = reference;
    expect(broken).toEqual([]);
    expect(end).toMatchObject({ bars: 4 * 2 * 150, steps: 2 * 150, violations: 0, orders: orders.length, brokerFills: end.fills });
    expect(orders.length).toBeGreaterThan(20);
    expect(end.fills).toBeGreaterThan(20);
    expect(Number(end.finalEquity)).not.toBe(100_000);
  });

  it('gives the identical order list from another fresh data folder', async () => {
    const again = await tradeReplay({ folder });
    expect(again.orders).toEqual(reference.orders);
    expect(again.end).toMatchObject({ orderList: reference.end.orderList, finalEquity: reference.end.finalEquity, violations: 0 });
  }, LIMIT_MS);

  it(`gives the same orders when each of ${KILLABLE_UNITS.length} parts is killed once, then the supervisor`, async () => {
    const disturbed = await tradeReplay({
      folder,
      speed: KILL_SPEED,
      async disturb(first, again) {
        for (const unit of KILLABLE_UNITS) {
          const pid = await first.killUnit(unit);
          expect(await first.recovered([pid]), `${unit} is back before the tape ends`).toBe(true);
        }
        await first.killSupervisor();
        const second = again();
        await second.announced();
        return second;
      },
    });
    expect(disturbed.broken).toEqual([]);
    expect(disturbed.orders).toEqual(reference.orders);
    expect(disturbed.end).toMatchObject({ orderList: reference.end.orderList, finalEquity: reference.end.finalEquity });
  }, LIMIT_MS);

  it(`trades ${realBarsFolder ? 'a real day (4 October 2013)' : 'a generated day, for the real bars are not here,'} twice with the same orders`, async () => {
    const day = realBarsFolder ? cutDay(realBarsFolder, ['aig', 'bac', 'ibm'], '2013-10-04') : recordBars({ symbols: ['EEE', 'FFF'], days: ['2024-03-06'], minutes: 390, seed: 9 });
    try {
      const one = await tradeReplay({ folder: day });
      const two = await tradeReplay({ folder: day });
      expect([...one.broken, ...two.broken]).toEqual([]);
      expect(one.orders.length).toBeGreaterThan(0);
      expect(two.orders).toEqual(one.orders);
    } finally {
      rmSync(day, { recursive: true, force: true });
    }
  }, LIMIT_MS);
});
