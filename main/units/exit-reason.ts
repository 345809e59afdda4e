/** Turns the end of a process, or an error before it lived, into the exit that the unit table understands. */
import { EXIT } from '#app/contracts/control.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { UnitExit } from '../supervisor/state.ts';
import type { ProcessEnd } from '../supervisor/spawner.ts';

/** Ends that Windows itself decides on, in words; its codes say nothing to people. */
const WINDOWS_ENDS: Readonly<Record<number, string>> = {
  0xc0000005: 'it reached for memory that is not its own',
  0xc0000135: 'a library (DLL) that it needs is missing',
  0xc0000139: 'a library (DLL) that it needs is of another version',
  0xc000013a: 'it was ended by Ctrl-C or with its console',
  0xc0000142: 'a library (DLL) that it needs could not begin, or the session was ending',
  0xc0000409: 'it found its own memory damaged',
};
const LEAST_STATUS = 0x40000000;

function wordsOf(code: number | null): string {
  if (code === null || code < LEAST_STATUS) return `ended with code ${code}`;
  const hex = `0x${code.toString(16).toUpperCase()}`;
  return code in WINDOWS_ENDS ? `${WINDOWS_ENDS[code] ?? ''} (Windows ended it with ${hex})` : `was ended by Windows with ${hex}`;
}

/** Refusals that may pass: the system is short of something, or another program (a virus scanner) has the file open. */
const PASSING: ReadonlySet<string> = new Set(['EAGAIN', 'ENOMEM', 'EMFILE', 'ENFILE', 'EBUSY', 'ETXTBSY']);
const PASSING_ON_WINDOWS: ReadonlySet<string> = new Set(['EACCES', 'EPERM', 'UNKNOWN']);

function mayPass(error: Error, platform: NodeJS.Platform): boolean {
  const code = String(Reflect.get(error, 'code'));
  return PASSING.has(code) || (platform === 'win32' && PASSING_ON_WINDOWS.has(code));
}

/** The exit of a process; `words` are its own last words, when it had any. */
export function exitOf(end: ProcessEnd, words: string | null = null, platform: NodeJS.Platform = process.platform): UnitExit {
  if (end.error) return { code: mayPass(end.error, platform) ? EXIT.bug : EXIT.config, signal: null, reason: `could not be started: ${end.error.message}` };
  const how = end.signal === null ? wordsOf(end.code) : `was ended by ${end.signal}`;
  return { code: end.code, signal: end.signal, reason: words ?? how };
}

/** The exit for an error of ours on the way to a running unit: a human's matter is not tried again and again. */
export function exitOfError(error: unknown): UnitExit {
  const reason = describeError(error);
  if (!(error instanceof AppError)) return { code: EXIT.bug, signal: null, reason };
  if (error.family === 'operator') return { code: EXIT.config, signal: null, reason };
  return { code: error.family === 'temporary' ? EXIT.dependency : EXIT.bug, signal: null, reason };
}
