/** The short form of the simulation: some seeds without a broken promise, the same bytes twice, and defects that are found. */
import { describe, expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { PLANTED } from './planted.ts';

const SEEDS = Array.from({ length: 10 }, (_, n) => n + 1);
/** Seeds within which both defects show. */
const HUNTED = Array.from({ length: 8 }, (_, n) => n + 9);

describe('deterministic simulation', () => {
  it('breaks no promise, and is the same run each time', async () => {
    const results = await runCampaign({ seeds: SEEDS, planted: '', processes: 2 });
    expect(results.flatMap((result) => result.broken.map((words) => `seed ${result.seed}: ${words}`))).toEqual([]);
    const faults = results.reduce((sum, result) => sum + Object.values(result.faults).reduce((all, count) => all + count, 0), 0);
    expect(faults).toBeGreaterThan(100);
    expect(results.reduce((sum, result) => sum + result.fills, 0)).toBeGreaterThan(100);
    // What strategies can want: shares owed, parts of the equity, orders of their own, and steps that follow.
    for (const kind of ['short', 'weighed', 'own', 'followed'] as const) expect(results.reduce((sum, { approved }) => sum + approved[kind], 0), kind).toBeGreaterThan(0);
    // Alone in a fresh process, after none of the others: the seed decides everything.
    const [again] = await runCampaign({ seeds: [SEEDS.at(-1) ?? 1], planted: '', processes: 1 });
    expect(again?.hash).toBe(results.at(-1)?.hash);
  }, 300_000);

  it('finds planted defects', async () => {
    const names = ['float_money', 'new_id_on_timeout'];
    const found = await Promise.all(names.map(async (name) => {
      const results = await runCampaign({ seeds: HUNTED, planted: name, processes: 1, onResult: (result) => result.broken.length > 0 });
      return results.some((result) => result.broken.length > 0) ? name : null;
    }));
    expect(found).toEqual(names);
    expect(new Set(PLANTED.map((one) => one.name)).size).toBe(PLANTED.length);
  }, 300_000);
});
