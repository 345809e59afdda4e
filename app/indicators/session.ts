/** Which day of New York a bar belongs to, from its time alone. */

const DAY_MS = 86_400_000;
const EDGE_MS = 10_800_000;

/**
 * Number of the session day of a bar, days since 1970: a day runs from 03:00 to 03:00 UTC. New York trades from 04:00 to 20:00 local time, that is from
 * 08:00 to 00:00 UTC in summer and 09:00 to 01:00 in winter, and day bars are stamped at its midnight (04:00 or 05:00 UTC): 03:00 UTC lies
 * outside all of that on every day of the year, so no calendar is needed. (Trades of the night, 20:00 to 04:00, would be cut in two.)
 */
export function sessionDay(time: number): number {
  return Math.floor((time - EDGE_MS) / DAY_MS);
}
