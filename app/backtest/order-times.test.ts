/** Times of orders: sessions, auctions and expiry, by hand from the calendar. */
import { describe, expect, it } from 'vitest';
import type { TimeInForce } from '#app/domain/order.ts';
import { parseRfc3339, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { orderTimes } from './order-times.ts';

const text = (time: EpochMs): string => toRfc3339(time).replace('.000Z', 'Z');
const at = (now: string, timeInForce: TimeInForce, extendedHours = false) => {
  const times = orderTimes({ timeInForce, extendedHours }, parseRfc3339(now));
  return { open: times.isOpen, extended: times.isExtendedOpen, expires: text(times.expiresAt), auction: times.auctionAt === null ? null : text(times.auctionAt), shut: times.isAuctionShut };
};

describe('the times of an order', () => {
  it.each<[string, string, TimeInForce, boolean, string]>([
    ['a day order in the session ends at the close', '2024-07-01T14:00:00Z', 'day', false, '2024-07-01T20:00:00Z'],
    ['after the close it counts for the next day', '2024-07-01T20:00:00Z', 'day', false, '2024-07-02T20:00:00Z'],
    ['on a Saturday for Monday', '2024-07-06T15:00:00Z', 'day', false, '2024-07-08T20:00:00Z'],
    ['half days close at 13:00', '2024-07-03T14:00:00Z', 'day', false, '2024-07-03T17:00:00Z'],
    ['extended hours end at 20:00', '2024-07-01T14:00:00Z', 'day', true, '2024-07-02T00:00:00Z'],
    ['in the after-hours session too', '2024-07-01T22:00:00Z', 'day', true, '2024-07-02T00:00:00Z'],
    ['after it, the next day', '2024-07-02T01:00:00Z', 'day', true, '2024-07-03T00:00:00Z'],
    ['gtc ends at 16:15 of the 90th day', '2024-07-01T14:00:00Z', 'gtc', false, '2024-09-27T20:15:00Z'],
  ])('%s', (...[_name, now, tif, extended, expires]) => {
    expect(at(now, tif, extended).expires).toBe(expires);
  });
  it.each<[string, string, TimeInForce, string, boolean]>([
    ['opg before 09:28', '2024-07-01T13:27:59Z', 'opg', '2024-07-01T13:30:00Z', false],
    ['opg from 09:28 on', '2024-07-01T13:28:00Z', 'opg', '2024-07-01T13:30:00Z', true],
    ['opg in the session', '2024-07-01T18:00:00Z', 'opg', '2024-07-01T13:30:00Z', true],
    ['opg from 19:00 on, for the next day', '2024-07-01T23:00:00Z', 'opg', '2024-07-02T13:30:00Z', false],
    ['cls in the session', '2024-07-01T18:00:00Z', 'cls', '2024-07-01T20:00:00Z', false],
    ['cls from 15:50 on', '2024-07-01T19:50:00Z', 'cls', '2024-07-01T20:00:00Z', true],
    ['cls in the early evening', '2024-07-01T22:59:00Z', 'cls', '2024-07-01T20:00:00Z', true],
    ['cls from 19:00 on', '2024-07-01T23:00:00Z', 'cls', '2024-07-02T20:00:00Z', false],
  ])('%s', (...[_name, now, tif, auction, shut]) => {
    expect(at(now, tif)).toMatchObject({ auction, shut });
  });
  it('knows pre-market, session and after-hours', () => {
    expect([at('2024-07-01T07:59:00Z', 'day'), at('2024-07-01T08:00:00Z', 'day'), at('2024-07-01T13:30:00Z', 'day'), at('2024-07-01T20:00:00Z', 'day'), at('2024-07-02T00:00:00Z', 'day')]
      .map((times) => [times.open, times.extended])).toEqual([[false, false], [false, true], [true, false], [false, true], [false, false]]);
  });
});
