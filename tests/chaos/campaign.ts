/** A campaign of kills: replays from fresh data folders, something killed every few hundred milliseconds, each list of orders compared with an undisturbed one. */
import { seeded } from '../support/recorded-bars.ts';
import { tradeReplay } from '../support/replays.ts';
import type { ReplayResult } from '../support/replays.ts';
import { KILLABLE_UNITS } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';

/** What can be killed, and the stop that is none: everything goes down in order and comes up again, in the middle of the work. */
export const TARGETS = [...KILLABLE_UNITS, 'supervisor', 'orderly stop'] as const;
/** What can be killed. */
export type Target = (typeof TARGETS)[number];

/** One kill. `recoveryMs`: until every part was ready again, null when the replay ended before; `nth`: which kill of this target within the window. */
export type Kill = { readonly target: Target; readonly nth: number; readonly isDouble: boolean; readonly recoveryMs: number | null };

/** How to kill. `kills` in all, counted over as many replays as it takes; `speed` of the replay, times real time. */
export type CampaignOptions = {
  readonly kills: number;
  readonly seed: number;
  readonly folder: string;
  readonly speed: number;
  readonly entry?: string;
  readonly targets?: readonly Target[];
  readonly tell: (line: string) => void;
};

/** What came of it. `lost` and `doubled` are order lines that are missing or too many; `broken` the checker's findings. */
export type CampaignResult = { readonly kills: readonly Kill[]; readonly replays: number; readonly ordersEach: number; readonly lost: readonly string[]; readonly doubled: readonly string[]; readonly broken: readonly string[] };

/** A part that ends more than 5 times in a minute is given up by design: kills of one part keep a distance from that. */
const WINDOW_MS = 60_000;
const MOST_PER_WINDOW = 3;
const PAUSE_MS = { least: 100, span: 500 } as const;
/** How often two parts die in the same moment. */
const DOUBLE_SHARE = 0.1;
const MOST_REPLAYS = 100;

/** These take the whole stack down, and the same command is given again. */
function isWhole(target: Target): target is 'supervisor' | 'orderly stop' {
  return target === 'supervisor' || target === 'orderly stop';
}

/** Lines of `b` that `a` does not have, counting repetitions. */
export function surplus(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of a) left.set(line, (left.get(line) ?? 0) + 1);
  return b.filter((line) => {
    const count = left.get(line) ?? 0;
    if (count > 0) left.set(line, count - 1);
    return count === 0;
  });
}

/** Draws targets, none of them more often in a minute than the supervisor forgives. */
export class Drawing {
  private readonly random: () => number;
  private readonly targets: readonly Target[];
  private readonly past = new Map<Target, number[]>();

  constructor(random: () => number, targets: readonly Target[]) {
    this.random = random;
    this.targets = targets;
  }

  /** How often `target` was killed within the window before `now` (milliseconds). */
  recent(target: Target, now: number): number {
    return (this.past.get(target) ?? []).filter((at) => now - at < WINDOW_MS).length;
  }

  /** The next targets: one, sometimes two units at once, none while all are to be spared. */
  next(now: number): readonly Target[] {
    const free = this.targets.filter((target) => this.recent(target, now) < MOST_PER_WINDOW);
    const first = free[Math.floor(this.random() * free.length)];
    if (first === undefined) return [];
    const others = free.filter((target) => target !== first && !isWhole(target));
    const isDouble = this.random() < DOUBLE_SHARE && !isWhole(first);
    const second = isDouble ? others[Math.floor(this.random() * others.length)] : undefined;
    return second === undefined ? [first] : [first, second];
  }

  /** Remembers a kill; returns which one of its target it was within the window. */
  note(target: Target, now: number): number {
    this.past.set(target, [...(this.past.get(target) ?? []), now]);
    return this.recent(target, now);
  }

  /** A new supervisor has forgotten all ends. */
  forget(): void {
    this.past.clear();
  }
}

