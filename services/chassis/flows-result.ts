/** What steps and flows give back, throw and say, held to what the book can keep: JSON, bounded, the same after a crash. Pure. */
import { AppError, isErrorCode } from '#app/domain/errors.ts';

/** The largest result of a step or a flow, in bytes of JSON. */
export const MAX_RESULT_BYTES = 1_048_576;
/** The longest message of a run's log or error that is kept, in characters. */
export const MAX_MESSAGE = 2_000;
/** The largest fields of a line of a run's log, in characters of JSON. */
const MAX_FIELDS = 2_000;
/** An error's text beyond this is cut before it goes into the book. */
const MAX_ERROR = 10_000;

function kindOf(value: unknown): string | null {
  if (typeof value === 'bigint' || typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? null : `a ${value.constructor.name}`;
}

/**
 * The result as the book keeps it. `what` names the step or the flow.
 * @throws AppError FLOW_RESULT_INVALID for what JSON cannot say (bigint, NaN, Date, Map, a class, a circle) or more than 1 MB.
 */
export function checkResult<T>(what: string, value: T): T {
  let text: string | undefined;
  try {
    text = JSON.stringify(value, function check(this: Record<string, unknown>, key: string, after: unknown) {
      // `this` still holds what the value was before a toJSON of its own.
      const kind = kindOf(this[key]);
      if (kind !== null) throw new TypeError(`${key === '' ? 'it' : `"${key}"`} is ${kind}`);
      return after;
    });
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '').slice(0, 300) : String(error);
    throw new AppError('FLOW_RESULT_INVALID', `The result of ${what} cannot be kept: ${why}. Return plain JSON: objects, arrays, strings, finite numbers, booleans, null`, { context: { what } });
  }
  const bytes = text === undefined ? 0 : Buffer.byteLength(text);
  if (bytes > MAX_RESULT_BYTES) throw new AppError('FLOW_RESULT_INVALID', `The result of ${what} has ${bytes} bytes; at most ${MAX_RESULT_BYTES} are kept. Return a summary and keep the rest in a table or a file`, { context: { what, bytes } });
  return value;
}

/** An error as the flow's body may catch it: of our type again when it comes out of the book, the same before and after a crash. */
export function reviveError(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error) || error.name !== 'AppError') return error;
  const { code, context } = error as { code?: unknown; context?: unknown };
  if (!isErrorCode(code)) return error;
  const facts = typeof context === 'object' && context !== null ? (context as Record<string, unknown>) : {};
  return new AppError(code, error.message, { context: facts, ...(error.cause === undefined ? {} : { cause: error.cause }) });
}

/** Cuts an error's own text to what a book should hold. */
export function boundError(error: unknown): unknown {
  if (error instanceof Error && error.message.length > MAX_ERROR) error.message = cutText(error.message, MAX_ERROR);
  return error;
}

/** A text of at most `limit` characters that says what is missing. */
export function cutText(text: string, limit: number = MAX_MESSAGE): string {
  if (text.length <= limit) return text;
  const note = ` ... (${text.length} characters)`;
  return `${text.slice(0, limit - note.length)}${note}`;
}

/** Fields of a log line, replaced by their size when they are too large or no JSON. */
export function boundFields(fields: Readonly<Record<string, unknown>> | undefined): Readonly<Record<string, unknown>> | null {
  if (fields === undefined) return null;
  let text: string;
  try {
    text = JSON.stringify(fields);
  } catch (error) {
    return { unreadable: error instanceof Error ? (error.message.split('\n')[0] ?? '').slice(0, 200) : 'fields' };
  }
  return text.length <= MAX_FIELDS ? (JSON.parse(text) as Record<string, unknown>) : { cut: cutText(text, 500) };
}
