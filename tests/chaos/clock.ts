/** Experiment: the wall clock of every process of ours jumps, drifts, passes a night in which the hour changes, and repeats a second. The databases' clock does not follow. */
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { seeded } from '../support/recorded-bars.ts';
import type { TestStack } from '../support/stack.ts';
import type { Experiment } from './experiment.ts';
import { pause, tradeRounds } from './rounds.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const DRIFT = { perSecondMs: 100, seconds: 5 } as const;
const STEP_MS = 250;
/** Two o'clock in the morning in New York on the two nights of 2026. */
const SPRING = Date.UTC(2026, 2, 8, 7);
const AUTUMN = Date.UTC(2026, 10, 1, 6);

/** What the clock does: offsets from the true time, one after the other, in milliseconds. */
const JUMPS: Readonly<Record<string, () => readonly number[]>> = {
  'an hour ahead': () => [HOUR_MS],
  'an hour back': () => [-HOUR_MS],
  'a day ahead': () => [DAY_MS],
  'a day back': () => [-DAY_MS],
  'a spring night': () => [SPRING - Date.now() - 1_000],
  'an autumn night': () => [AUTUMN - Date.now() - 1_000],
  'a second twice': () => [0, -1_000, 0],
  'a drift of 100 ms a second': () => Array.from({ length: (DRIFT.seconds * 1_000) / STEP_MS }, (_, n) => (n + 1) * DRIFT.perSecondMs * (STEP_MS / 1_000)),
};

function setOffset({ dataDir }: TestStack, offset: number): void {
  const file = path.join(dataDir, 'clock-offset');
  writeFileSync(`${file}.new`, String(Math.round(offset)));
  renameSync(`${file}.new`, file);
}

/** The wall clock is wrong. */
export const clockJumps: Experiment = {
  id: 'clock', what: 'the wall clock jumps +-1 h and +-1 day, passes nights of summer time, repeats a second, drifts 100 ms/s', target: 'no duplicate bar or signal, the same orders, nobody taken for dead', full: 16,
  async run(options) {
    const random = seeded(options.seed);
    const names = Object.keys(JUMPS);
    const replaced: string[] = [];
    let done = 0;
    const compared = await tradeRounds({ ...options, entry: 'tests/chaos/clock-entry.mjs' }, () => done >= options.count, async (stack) => {
      while (done < options.count) {
        await pause(random);
        const health = await stack.health();
        if (stack.replayEnd() !== null || !stack.isRunning() || health?.stopping !== false) return stack;
        const name = names[done % names.length] ?? '';
        for (const offset of JUMPS[name]?.() ?? []) {
          setOffset(stack, offset);
          await new Promise((resolve) => setTimeout(resolve, STEP_MS));
        }
        if (!(await stack.recovered([]))) return stack;
        const now = await stack.health();
        replaced.push(...(now?.units ?? []).filter(({ id, pid }) => health.units.find((unit) => unit.id === id)?.pid !== pid).map(({ id }) => `${id} was started again by ${name}`));
        done += 1;
        options.tell(`${String(done).padStart(4)}  ${name}`);
      }
      return stack;
    });
    return { ...compared, faults: done, broken: [...compared.broken, ...replaced], measures: [], notes: ["the databases' clock stays true: their disagreement with ours is part of the experiment"] };
  },
};
