/** Every indicator of the catalogue: both forms equal to the last bit, equal to an independent implementation, blind to the future, true to its comment. */
import { describe, expect, it } from 'vitest';
import { type BarColumns, barColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import { INDICATORS } from './catalogue.ts';
import type { AnyIndicator } from './indicator.ts';
import { asColumns, walk, workedBars } from './naive/markets.ts';
import type { PlainBars, Row } from './naive/row.ts';
import { ROWS } from './naive/rows.ts';
import { namesOf, parseName, warmUpBars } from './named.ts';

const LENGTH = 420;
/** Values held against the naive implementation, which reads a whole window for each. */
const COMPARED = 200;
const HOUR_MS = 3_600_000;
const MARKETS: Readonly<Record<string, PlainBars>> = {
  'a walk': walk(7, LENGTH, { cents: 10_000, move: 60, still: 4 }),
  'another walk, by the hour': walk(99, LENGTH, { cents: 4_000, move: 25, still: 0, stepMs: HOUR_MS }),
  'small moves at a high price': walk(5, LENGTH, { cents: 9_000_000, move: 2, still: 30 }),
  'a market that mostly stands still': walk(11, LENGTH, { cents: 5_000, move: 3, still: 85 }),
};
const FLAT = walk(1, LENGTH, { cents: 5_000, move: 0, still: 100 });

const defaults = (indicator: AnyIndicator): readonly number[] => indicator.parameters.map((parameter) => parameter.default);
const bitsOf = (columns: readonly Float64Array[]): readonly (readonly number[])[] => columns.map((column) => [...column]);

/** The running form, its state carried through JSON whenever `stored` says so. */
function streamed(indicator: AnyIndicator, values: readonly number[], bars: BarColumns, stored: (i: number) => boolean): Float64Array[] {
  const length = bars.time.length;
  const columns = indicator.outputs.map(() => new Float64Array(length));
  const row = new Float64Array(indicator.outputs.length);
  let state = indicator.start(values);
  for (let i = 0; i < length; i += 1) {
    const at = (column: Float64Array): number => column[i] ?? NaN;
    indicator.next(state, { time: at(bars.time), open: at(bars.open), high: at(bars.high), low: at(bars.low), close: at(bars.close), volume: at(bars.volume) }, row);
    columns.forEach((column, output) => (column[i] = row[output] ?? NaN));
    if (stored(i)) state = indicator.readState(JSON.parse(JSON.stringify(state)));
  }
  return columns;
}

/** Why two columns are not the same number for number, to within `tolerance` of the largest; null when they are. */
function difference(ours: Float64Array, theirs: readonly number[], from: number, tolerance: number): string | null {
  const scale = theirs.reduce((most, value, i) => (i >= from && Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
  for (let i = from; i < ours.length; i += 1) {
    const [a, b] = [ours[i] ?? NaN, theirs[i] ?? NaN];
    if (Number.isNaN(a) && Number.isNaN(b)) continue;
    if (!(Math.abs(a - b) <= tolerance * scale)) return `at ${i}: ${a}, not ${b}`;
  }
  return null;
}

const firstBars = (bars: PlainBars, length: number): PlainBars => ({
  time: bars.time.slice(0, length), open: bars.open.slice(0, length), high: bars.high.slice(0, length), low: bars.low.slice(0, length), close: bars.close.slice(0, length), volume: bars.volume.slice(0, length),
});
const rowOf = (id: string): Row => ROWS[id] ?? expect.fail(`${id} has no row of proofs in naive/`);

describe('the catalogue', () => {
  it('has each id once, says all that people are shown, and has a row for each and no other', () => {
    const ids = INDICATORS.map((indicator) => indicator.id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    expect(Object.keys(ROWS).filter((id) => !ids.includes(id))).toEqual([]);
    for (const { id, title, formula, source, outputs, inputs } of INDICATORS) {
      expect(id).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z][A-Z0-9]*)*$/);
      for (const text of [title, formula, source]) expect(text.length, id).toBeGreaterThan(3);
      expect(outputs.length * inputs.length, id).toBeGreaterThan(0);
      expect(outputs.length === 1, `${id}: a single output is called value`).toBe(outputs[0] === 'value');
    }
  });
});

describe.each(INDICATORS.map((indicator) => [indicator.id, indicator] as const))('%s', (id, indicator) => {
  const tried = [defaults(indicator), ...(ROWS[id]?.values ?? [])];
  const each = (body: (values: readonly number[], bars: BarColumns, plain: PlainBars) => void): void => {
    for (const values of tried) for (const plain of Object.values(MARKETS)) body(values, asColumns(plain), plain);
  };

  it('gives the same bits as columns, into columns that are there already, and bar by bar through stored states', () => {
    each((values, bars) => {
      const columns = bitsOf(indicator.columns(bars, values));
      const used = indicator.outputs.map(() => new Float64Array(LENGTH).fill(-7));
      expect(indicator.columns(bars, values, used).map((column, at) => column === used[at])).not.toContain(false);
      expect(bitsOf(used)).toEqual(columns);
      expect(bitsOf(streamed(indicator, values, bars, (i) => i % 37 === 36 || i < 3))).toEqual(columns);
    });
  });

  it('begins at its lookback, in every output', () => {
    for (const values of tried) {
      const first = indicator.lookback(values);
      expect(first).toBeLessThan(LENGTH - 20);
      for (const column of indicator.columns(asColumns(MARKETS['a walk'] ?? FLAT), values)) expect([...column].map((value, i) => Number.isNaN(value) === i < first).indexOf(false)).toBe(-1);
    }
  });

  it('agrees with an implementation straight from the definition', () => {
    const row = rowOf(id);
    each((values, all, whole) => {
      const length = Math.min(LENGTH, indicator.lookback(values) + COMPARED);
      const [bars, plain] = [sliceColumns(all, 0, length), firstBars(whole, length)];
      const theirs = row.naive(plain, values);
      indicator.columns(bars, values).forEach((column, at) => {
        const output = indicator.outputs[at] ?? '';
        expect(difference(column, theirs[output] ?? [], indicator.lookback(values), row.tolerance ?? 1e-9), `${output} of ${values.join(', ')}`).toBeNull();
      });
    });
  });

  it('gives the numbers of its comment', () => {
    const row = rowOf(id);
    expect(row.worked.length).toBeGreaterThan(0);
    for (const worked of row.worked) {
      const columns = indicator.columns(asColumns(workedBars(worked)), worked.values);
      for (const [output, numbers] of Object.entries(worked.gives)) {
        const column = columns[indicator.outputs.indexOf(output)] ?? expect.fail(`${id} has no output ${output}`);
        const last = [...column].slice(-numbers.length);
        numbers.forEach((number, i) => (Number.isNaN(number) ? expect(last[i]).toBeNaN() : expect(last[i]).toBeCloseTo(number, worked.digits ?? 4)));
      }
    }
  });

  it('does not know the future: fewer bars change nothing', () => {
    each((values, bars) => {
      const all = indicator.columns(bars, values);
      for (const length of [1, 60, 203]) {
        expect(bitsOf(indicator.columns(sliceColumns(bars, 0, length), values))).toEqual(bitsOf(all.map((column) => column.subarray(0, length))));
      }
    });
  });

  it('forgets where it began, as it says', () => {
    const long = asColumns(walk(3, 2_500, { cents: 10_000, move: 60, still: 2 }));
    for (const values of tried) {
      const needed = warmUpBars(indicator, values);
      expect(needed, `${values.join(', ')}: the harness is too short`).toBeLessThan(2_400);
      const from = 2_400 - needed;
      const late = indicator.columns(sliceColumns(long, from, 2_500), values);
      indicator.columns(long, values).forEach((column, at) => {
        const [whole, part] = [[...column].slice(2_400), (late[at] ?? new Float64Array()).subarray(needed)];
        if (!indicator.isCumulative) expect(difference(part, whole, 0, 1e-4), `${indicator.outputs[at]} of ${values.join(', ')}`).toBeNull();
      });
    }
  });

  it('neither throws nor looks back on a price that is none', () => {
    const values = defaults(indicator);
    const bars = asColumns(MARKETS['a walk'] ?? FLAT);
    const clean = bitsOf(indicator.columns(bars, values).map((column) => column.subarray(0, 300)));
    for (const field of indicator.inputs) bars[field][300] = NaN;
    expect(bitsOf(indicator.columns(bars, values).map((column) => column.subarray(0, 300)))).toEqual(clean);
    expect(() => streamed(indicator, values, bars, () => false)).not.toThrow();
  });

  it('stays finite when nothing moves', () => {
    for (const values of tried) {
      for (const column of indicator.columns(asColumns(FLAT), values)) expect([...column].slice(indicator.lookback(values)).filter((value) => !Number.isFinite(value))).toEqual([]);
      expect(indicator.columns(barColumns(0), values).map((column) => column.length)).toEqual(indicator.outputs.map(() => 0));
    }
  });

  it('refuses parameters out of range and states that are none', () => {
    const values = defaults(indicator);
    indicator.parameters.forEach(({ min, max }, at) => {
      for (const bad of [min - 1, max + 1, NaN]) expect(() => indicator.start(values.map((value, i) => (i === at ? bad : value)))).toThrow(/must/);
    });
    expect(() => indicator.columns(barColumns(1), [...values, 1])).toThrow(/takes/);
    expect(() => indicator.readState('none')).toThrow(/not one of this indicator/);
  });

  it('is found by the names of its outputs', () => {
    const asked = { indicator, values: defaults(indicator), source: 'close', timeframe: null } as const;
    expect(namesOf(asked).map((name) => parseName(name))).toEqual(indicator.outputs.map((output) => ({ use: asked, output })));
  });
});
