/** Where a bar of a chart ends: by the clock, or at a midnight in New York, over months and changes of the clocks. */
import { expect, it } from 'vitest';
import { parseRfc3339 } from '#app/domain/time.ts';
import { barEnd } from './explain-span.ts';

it.each([
  ['1Min', '2024-03-04T14:30:00Z', '2024-03-04T14:31:00Z'], ['30Min', '2024-03-04T14:30:00Z', '2024-03-04T15:00:00Z'], ['1Hour', '2024-03-04T14:00:00Z', '2024-03-04T15:00:00Z'],
  ['1Day', '2024-03-04T05:00:00Z', '2024-03-05T05:00:00Z'], ['1Day', '2024-03-10T05:00:00Z', '2024-03-11T04:00:00Z'], ['1Day', '2024-11-03T04:00:00Z', '2024-11-04T05:00:00Z'],
  ['1Week', '2024-03-04T05:00:00Z', '2024-03-11T04:00:00Z'], ['1Month', '2024-02-01T05:00:00Z', '2024-03-01T05:00:00Z'], ['1Month', '2024-12-01T05:00:00Z', '2025-01-01T05:00:00Z'], ['1Month', '2024-03-01T05:00:00Z', '2024-04-01T04:00:00Z'],
] as const)('%s from %s to %s', (timeframe, from, to) => {
  expect(barEnd(parseRfc3339(from), timeframe)).toBe(parseRfc3339(to));
});
