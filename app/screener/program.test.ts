/** Programs against the naive interpreter; blind to the future; the same however much history lies before. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BAR_FIELDS, type BarColumns, barColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import { asColumns, walk } from '#app/indicators/naive/markets.ts';
import { type Formula, parseFormula } from './language.ts';
import { everyIndicator, formulas } from '../../tests/support/screener-formulas.ts';
import { interpret } from './naive/interpreter.ts';
import { compile, type SymbolFacts, type Value } from './program.ts';
import { VOCABULARY } from './vocabulary.ts';

const HOUR_MS = 3_600_000;
const LONG = 2_600;
const bars = asColumns(walk(3, 160, { cents: 2_000, move: 70, still: 3 }));
const long = asColumns(walk(17, LONG, { cents: 9_000, move: 60, still: 4, stepMs: HOUR_MS }));
const facts: SymbolFacts = { symbol: 'XOM', name: 'Exxon Mobil', exchange: 'NYSE', sector: 'Energy', industry: null, isTradable: true, isShortable: true, isFractionable: false, isWatched: false };

function formulaOf(text: string): Formula {
  const parsed = parseFormula(text);
  return parsed.ok ? parsed.formula : expect.fail(`${text}: ${parsed.fault.message}`);
}
const valueOf = (text: string, at?: number, of: BarColumns = bars): Value => compile([formulaOf(text)]).evaluate({ bars: of, facts }, at)[0] ?? null;

/** Equal, or to within a part in 10^9 of the size: fading averages do not see all of the history. */
function same(ours: Value, theirs: Value): boolean {
  if (typeof ours !== 'number' || typeof theirs !== 'number') return ours === theirs;
  return Math.abs(ours - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs));
}

/** Bars that say something else from `at` on. */
function anotherFuture(of: BarColumns, at: number): BarColumns {
  const other = barColumns(of.time.length);
  other.time.set(of.time);
  for (const field of BAR_FIELDS) {
    other[field].set(of[field]);
    for (let i = at + 1; i < of.time.length; i += 1) other[field][i] = (of[field][i] ?? 0) * 3 + 7;
  }
  return other;
}

describe('any formula', () => {
  const { number, condition } = formulas(fc);

  it('gives what the naive interpreter gives, at any bar', () => {
    fc.assert(fc.property(fc.oneof(number, condition), fc.integer({ min: 0, max: 159 }), (text, at) => {
      const parsed = parseFormula(text);
      if (!parsed.ok) return;
      const [ours, theirs] = [compile([parsed.formula]).evaluate({ bars, facts }, at)[0] ?? null, interpret(parsed.formula.tree, { bars, facts }, at)];
      if (!same(ours, theirs)) expect.fail(`${text} at ${at}: ${String(ours)}, not ${String(theirs)}`);
    }), { numRuns: 400, seed: 20_260_105 });
  });

  it('never looks at what came later, and needs no more history than it says', () => {
    fc.assert(fc.property(fc.oneof(number, condition), fc.integer({ min: 40, max: 159 }), (text, at) => {
      const parsed = parseFormula(text);
      if (!parsed.ok) return;
      const program = compile([parsed.formula]);
      const [value] = program.evaluate({ bars, facts }, at);
      expect(program.evaluate({ bars: anotherFuture(bars, at), facts }, at)[0]).toBe(value);
      expect(program.evaluate({ bars: sliceColumns(bars, 0, at + 1), facts })[0]).toBe(value);
      const from = at + 1 - program.bars;
      if (from > 0) expect(program.evaluate({ bars: sliceColumns(bars, from, at + 1), facts })[0]).toBe(value);
    }), { numRuns: 300, seed: 7 });
  });

  it('gives the same in one program with others, and as a column', () => {
    fc.assert(fc.property(fc.array(fc.oneof(number, condition), { minLength: 2, maxLength: 4 }), (texts) => {
      const parsed = texts.map(parseFormula).flatMap((each) => (each.ok ? [each.formula] : []));
      const program = compile(parsed);
      const columns = program.columns({ bars, facts }).map((column) => column.slice(0, 160));
      for (const at of [0, 1, 7, 80, 159]) {
        const together = program.evaluate({ bars, facts }, at);
        parsed.forEach((formula, n) => {
          expect(together[n]).toBe(compile([formula]).evaluate({ bars, facts }, at)[0]);
          const cell = columns[n]?.[at] ?? NaN;
          expect(same(Number.isFinite(cell) ? (formula.type === 'boolean' ? cell === 1 : cell) : null, together[n] ?? null), `${formula.text} at ${at}: ${cell}`).toBe(true);
        });
      }
    }), { numRuns: 60, seed: 11 });
  });
});

