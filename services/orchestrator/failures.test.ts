/** Errors of runs in words: message, code, causes, and what the reader can do. */
import { describe, expect, it } from 'vitest';
import { ERROR_CODES, type ErrorCode } from '#app/domain/errors.ts';
import { failureOf, failureWithoutError, readError, tellError } from './failures.ts';

function stored(error: object): string {
  return JSON.stringify({ json: error, __dbos_serializer: 'superjson' });
}

describe('an error as the engine keeps it', () => {
  it('is read back with its code and causes, outermost first, without repeating itself', () => {
    const error = readError(stored({ name: 'AppError', message: 'The report failed', cause: { message: 'The broker does not answer', code: 'BROKER_UNREACHABLE', cause: { message: 'broker does not answer', cause: 'ECONNREFUSED' } } }));
    expect(error).toEqual({ messages: ['The report failed', 'The broker does not answer', 'ECONNREFUSED'], code: 'BROKER_UNREACHABLE' });
    expect(tellError(error)).toBe('The report failed: The broker does not answer: ECONNREFUSED');
  });

  it('is its own words when it is nothing that we know', () => {
    expect(readError('plain words')).toEqual({ messages: ['plain words'], code: null });
    expect(readError('{"message":"bare","code":"X"}')).toEqual({ messages: ['bare'], code: 'X' });
    expect(readError(stored({ name: 'TypeError', message: '' }))).toEqual({ messages: ['TypeError'], code: null });
    expect(readError(stored({})).messages).toEqual(['An error without words']);
    expect(readError(stored({ message: 'x'.repeat(9_000) })).messages[0]).toHaveLength(2_000);
  });

  it('ends a chain of causes that goes on for ever', () => {
    let error: object = { message: 'm0' };
    for (let n = 1; n < 50; n += 1) error = { message: `m${n}.`, cause: error };
    expect(readError(stored(error)).messages).toHaveLength(9);
  });
});

describe('a failure', () => {
  it('says what to do for every code of the house', () => {
    for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) expect(failureOf({ messages: ['m'], code }, 's').remedy, code).toMatch(/\.$/);
    expect(failureOf({ messages: ['m', 'because'], code: 'FLOW_CHILD_FAILED' }, 'fetch')).toMatchObject({ message: 'm', causes: ['because'], step: 'fetch', remedy: expect.stringMatching(/child run failed: open it/) as string });
    expect(failureOf({ messages: ['m'], code: 'BROKER_OUTCOME_UNKNOWN' }, null).remedy).toMatch(/may have happened/);
    expect(failureOf({ messages: ['m'], code: null }, null).remedy).toMatch(/no code/);
  });

  it('says so too when nothing was thrown', () => {
    expect(failureWithoutError('It ran longer', 'timed_out', 'two')).toMatchObject({ code: null, step: 'two', remedy: expect.stringMatching(/time limit/) as string });
  });
});
