/** A campaign of kills: something dies every few hundred milliseconds while replays trade, one part or two at once, none more often than the supervisor forgives. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { seeded } from '../support/recorded-bars.ts';
import { KILLABLE_UNITS } from '../support/stack.ts';
import type { TestStack } from '../support/stack.ts';
import type { Outcome, RunOptions } from './experiment.ts';
import { pause, tradeRounds } from './rounds.ts';

/** What can be killed, and the stop that is none: everything goes down in order and comes up again, in the middle of the work. */
export const TARGETS = [...KILLABLE_UNITS, 'supervisor', 'orderly stop'] as const;
/** What can be killed. */
export type Target = (typeof TARGETS)[number];

/** One kill. `recoveryMs`: until every part was ready again, null when the replay ended before; `nth`: which kill of this target within the window. */
export type Kill = { readonly target: Target; readonly nth: number; readonly isDouble: boolean; readonly recoveryMs: number | null };

/** What came of it. */
export type CampaignResult = Omit<Outcome, 'measures' | 'faults'> & { readonly kills: readonly Kill[] };

/** A part that ends more than 5 times in a minute is given up by design: kills of one part keep a distance from that. */
const WINDOW_MS = 60_000;
const MOST_PER_WINDOW = 3;
/** How often two parts die in the same moment. */
const DOUBLE_SHARE = 0.1;

/** These take the whole stack down, and the same command is given again. */
function isWhole(target: Target): target is 'supervisor' | 'orderly stop' {
  return target === 'supervisor' || target === 'orderly stop';
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

/** A Redis that comes back remembers nothing: its file goes with it. */
function eraseRedis({ dataDir }: TestStack): void {
  rmSync(path.join(dataDir, 'redis', 'appendonlydir'), { recursive: true, force: true });
}

type Round = { readonly options: RunOptions; readonly random: () => number; readonly drawing: Drawing; readonly done: Kill[] };

/** Kills until the campaign's number is reached or the replay has ended. */
async function disturb({ options, random, drawing, done }: Round, first: TestStack, again: () => TestStack): Promise<TestStack> {
  let stack = first;
  drawing.forget();
  while (done.length < options.count) {
    await pause(random);
    const targets = drawing.next(performance.now());
    if (stack.replayEnd() !== null || !stack.isRunning() || (await stack.health())?.stopping !== false) return stack;
    if (targets.length === 0) continue;
    const at = performance.now();
    const pids: number[] = [];
    for (const target of targets) {
      if (!isWhole(target)) {
        pids.push(await stack.killUnit(target));
        if (target === 'redis') eraseRedis(stack);
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

/** Kills `options.count` times among `targets`. @throws when a stack does not come back or a replay does not end. */
export async function runCampaign(options: RunOptions, targets: readonly Target[] = TARGETS): Promise<CampaignResult> {
  const random = seeded(options.seed);
  const drawing = new Drawing(random, targets);
  const done: Kill[] = [];
  const compared = await tradeRounds(options, () => done.length >= options.count, (stack, again) => disturb({ options, random, drawing, done }, stack, again));
  return { ...compared, kills: done };
}