describe('every indicator', () => {
  it.each(everyIndicator())('%s: its window gives what the whole history gives, and sees no future', (text) => {
    const formula = formulaOf(text);
    const program = compile([formula]);
    const whole = program.columns({ bars: long, facts })[0]?.slice(0, LONG) ?? new Float64Array(0);
    const scale = whole.reduce((most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most), 0);
    const fresh = compile([formula]);
    for (const at of [LONG - 77, LONG - 1]) {
      const [value = null] = fresh.evaluate({ bars: long, facts }, at);
      expect(typeof value === 'number' && Math.abs(value - (whole[at] ?? NaN)) <= 1e-9 * scale, `${String(value)} at ${at}, not ${whole[at]}`).toBe(true);
      expect(fresh.evaluate({ bars: anotherFuture(long, at), facts }, at)[0]).toBe(value);
      expect(fresh.evaluate({ bars: sliceColumns(long, 0, at + 1), facts })[0]).toBe(value);
    }
  });
});

describe('every function', () => {
  it.each(VOCABULARY.flatMap(({ kind, example }) => (kind === 'function' ? [[example]] : [])))('%s gives what the naive interpreter gives', (text) => {
    const formula = formulaOf(text);
    for (const at of [0, 100, 251, 700]) expect(same(valueOf(text, at, long), interpret(formula.tree, { bars: long, facts }, at)), `at ${at}`).toBe(true);
  });
});

describe('every name', () => {
  it.each(VOCABULARY.map(({ example }) => [example]))('%s sees no future', (text) => {
    for (const at of [0, LONG - 100]) expect(valueOf(text, at, anotherFuture(long, at))).toBe(valueOf(text, at, long));
  });
});

