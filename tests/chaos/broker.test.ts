/** The short form of the experiments at the broker's wire: each way of breaking it once or a few times, and nothing is lost or doubled. */
import { describe, expect, it } from 'vitest';
import { halfOpen, keyLoss, partition, wrongUpdates } from './broker.ts';
import type { Experiment, Tape } from './experiment.ts';

const LIMIT_MS = 180_000;
const NO_TAPE: Tape = { folder: '', reference: () => Promise.reject(new Error('nothing is replayed here')) };
const CASES: readonly { readonly experiment: Experiment; readonly count: number }[] = [
  { experiment: partition, count: 6 }, { experiment: halfOpen, count: 1 }, { experiment: wrongUpdates, count: 3 }, { experiment: keyLoss, count: 1 },
];

describe('the wire to the broker', () => {
  it.each(CASES)('$experiment.id: nothing is lost, doubled or broken', async ({ experiment, count }) => {
    const told: string[] = [];
    const outcome = await experiment.run({ count, seed: 3, tape: NO_TAPE, speed: 1, tell: (line) => void told.push(line) });
    expect(outcome, told.join('\n')).toMatchObject({ lost: [], doubled: [], broken: [], faults: count });
    for (const measure of outcome.measures) expect(measure.value, measure.what).not.toBeNull();
  }, LIMIT_MS);
});
