/** Results, errors and log lines of runs: what can be kept, and the words for what cannot. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { boundError, boundFields, checkResult, cutText, MAX_RESULT_BYTES, reviveError } from './flows-result.ts';

class Order {
  readonly id = 'o1';
}

describe('results', () => {
  it('pass when JSON can say them, unchanged', () => {
    fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false } as Parameters<typeof fc.jsonValue>[0]), (value) => {
      expect(checkResult('it', value)).toBe(value);
    }));
    expect(checkResult('it', undefined)).toBeUndefined();
    expect(checkResult('it', { a: undefined, b: Object.create(null) as object })).toEqual({ a: undefined, b: {} });
  });

  it.each([
    ['a bigint', 1n, 'it is a bigint'], ['a function', { go: () => 1 }, '"go" is a function'], ['a symbol', [Symbol('s')], '"0" is a symbol'], ['NaN', { price: Number.NaN }, '"price" is NaN'],
    ['a date', new Date(0), 'it is a Date'], ['a map', { deep: { er: new Map() } }, '"er" is a Map'], ['a class', { order: new Order() }, '"order" is a Order'], ['an error', new Error('x'), 'it is a Error'],
  ])('are refused when they hold %s', (_what, value, words) => {
    expect(() => checkResult('the step "x"', value)).toThrow(expect.objectContaining({ code: 'FLOW_RESULT_INVALID', message: expect.stringContaining(`The result of the step "x" cannot be kept: ${words}`) as string }) as Error);
  });

  it('are refused when they go in a circle or are larger than a megabyte', () => {
    const circle: unknown[] = [];
    circle.push(circle);
    expect(() => checkResult('it', circle)).toThrow(/circular/);
    expect(() => checkResult('it', 'ä'.repeat(MAX_RESULT_BYTES / 2))).toThrow(/1048578 bytes/);
    expect(checkResult('it', 'x'.repeat(MAX_RESULT_BYTES - 2))).toHaveLength(MAX_RESULT_BYTES - 2);
  });
});

describe('errors', () => {
  it('are of our type again when they come out of the book', () => {
    const stored = Object.assign(new Error('no such symbol', { cause: new Error('deep') }), { name: 'AppError', code: 'SYMBOL_UNKNOWN', context: { symbol: 'X' } });
    const revived = reviveError(stored);
    expect(revived).toBeInstanceOf(AppError);
    expect(revived).toMatchObject({ code: 'SYMBOL_UNKNOWN', family: 'invalid', context: { symbol: 'X' }, cause: { message: 'deep' } });
  });

  it('of others stay as they are', () => {
    for (const error of [new Error('plain'), Object.assign(new Error('x'), { name: 'AppError', code: 'OF_A_LATER_VERSION' }), 'text', new AppError('INPUT_INVALID', 'ours')]) expect(reviveError(error)).toBe(error);
  });

  it('are cut', () => {
    expect((boundError(new Error('x'.repeat(1_000_000))) as Error).message).toHaveLength(10_000);
  });
});

describe('log lines', () => {
  it('are cut to their limit and say how long they were', () => {
    expect(cutText('short')).toBe('short');
    const cut = cutText('x'.repeat(10_000_000));
    expect(cut).toHaveLength(2_000);
    expect(cut).toMatch(/ \.\.\. \(10000000 characters\)$/);
  });

  it('keep small fields as JSON has them, and say what became of others', () => {
    expect(boundFields(undefined)).toBeNull();
    expect(boundFields({ at: new Date(0), n: 1 })).toEqual({ at: '1970-01-01T00:00:00.000Z', n: 1 });
    expect(boundFields({ n: 1n })).toEqual({ unreadable: expect.stringContaining('BigInt') as string });
    expect(JSON.stringify(boundFields({ text: 'x'.repeat(1_000_000) })).length).toBeLessThan(600);
  });
});
