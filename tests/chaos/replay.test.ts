/** The whole stack trades recorded bars: the same orders each time, whatever is killed meanwhile, and a book without a flaw. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordBars } from '../support/recorded-bars.ts';
import { cutDay, realBarsFolder, tradeReplay } from '../support/replays.ts';
import type { ReplayResult } from '../support/replays.ts';
import { cleanUp, KILLABLE_UNITS } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import { openTape } from './tape.ts';

const LIMIT_MS = 600_000;
/** Times real time: slow enough that kills meet a replay that still trades. */
const KILL_SPEED = 1_000;

let folder: string;
let reference: ReplayResult;

beforeAll(async () => {
  folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC', 'DDD'], days: ['2024-03-04', '2024-03-05'], minutes: 120, seed: 3 });
  reference = await openTape(folder, { tell: () => undefined }).reference();
}, LIMIT_MS);
afterEach(() => cleanUp(), LIMIT_MS);
afterAll(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

/** All units but these die one after the other; those named together die in the same moment. */
async function killEach(stack: TestStack): Promise<void> {
  const pairs: readonly (typeof KILLABLE_UNITS[number])[][] = [['postgres', 'execution'], ['redis', 'risk_management'], ['simulator', 'strategy_engine'], ['data_ingestion'], ['analytics', 'gateway', 'notification'], ['orchestrator']];
  expect(new Set(pairs.flat()).size).toBe(KILLABLE_UNITS.length);
  for (const units of pairs) {
    const pids = await Promise.all(units.map((unit) => stack.killUnit(unit)));
    expect(await stack.recovered(pids), `${units.join(' and ')} are back before the tape ends`).toBe(true);
  }
}

describe('a replay', () => {
  it('trades to the end of the tape, prints what came of it, and leaves a book without a flaw', () => {
    const { end, orders, broken } = reference;
    expect(broken).toEqual([]);
    expect(end).toMatchObject({ bars: 4 * 2 * 120, steps: 2 * 120, violations: 0, orders: orders.length, brokerFills: end.fills });
    expect(orders.length).toBeGreaterThan(15);
    expect(end.fills).toBeGreaterThan(15);
    expect(Number(end.finalEquity)).not.toBe(100_000);
  });

  it(`gives the same orders from another data folder when each of ${KILLABLE_UNITS.length} parts is killed, then the supervisor, and all is stopped in order once`, async () => {
    const disturbed = await tradeReplay({
      folder, speed: KILL_SPEED,
      async disturb(first, again) {
        await killEach(first);
        await first.killSupervisor();
        const second = again();
        await second.announced();
        expect(await second.stop(), 'an orderly stop in the midst of work').toBe(0);
        const third = again();
        await third.announced();
        return third;
      },
    });
    expect(disturbed.broken).toEqual([]);
    expect(disturbed.orders).toEqual(reference.orders);
    expect(disturbed.end).toMatchObject({ orderList: reference.end.orderList, finalEquity: reference.end.finalEquity });
  }, LIMIT_MS);

  it(`trades ${realBarsFolder ? 'a real day (4 October 2013)' : 'a generated day, for the real bars are not here,'} twice with the same orders`, async () => {
    const day = realBarsFolder ? cutDay(realBarsFolder, ['aig', 'bac', 'ibm'], '2013-10-04') : recordBars({ symbols: ['EEE', 'FFF'], days: ['2024-03-06'], minutes: 390, seed: 9 });
    try {
      const [one, two] = await Promise.all([tradeReplay({ folder: day }), tradeReplay({ folder: day })]);
      expect([...one.broken, ...two.broken]).toEqual([]);
      expect(one.orders.length).toBeGreaterThan(0);
      expect(two.orders).toEqual(one.orders);
    } finally {
      rmSync(day, { recursive: true, force: true });
    }
  }, LIMIT_MS);
});
