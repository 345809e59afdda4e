/** The one error type of the house: what happened, and what the caller must do about it. */

/**
 * What the caller must do:
 * `invalid` fix the input, do not retry (400); `denied` a rule said no, show the reason (409);
 * `conflict` someone was first, re-read (409); `temporary` wait and retry with backoff (503);
 * `unknown` the effect may have happened: reconcile, never repeat blindly (502);
 * `operator` a human must act: stop and notify (500); `bug` crash (500).
 */
export type ErrorFamily = 'invalid' | 'denied' | 'conflict' | 'temporary' | 'unknown' | 'operator' | 'bug';

/** Every error code with its family. Codes read CATEGORY_CONDITION. */
export const ERROR_CODES = {
  INPUT_INVALID: 'invalid',
  INPUT_TOO_LARGE: 'invalid',
  CONFIG_INVALID: 'operator',
  CONFIG_UNREADABLE: 'operator',
  DATA_FOLDER_UNUSABLE: 'operator',
  DATA_FOLDER_IN_USE: 'operator',
  DATA_FOLDER_FULL: 'operator',
  FILE_HELD: 'operator',
  PORT_HELD: 'operator',
  RUNTIME_MISSING: 'operator',
  RUNTIME_DAMAGED: 'operator',
  DATABASE_NEWER: 'operator',
  DATABASE_DRIFTED: 'operator',
  DATABASE_UNREACHABLE: 'temporary',
  BUS_UNREACHABLE: 'temporary',
  UNIT_NOT_FOUND: 'invalid',
  UNIT_START_FAILED: 'operator',
  START_ELEVATED: 'operator',
  UNIT_TIMEOUT: 'temporary',
  LIVE_REFUSED: 'denied',
  UPDATE_REFUSED: 'denied',
  ORDERS_OPEN: 'denied',
  AUTH_MISSING: 'denied',
  AUTH_INVALID: 'denied',
  ROUTE_NOT_FOUND: 'invalid',
  RATE_LIMITED: 'temporary',
  BROKER_KEYS_REJECTED: 'operator',
  BROKER_UNREACHABLE: 'temporary',
  BROKER_OUTCOME_UNKNOWN: 'unknown',
  BROKER_REJECTED: 'denied',
  BROKER_REPLY_INVALID: 'unknown',
  ORDER_NOT_FOUND: 'invalid',
  ORDER_NOT_CANCELABLE: 'conflict',
  ORDER_TRANSITION_ILLEGAL: 'bug',
  ORDER_DENIED: 'denied',
  FINDING_NOT_FOUND: 'invalid',
  SYMBOL_UNKNOWN: 'invalid',
  STRATEGY_NOT_FOUND: 'invalid',
  PROJECT_NOT_FOUND: 'invalid',
  TEMPLATE_NOT_FOUND: 'invalid',
  BACKTEST_NOT_FOUND: 'invalid',
  GATE_CLOSED: 'denied',
  STRATEGY_PARAMETERS_INVALID: 'invalid',
  RUN_STOPPED: 'conflict',
  STRATEGY_FAILED: 'invalid',
  STRATEGY_CODE_INVALID: 'invalid',
  STRATEGY_OUT_OF_TIME: 'invalid',
  SCREEN_OUT_OF_TIME: 'temporary',
  SCREEN_NOT_FOUND: 'invalid',
  STRATEGY_OUT_OF_MEMORY: 'invalid',
  FLOW_NOT_FOUND: 'invalid',
  FLOW_RUN_NOT_FOUND: 'invalid',
  FLOW_INPUT_INVALID: 'invalid',
  FLOW_RESULT_INVALID: 'bug',
  FLOW_CHILD_FAILED: 'denied',
  SCHEDULE_INVALID: 'invalid',
  REPORT_NOT_FOUND: 'invalid',
  REPORT_CHANGED: 'conflict',
  REPLAY_FILE_INVALID: 'invalid',
  JOURNAL_CORRUPT: 'operator',
  ARCHIVE_DAMAGED: 'operator',
  COLUMNS_DAMAGED: 'operator',
  VERSION_CONFLICT: 'conflict',
  IDEMPOTENCY_CONFLICT: 'conflict',
  INVARIANT_BROKEN: 'bug',
} as const satisfies Record<string, ErrorFamily>;

/** A code of the registry above. */
export type ErrorCode = keyof typeof ERROR_CODES;

/** Is this text one of our codes? Own properties alone: a foreign text may be called `constructor`. */
export function isErrorCode(text: unknown): text is ErrorCode {
  return typeof text === 'string' && Object.hasOwn(ERROR_CODES, text);
}

/** Structured facts about an error; never secrets. */
export type ErrorContext = Readonly<Record<string, unknown>>;

/** The error that crosses rooms. `message` is a plain sentence that says what to do. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly family: ErrorFamily;
  readonly context: ErrorContext;

  constructor(code: ErrorCode, message: string, options: { context?: ErrorContext; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'AppError';
    this.code = code;
    this.family = ERROR_CODES[code];
    this.context = options.context ?? {};
  }
}

/**
 * Assertion that stays on in production: corrupt data is worse than no data.
 * @throws AppError INVARIANT_BROKEN (family bug) when the condition is false.
 */
export function invariant(condition: unknown, message: string, context: ErrorContext = {}): asserts condition {
  if (!condition) throw new AppError('INVARIANT_BROKEN', message, { context });
}

/** Marks a branch that the types say cannot be reached. */
export function unreachable(value: never): never {
  throw new AppError('INVARIANT_BROKEN', 'Unreachable branch', { context: { value } });
}

/** Expected outcome of a pure decision: a value or an error that the caller must look at. */
export type Result<T, E = AppError> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** Builds a success. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** Builds an expected failure. */
export function fail<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/** The text of any thrown value, with its causes, for a log line or a message. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth += 1) {
    const text = current instanceof Error ? current.message : typeof current === 'string' ? current : JSON.stringify(current);
    // A wrapper often repeats the words of what it wraps.
    if (!parts.some((part) => part.includes(text))) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.join(': ');
}
