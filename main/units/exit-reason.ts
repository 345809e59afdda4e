/** Turns the end of a process, or an error before it lived, into the exit that the unit table understands. */
import { EXIT } from '#app/contracts/control.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { UnitExit } from '../supervisor/state.ts';
import type { ProcessEnd } from '../supervisor/spawner.ts';

/** The exit of a process; `words` are its own last words, when it had any. */
export function exitOf(end: ProcessEnd, words: string | null = null): UnitExit {
  if (end.error) return { code: EXIT.config, signal: null, reason: `could not be started: ${end.error.message}` };
  const how = end.signal === null ? `ended with code ${end.code}` : `was ended by ${end.signal}`;
  return { code: end.code, signal: end.signal, reason: words ?? how };
}

/** The exit for an error of ours on the way to a running unit: a human's matter is not tried again and again. */
export function exitOfError(error: unknown): UnitExit {
  const reason = describeError(error);
  if (!(error instanceof AppError)) return { code: EXIT.bug, signal: null, reason };
  if (error.family === 'operator') return { code: EXIT.config, signal: null, reason };
  return { code: error.family === 'temporary' ? EXIT.dependency : EXIT.bug, signal: null, reason };
}
