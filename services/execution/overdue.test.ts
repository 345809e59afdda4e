/** When an open order is overdue. */
import { describe, expect, it } from 'vitest';
import { parseRfc3339 } from '#app/domain/time.ts';
import { overdueReason } from './overdue.ts';

const at = parseRfc3339;
describe('an open order', () => {
  it.each([
    ['day order, in its session', 'day', '2026-01-05T15:00:00Z', '2026-01-05T20:59:00Z', null, false],
    ['day order, within the grace after the close', 'day', '2026-01-05T15:00:00Z', '2026-01-05T21:05:00Z', null, false],
    ['day order, the evening after', 'day', '2026-01-05T15:00:00Z', '2026-01-05T21:05:01Z', null, true],
    ['day order of the closing bar lives on in the next session', 'day', '2026-01-05T21:00:00Z', '2026-01-06T20:00:00Z', null, false],
    ['day order given on Saturday waits for Monday', 'day', '2026-01-03T15:00:00Z', '2026-01-05T20:00:00Z', null, false],
    ['day order of a half day', 'day', '2026-11-27T15:00:00Z', '2026-11-27T18:06:00Z', null, true],
    ['good till cancelled, days later', 'gtc', '2026-01-05T15:00:00Z', '2026-01-15T15:00:00Z', null, false],
    ['good till cancelled, beyond the age that a person allows', 'gtc', '2026-01-05T15:00:00Z', '2026-01-05T16:00:01Z', 60, true],
    ['at that age', 'gtc', '2026-01-05T15:00:00Z', '2026-01-05T16:00:00Z', 60, false],
  ] as const)('%s', (...[, timeInForce, since, now, minutes, isOverdue]) => {
    expect(overdueReason({ timeInForce, tsMarket: at(since) }, at(now), minutes === null ? null : minutes * 60_000) !== null).toBe(isOverdue);
  });
});
