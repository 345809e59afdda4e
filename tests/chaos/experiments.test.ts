/** The short form of `npm run chaos`: kills at random and a power cut while recorded bars are traded, held against an undisturbed replay. */
import { rmSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { recordBars } from '../support/recorded-bars.ts';
import { cleanUp } from '../support/stack.ts';
import type { RunOptions } from './experiment.ts';
import { isSound } from './experiment.ts';
import { mixedKills } from './kills.ts';
import { powerCut } from './power.ts';
import { openTape } from './tape.ts';

const LIMIT_MS = 600_000;
/** Times real time: slow enough that kills meet a replay that still trades. */
const KILL_SPEED = 1_000;

let folder: string;
let options: Omit<RunOptions, 'count'>;
const told: string[] = [];

beforeAll(async () => {
  folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC', 'DDD'], days: ['2024-03-04', '2024-03-05'], minutes: 120, seed: 3 });
  const tape = openTape(folder, { tell: (line) => void told.push(line) });
  await tape.reference();
  options = { seed: 20, tape, speed: KILL_SPEED, tell: (line) => void told.push(line) };
}, LIMIT_MS);
afterEach(() => cleanUp(), LIMIT_MS);
afterAll(async () => {
  await cleanUp();
  rmSync(folder, { recursive: true, force: true });
});

describe('an experiment', () => {
  it.each([
    { experiment: mixedKills, count: 5 },
    { experiment: powerCut, count: 1 },
  ])('$experiment.id loses, doubles and breaks nothing', async ({ experiment, count }) => {
    const outcome = await experiment.run({ ...options, count });
    expect(outcome, told.join('\n')).toMatchObject({ lost: [], doubled: [], broken: [] });
    expect(isSound(outcome)).toBe(true);
    expect(outcome.faults).toBeGreaterThanOrEqual(count);
    expect(outcome.orders).toBeGreaterThan(15);
  }, LIMIT_MS);
});