describe('the functions', () => {
  const five = asColumns({ time: [1, 2, 3, 4, 5], open: [10, 98, 12, 13, 9], high: [11, 99, 13, 14, 12], low: [9, 9, 11, 12, 8], close: [100, 10, 12, 13, 10.5], volume: [100, 200, 300, 400, 100] });
  const year = asColumns(walk(5, 300, { cents: 5_000, move: 40, still: 0 }));

  it.each<[string, number, Value]>([
    ['change(1)', 3, 13 / 12 - 1], ['change(4)', 4, 10.5 / 100 - 1], ['gap', 1, 98 / 100 - 1], ['highest(high, 3)', 4, 14], ['lowest(low, 2)', 3, 11], ['avg(volume, 2)', 1, 150], ['sum(volume, 3)', 2, 600], ['stdev(volume, 3)', 2, 100],
    ['median(volume, 4)', 3, 250], ['dollar_volume', 2, 3_600], ['crosses_above(close, 11)', 2, true], ['crosses_above(close, 11)', 3, false], ['crosses_above(close, 11, 2)', 3, true], ['crosses_below(close, 11)', 4, true], ['since(close > 50)', 4, 4], ['since(close > 500, 3)', 4, 3],
    ['since(close > 500, 9)', 4, null], ['count(close > open, 3)', 3, 0], ['any(close > 50, 5)', 4, true], ['all(close > 5, 5)', 4, true], ['rising(close, 2)', 3, true], ['falling(close)', 4, true], ['abs(gap)', 1, Math.abs(98 / 100 - 1)], ['round(2.5)', 0, 3], ['round(-2.5)', 0, -2], ['round(1.2345, 2)', 0, 1.23],
    ['sign(-3)', 0, -1], ['if(close > open, 1, 2)', 0, 1], ['min(3, 1, 2)', 0, 1], ['max(3, 1, 2)', 0, 3], ['sqrt(-1)', 0, null], ['log(0)', 0, null], ['1 / 0', 0, null], ['exp(1000)', 0, null], ['close[1]', 0, null], ['hl2', 0, 10], ['5% + 1', 0, 1.05], ['2.3M', 0, 2_300_000],
    ['20 < volume < 300', 2, false], ['volume between 100 and 300', 2, true], ['close > 1 / 0 or true', 0, true], ['close > 1 / 0 and false', 0, false], ['not (close > 1 / 0)', 0, null],
  ])('%s at bar %i is %s', (text, at, value) => {
    expect(valueOf(text, at, five)).toEqual(value);
  });

  it('measure a year in 252 bars, and say nothing of less', () => {
    const high = Math.max(...year.high.subarray(48));
    expect(valueOf('high52', 299, year)).toBe(high);
    expect(valueOf('from_high52', 299, year)).toBe((year.close[299] ?? NaN) / high - 1);
    expect(valueOf('from_low52', 299, year)).toBe((year.close[299] ?? NaN) / Math.min(...year.low.subarray(48)) - 1);
    expect(valueOf('high52', 250, year)).toBeNull();
    expect(valueOf('high52', 251, year)).not.toBeNull();
  });

  it('count percentages as what they stand against does', () => {
    const points = valueOf('natr(3)', 100) as number;
    expect(valueOf(`natr(3) > ${(points * 0.999).toFixed(6)}%`, 100)).toBe(true);
    expect(valueOf(`atr_percent(3) > ${(points * 0.999).toFixed(6)}%`, 100)).toBe(true);
    expect(valueOf(`atr_percent(3) > ${(points * 1.001).toFixed(6)}%`, 100)).toBe(false);
  });
});

describe('facts', () => {
  it.each<[string, Value]>([
    ['sector', 'Energy'], ['industry', null], ['sector = "oil and gas"', true], ['sector != Energy', false], ['sector in (Tech, ENERGY)', true], ['industry contains "oil"', null], ['not (industry = "x")', null], ['name contains "mobil"', true], ['symbol = xom', true],
    ['exchange not in ("NYSE")', false], ['shortable and not fractionable', true], ['watched or tradable', true], ['"Energy" = sector', true], ['shortable = true', true],
  ])('%s is %s', (text, value) => {
    expect(valueOf(text)).toBe(value);
  });

  it('are known of a symbol without bars, and nothing else is', () => {
    const none = barColumns(0);
    const program = compile(['shortable', 'sector', 'close > 1', 'rsi(14)', 'shortable or close > 1'].map(formulaOf));
    expect(program.evaluate({ bars: none, facts })).toEqual([true, 'Energy', null, null, true]);
    expect(program.evaluate({ bars, facts }, 160)).toEqual([true, 'Energy', null, null, true]);
  });
});

describe('a program', () => {
  it('writes numbers into one array for symbols of any length, in any order', () => {
    const program = compile(['rsi(14)', 'close > sma(20)', 'sector', 'ema(50)'].map(formulaOf));
    const out = new Float64Array(4);
    for (const length of [160, 3, LONG, 60, 1, 2_000, 160]) {
      const some = sliceColumns(length > 160 ? long : bars, 0, length);
      program.evaluateInto({ bars: some, facts }, out);
      const fresh = compile(['rsi(14)', 'close > sma(20)', 'sector', 'ema(50)'].map(formulaOf)).evaluate({ bars: some, facts });
      expect([...out].map((value) => (Number.isNaN(value) ? null : value))).toEqual([fresh[0], fresh[1] === null ? null : Number(fresh[1]), null, fresh[3]]);
    }
  });

  it('says how much history it needs', () => {
    expect(compile([formulaOf('sma(20)')]).bars).toBe(20);
    expect(compile([formulaOf('sma(20)[5]'), formulaOf('close[30]')]).bars).toBe(31);
    expect(compile([formulaOf('sector = "Energy"')])).toMatchObject({ bars: 1, needsFacts: true });
  });
});
