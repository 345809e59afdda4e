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
    ['for the opening auction, in the afternoon', 'opg', '2026-01-05T13:00:00Z', '2026-01-05T21:05:01Z', null, true],
    ['for the closing auction, before it', 'cls', '2026-01-05T15:00:00Z', '2026-01-05T21:00:00Z', null, false],
    ['at once, minutes later', 'ioc', '2026-01-05T15:00:00Z', '2026-01-05T15:05:01Z', null, true],
    ['all or nothing, within the grace', 'fok', '2026-01-05T15:00:00Z', '2026-01-05T15:05:00Z', null, false],
    ['at that age', 'gtc', '2026-01-05T15:00:00Z', '2026-01-05T16:00:00Z', 60, false],
  ] as const)('%s', (...[, timeInForce, since, now, minutes, isOverdue]) => {
    expect(overdueReason({ timeInForce, extendedHours: false, since: at(since), isReducing: false }, at(now), minutes === null ? null : minutes * 60_000) !== null).toBe(isOverdue);
  });

  it('trades on after the close when it is marked for extended hours, until those end', () => {
    const order = { timeInForce: 'day', extendedHours: true, since: at('2026-01-05T15:00:00Z'), isReducing: false } as const;
    expect(overdueReason(order, at('2026-01-06T00:30:00Z'), null)).toBeNull();
    expect(overdueReason(order, at('2026-01-06T01:05:01Z'), null)).toContain('session is over');
  });

  it('may be as old as it likes when it leads out of a position', () => {
    const exit = { timeInForce: 'gtc', extendedHours: false, since: at('2026-01-05T15:00:00Z'), isReducing: true } as const;
    expect(overdueReason(exit, at('2026-03-05T15:00:00Z'), 60_000)).toBeNull();
    expect(overdueReason({ ...exit, timeInForce: 'day' }, at('2026-01-05T21:05:01Z'), 60_000)).toContain('session is over');
  });
});
