/** When an owed entry is missed: trading time, at least a bar of the strategy. */
import { describe, expect, it } from 'vitest';
import { quantity } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { isEntryMissed } from './follow-up.ts';

const at = (text: string): EpochMs => epochMs(Date.parse(text));
const missed = (timeframe: Timeframe | null, since: string, now: string, more: { readonly desired?: string; readonly followUps?: number } = {}): boolean =>
  isEntryMissed({ desired: quantity(more.desired ?? '-50'), followUps: more.followUps ?? 0, tsMarket: at(since), timeframe }, at(now));

describe('an owed entry', () => {
  it.each([
    ['minutes', '1Min', '2026-06-05T14:00:00Z', '2026-06-05T14:15:00Z', '2026-06-05T14:15:01Z'],
    ['no strategy', null, '2026-06-05T14:00:00Z', '2026-06-05T14:15:00Z', '2026-06-05T14:15:01Z'],
    ['hours', '1Hour', '2026-06-05T14:00:00Z', '2026-06-05T15:00:00Z', '2026-06-05T15:00:01Z'],
    // Friday's last ten minutes and Monday's first five.
    ['minutes over a weekend', '1Min', '2026-06-05T19:50:00Z', '2026-06-08T13:35:00Z', '2026-06-08T13:35:01Z'],
    ['days', '1Day', '2026-06-05T20:00:00Z', '2026-06-08T20:00:00Z', '2026-06-09T13:30:01Z'],
  ] as const)('of bars of %s may follow for so long', (...[, timeframe, since, last, late]) => {
    expect([missed(timeframe, since, last), missed(timeframe, since, late)]).toEqual([false, true]);
  });
  it('waits its attempt\'s time besides, and an exit is never missed', () => {
    expect(missed('1Min', '2026-06-05T14:00:00Z', '2026-06-05T14:17:00Z', { followUps: 2 })).toBe(false);
    expect(missed('1Min', '2026-06-05T14:00:00Z', '2026-06-12T14:00:00Z', { desired: '0' })).toBe(false);
  });
});
