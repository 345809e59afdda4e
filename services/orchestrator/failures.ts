/** Errors of runs as the engine keeps them, read back into words: what happened, what caused it, what the reader can do. */
import type { RunFailure } from '#app/contracts/flows.ts';
import { ERROR_CODES, isErrorCode, type ErrorFamily } from '#app/domain/errors.ts';

const MAX_CAUSES = 8;
const MAX_TEXT = 2_000;

/** An error and its causes: messages outermost first; the first code on the way in. */
export type StoredError = { readonly messages: readonly string[]; readonly code: string | null };

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value.slice(0, MAX_TEXT) : null;
}

/** Reads an error as the engine wrote it (an error as JSON, in an envelope or bare); what is no such thing is its own message. */
export function readError(stored: string): StoredError {
  let current: unknown;
  try {
    current = JSON.parse(stored);
  } catch (error) {
    // Not JSON: the text itself says what happened, the parser's complaint does not.
    void error;
    return { messages: [stored.slice(0, MAX_TEXT)], code: null };
  }
  if (typeof current === 'object' && current !== null && 'json' in current) current = current.json;
  const messages: string[] = [];
  let code: string | null = null;
  for (let depth = 0; depth <= MAX_CAUSES && typeof current === 'object' && current !== null; depth += 1) {
    const message = textOf(Reflect.get(current, 'message')) ?? textOf(Reflect.get(current, 'name'));
    // A wrapper often repeats the words of what it wraps.
    if (message !== null && !messages.some((known) => known.includes(message))) messages.push(message);
    code ??= textOf(Reflect.get(current, 'code'));
    current = Reflect.get(current, 'cause');
  }
  const last = textOf(current);
  if (last !== null && messages.length <= MAX_CAUSES) messages.push(last);
  return { messages: messages.length > 0 ? messages : ['An error without words'], code };
}

/** The error in one line, causes after colons. */
export function tellError(error: StoredError): string {
  return error.messages.join(': ').slice(0, MAX_TEXT);
}

const REMEDIES: Readonly<Record<ErrorFamily, string>> = {
  invalid: 'The parameters or the stored settings do not fit. Correct them and run the flow again.',
  denied: 'A rule said no. When its reason is gone, retry from the failed step.',
  conflict: 'Somebody else was first. Retry from the failed step: it reads the present state again.',
  temporary: 'The other side was away, and the tries of the step were used up. Retry from the failed step when it is back.',
  unknown: 'The effect may have happened all the same. Look at what is there (reconcile_trades does, for orders) before you run it again.',
  operator: 'A person has to act first: the message says what. Then retry from the failed step.',
  bug: 'This is a defect of Mainspring. The log of the service has the details; a diagnostics file (mainspring diagnostics) helps to report it.',
};
const UNKNOWN_REMEDY = 'The error has no code, so nothing is known about it. The log of the service around this time says more; retry from the failed step when the cause is gone.';
const CHILD_REMEDY = 'A child run failed: open it for the cause. When that is gone, retry from the failed step; a new child is started.';

function familyOf(code: string | null): ErrorFamily | null {
  return isErrorCode(code) ? ERROR_CODES[code] : null;
}

/** The failure of a run that threw. `step`: the one that failed. */
export function failureOf(error: StoredError, step: string | null): RunFailure {
  const [message = '', ...causes] = error.messages;
  const family = familyOf(error.code);
  const remedy = error.code === 'FLOW_CHILD_FAILED' ? CHILD_REMEDY : family === null ? UNKNOWN_REMEDY : REMEDIES[family];
  return { message, code: error.code, step, causes, remedy };
}

/** The failure of a run that did not throw, by what ended it. */
export function failureWithoutError(message: string, kind: 'timed_out' | 'given_up' | 'worker_gone', step: string | null): RunFailure {
  const remedies = {
    timed_out: 'Raise the time limit in the settings of the flow when it needs longer; else find out what it waited for. Finished steps are kept: retry from the step that was running.',
    given_up: 'The log of the service says what ended it each time. Retry when the cause is gone: finished steps are kept.',
    worker_gone: 'Nothing to do: the service is started again by itself. The health panel shows when it cannot.',
  } as const;
  return { message, code: null, step, causes: [], remedy: remedies[kind] };
}
