/** Every batch of fills gets its run, also when the first start fails. */
import { expect, it } from 'vitest';
import { createFillTeller, type TellerParts } from './fill-teller.ts';

function stage(): { keys: string[]; acts: (() => void)[]; open: { batch: number; ageMs: number } | null; fails: number; tell: () => Promise<void> } {
  const state = { keys: [] as string[], acts: [] as (() => void)[], open: null as { batch: number; ageMs: number } | null, fails: 0 };
  const parts: TellerParts = {
    openBatch: () => Promise.resolve(state.open), later: (act) => void state.acts.push(act), log: { warn: () => undefined },
    start(key) {
      state.keys.push(key);
      state.fails -= 1;
      return state.fails >= 0 ? Promise.reject(new Error('the orchestrator is not there yet')) : Promise.resolve();
    },
  };
  const teller = createFillTeller(parts);
  const tell = async (): Promise<void> => {
    teller();
    await new Promise((done) => setImmediate(done));
  };
  return Object.assign(state, { tell });
}

it('starts one run for a batch, however often it is called, and none without a batch', async () => {
  const on = stage();
  await on.tell();
  on.open = { batch: 7, ageMs: 10 };
  for (let n = 0; n < 3; n += 1) await on.tell();
  on.open = { batch: 8, ageMs: 10 };
  await on.tell();
  expect(on.keys).toEqual(['batch-7', 'batch-8']);
});

it('starts the run again under the same key when its start failed', async () => {
  const on = stage();
  on.open = { batch: 7, ageMs: 10 };
  on.fails = 1;
  await on.tell();
  expect(on.acts).toHaveLength(1);
  on.acts[0]?.();
  await new Promise((done) => setImmediate(done));
  expect(on.keys).toEqual(['batch-7', 'batch-7']);
});

it('starts another run when a batch is still open long after', async () => {
  const on = stage();
  for (const ageMs of [10, 100_000, 181_000, 200_000, 361_000]) {
    on.open = { batch: 7, ageMs };
    await on.tell();
  }
  expect(on.keys).toEqual(['batch-7', 'batch-7-late-1', 'batch-7-late-2']);
});
