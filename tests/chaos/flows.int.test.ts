/** The short form of `npm run chaos -- flows`: each part is killed at least once in the midst of families of runs. */
import { expect, it } from 'vitest';
import { runFlowCampaign } from './flows.ts';

const LIMIT_MS = 180_000;

it('ends every run once and doubles no effect while parts are killed', async () => {
  const result = await runFlowCampaign({ kills: 8, seed: 12, tell: () => undefined });
  expect(result.wrong).toEqual([]);
  expect(result.kills).toEqual({ strategy_engine: 2, postgres: 1, attic: 3, orchestrator: 1, execution: 1 });
  expect(result.runs).toBeGreaterThan(10);
}, LIMIT_MS);
