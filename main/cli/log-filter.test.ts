/** Which lines `mainspring logs` shows. */
import { describe, expect, it } from 'vitest';
import { lineTest, sinceOf } from './log-filter.ts';
import type { LogFilter } from './log-filter.ts';

const NOW = Date.UTC(2026, 2, 2, 15, 0);
const LINES = [
  `{"level":"debug","ts":${NOW - 7_200_000},"unit":"execution","msg":"old"}`,
  `{"level":"warn","ts":${NOW - 60_000},"unit":"execution","orderId":"O-1","msg":"The broker rejected an order"}`,
  '    at a stack trace',
  '2026-03-02 14:59:30.000 UTC [7] x@y ERROR:  deadlock detected',
  'TypeError: no',
];
const shown = (filter: Partial<LogFilter>): number[] => {
  const test = lineTest({ level: null, since: null, search: null, about: null, ...filter });
  return LINES.flatMap((line, n) => (test(line) ? [n] : []));
};

describe('lineTest', () => {
  it.each<[string, Partial<LogFilter>, number[]]>([
    ['everything', {}, [0, 1, 2, 3, 4]],
    ['a level and up', { level: 'warn' }, [1, 3, 4]],
    ['what came since, with lines that continue it', { since: NOW - 90_000 }, [1, 2, 3, 4]],
    ['words in any case', { search: 'REJECTED' }, [1]],
    ['an id', { about: 'o-1' }, [1]],
    ['all of them together', { level: 'error', since: NOW - 90_000, search: 'dead' }, [3]],
  ])('%s', (_name, filter, expected) => expect(shown(filter)).toEqual(expected));
});

it('reads spans and times', () => {
  expect([sinceOf('15m', NOW), sinceOf('2h', NOW), sinceOf('2026-03-02T14:00:00Z', NOW), sinceOf('soon', NOW)]).toEqual([NOW - 900_000, NOW - 7_200_000, NOW - 3_600_000, null]);
});
