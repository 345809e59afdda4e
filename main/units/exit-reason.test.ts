/** The end of a process in words for people. */
import { describe, expect, it } from 'vitest';
import { AppError } from '#app/domain/errors.ts';
import { exitOf, exitOfError } from './exit-reason.ts';

describe('the exit of a process', () => {
  it.each([
    [{ code: 70, signal: null }, 'ended with code 70'],
    [{ code: null, signal: 'SIGKILL' }, 'was ended by SIGKILL'],
    [{ code: 0xc0000135, signal: null }, 'a library (DLL) that it needs is missing (Windows ended it with 0xC0000135)'],
    [{ code: 0xc0000374, signal: null }, 'was ended by Windows with 0xC0000374'],
  ])('%j reads "%s"', (end, reason) => {
    expect(exitOf(end)).toEqual({ ...end, reason });
  });

  it('prefers its own last words', () => {
    expect(exitOf({ code: 75, signal: null }, 'PostgreSQL is gone').reason).toBe('PostgreSQL is gone');
  });

  it('that never lived is a matter for a human', () => {
    expect(exitOf({ code: null, signal: null, error: new Error('spawn EACCES') })).toEqual({ code: 78, signal: null, reason: 'could not be started: spawn EACCES' });
  });

  it.each([['ENOENT', 'win32', 78], ['EBUSY', 'win32', 70], ['EACCES', 'win32', 70], ['UNKNOWN', 'win32', 70], ['EACCES', 'linux', 78], ['EAGAIN', 'linux', 70]] as const)('that the system refuses with %s on %s has code %i: only what may pass is tried again', (code, platform, expected) => {
    const error = Object.assign(new Error(`spawn ${code}`), { code });
    expect(exitOf({ code: null, signal: null, error }, null, platform).code).toBe(expected);
  });

  it('for an error of ours follows its family', () => {
    expect([new AppError('RUNTIME_MISSING', 'x'), new AppError('DATABASE_UNREACHABLE', 'x'), new TypeError('x')].map((error) => exitOfError(error).code)).toEqual([78, 75, 70]);
  });
});
