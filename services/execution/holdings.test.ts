/** Which differences of positions and cash are believed: those that stand. */
import { describe, expect, it } from 'vitest';
import type { Difference } from '#app/execution/reconcile.ts';
import { createNotice, standingDifferences } from './holdings.ts';

const position = (subject: string, ours: string, theirs: string): Difference => ({ kind: 'position', subject, ours, theirs, action: 'look' });
/** Readings one after the other; how many were made is told, too. */
async function read(...readings: readonly (readonly Difference[])[]): Promise<{ believed: readonly string[]; readings: number }> {
  let n = 0;
  const differences = await standingDifferences(() => Promise.resolve(readings[n++] ?? expect.fail('one reading too many')), 1);
  return { believed: differences.map(({ subject, ours, theirs }) => `${subject} ${ours ?? ''}/${theirs ?? ''}`), readings: n };
}

describe('a difference of holdings', () => {
  it('is none when there is none at once', async () => {
    expect(await read([])).toEqual({ believed: [], readings: 1 });
  });
  it('is believed when it stands in a second look', async () => {
    expect(await read([position('KO', '0', '7')], [position('KO', '0', '7')])).toEqual({ believed: ['KO 0/7'], readings: 2 });
  });
  it('is a fill on its way when the second look does not show it', async () => {
    expect(await read([position('KO', '0', '7')], [])).toEqual({ believed: [], readings: 2 });
  });
  it('stands also while other fills go by: what counts is what is missing', async () => {
    expect(await read([position('KO', '0', '7')], [position('KO', '5', '12')])).toEqual({ believed: ['KO 5/12'], readings: 2 });
  });
  it('is not believed because something else stands, nor because every look shows another one', async () => {
    const stands = position('KO', '0', '7');
    expect(await read([stands, position('PG', '0', '1')], [stands, position('PG', '1', '3')], [stands])).toEqual({ believed: ['KO 0/7'], readings: 3 });
    expect(await read([position('KO', '0', '1')], [position('KO', '0', '2')], [position('KO', '0', '3')], [position('KO', '0', '4')])).toEqual({ believed: [], readings: 4 });
  });
});

describe('a comparison of the books', () => {
  const cash = (ours: string, theirs: string): Difference => ({ kind: 'cash', subject: 'USD', ours, theirs, action: 'look' });
  it('is made each time positions differ, and once for each amount of cash', () => {
    const must = createNotice();
    expect([[], [cash('10', '9')], [cash('20', '19')], [cash('20', '18')], [], [cash('20', '18')]].map(must)).toEqual([false, true, false, true, false, true]);
    expect([[position('KO', '0', '7')], [position('KO', '0', '7')]].map(must)).toEqual([true, true]);
  });
});
