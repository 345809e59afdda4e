/** The short form of `npm run chaos -- flows`: a few kills in the midst of families of runs. */
import { expect, it } from 'vitest';
import { runFlowCampaign } from './flows.ts';

it('ends every run once and doubles no effect while parts are killed', async () => {
  const result = await runFlowCampaign({ kills: 10, seed: 3, tell: () => undefined });
  expect(result.wrong).toEqual([]);
  expect(result.runs).toBeGreaterThan(50);
  expect(result.repeated).toBeGreaterThan(0);
}, 60_000);