/** @throws when the stop was not clean. */
async function stopInOrder(stack: TestStack): Promise<void> {
  const exit = await stack.stop();
  if (exit !== 0) throw new Error(`An orderly stop ended with ${exit}:\n${stack.output()}`);
}

type Round = { readonly options: CampaignOptions; readonly random: () => number; readonly drawing: Drawing; readonly done: Kill[] };

/** Kills until the campaign's number is reached or the replay has ended. */
async function disturb({ options, random, drawing, done }: Round, first: TestStack, again: () => TestStack): Promise<TestStack> {
  let stack = first;
  drawing.forget();
  while (done.length < options.kills) {
    const pause = PAUSE_MS.least + random() * PAUSE_MS.span;
    await new Promise((resolve) => setTimeout(resolve, pause));
    const targets = drawing.next(performance.now());
    if (stack.replayEnd() !== null || !stack.isRunning() || (await stack.health())?.stopping !== false) return stack;
    if (targets.length === 0) continue;
    const at = performance.now();
    const pids: number[] = [];
    for (const target of targets) {
      if (!isWhole(target)) {
        pids.push(await stack.killUnit(target));
        continue;
      }
      if (target === 'supervisor') await stack.killSupervisor();
      else await stopInOrder(stack);
      stack = again();
      await stack.announced();
    }
    const isBack = await stack.recovered(pids);
    const recoveryMs = isBack ? performance.now() - at : null;
    for (const target of targets) {
      done.push({ target, nth: drawing.note(target, at), isDouble: targets.length > 1, recoveryMs });
      options.tell(`${String(done.length).padStart(4)}  ${target.padEnd(16)} ${recoveryMs === null ? 'the replay had ended' : `${Math.round(recoveryMs)} ms`}${targets.length > 1 ? ' (two at once)' : ''}`);
    }
    if (targets.some(isWhole)) drawing.forget();
    if (!isBack) return stack;
  }
  return stack;
}

/** The replay that nothing disturbs, against which a campaign is held. */
export async function tradeReference({ folder, entry, tell }: Pick<CampaignOptions, 'folder' | 'entry' | 'tell'>): Promise<ReplayResult> {
  tell('The undisturbed reference ...');
  const reference = await tradeReplay({ folder, ...(entry === undefined ? {} : { entry }) });
  tell(`${reference.orders.length} orders, list ${reference.end.orderList}, ${reference.end.seconds} s, ${reference.broken.length} violations`);
  return reference;
}

/** Runs the campaign over the bars of the reference. @throws when a stack does not come back or a replay does not end. */
export async function runCampaign(options: CampaignOptions, reference: ReplayResult): Promise<CampaignResult> {
  const { folder, tell } = options;
  const how = { folder, ...(options.entry === undefined ? {} : { entry: options.entry }) };
  const random = seeded(options.seed);
  const drawing = new Drawing(random, options.targets ?? TARGETS);
  const done: Kill[] = [];
  const lost: string[] = [];
  const doubled: string[] = [];
  const broken = [...reference.broken];
  let replays = 0;
  while (done.length < options.kills) {
    if (replays === MOST_REPLAYS) throw new Error(`Only ${done.length} kills in ${replays} replays: the replay is too short, slow it down`);
    const disturbed = await tradeReplay({ ...how, speed: options.speed, disturb: (stack, again) => disturb({ options, random, drawing, done }, stack, again) });
    replays += 1;
    const missing = surplus(disturbed.orders, reference.orders);
    const extra = surplus(reference.orders, disturbed.orders);
    lost.push(...missing);
    doubled.push(...extra);
    broken.push(...disturbed.broken);
    const isSame = disturbed.end.orderList === reference.end.orderList;
    tell(`replay ${replays}: ${done.length} kills so far, order list ${disturbed.end.orderList} ${isSame ? 'as it must be' : 'DIFFERS'}, ${disturbed.broken.length} violations`);
    if (!isSame && missing.length + extra.length === 0) broken.push(`replay ${replays}: the same orders in another order`);
  }
  return { kills: done, replays, ordersEach: reference.orders.length, lost, doubled, broken };
}
