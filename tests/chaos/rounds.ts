/** Replays from fresh data folders, disturbed until enough faults were made; each list of orders is held against the undisturbed one. */
import { tradeReplay } from '../support/replays.ts';
import type { Disturbance } from '../support/replays.ts';
import { surplus } from './experiment.ts';
import type { Outcome, RunOptions } from './experiment.ts';

/** A replay that ends before a fault could be made is made again, so often. */
const MOST_REPLAYS = 200;
const PAUSE_MS = { least: 100, span: 500 } as const;

/** Comparison of the replays with the reference, so far. */
export type Compared = Pick<Outcome, 'runs' | 'orders' | 'fills' | 'lost' | 'doubled' | 'broken'>;

/**
 * Trades until `isEnough`. `disturb` is given each replay and makes faults in it as long as it can.
 * @throws when a stack does not come back, a replay does not end, or replays end without a fault in them.
 */
export async function tradeRounds({ tape, speed, entry, tell }: RunOptions, isEnough: () => boolean, disturb: Disturbance): Promise<Compared> {
  const reference = await tape.reference();
  const [lost, doubled, broken]: [string[], string[], string[]] = [[], [], [...reference.broken]];
  let [runs, orders, fills] = [0, 0, 0];
  while (!isEnough()) {
    if (runs === MOST_REPLAYS) throw new Error(`Not enough faults in ${runs} replays: the replay is too short, slow it down`);
    const disturbed = await tradeReplay({ folder: tape.folder, ...(entry === undefined ? {} : { entry }), speed, disturb });
    runs += 1;
    orders += disturbed.orders.length;
    fills += disturbed.end.fills;
    const missing = surplus(disturbed.orders, reference.orders);
    const extra = surplus(reference.orders, disturbed.orders);
    lost.push(...missing);
    doubled.push(...extra);
    broken.push(...disturbed.broken);
    const isSame = disturbed.end.orderList === reference.end.orderList;
    tell(`replay ${runs}: order list ${disturbed.end.orderList} ${isSame ? 'as it must be' : 'DIFFERS'}, ${disturbed.broken.length} violations`);
    if (!isSame && missing.length + extra.length === 0) broken.push(`replay ${runs}: the same orders in another order`);
  }
  return { runs, orders, fills, lost, doubled, broken };
}

/** Waits a while, another one each time: faults must meet the work wherever it is. */
export function pause(random: () => number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS.least + random() * PAUSE_MS.span));
}
