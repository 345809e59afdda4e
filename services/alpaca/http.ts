/** One REST call: request budget, the SDK's transport, and what each way of failing means. */
import { errors } from '@alpacahq/alpaca-trade-api';
import type * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';
import { readAs } from '#app/contracts/read.ts';
import type { Governor } from './governor.ts';
import type { Permit } from './ports.ts';

/** A call ends after this long, whatever the socket does; the SDK's transport aborts it. */
export const REQUEST_TIMEOUT_MS = 5_000;
const DEFAULT_PAUSE_MS = 1_000;

/** How a call failed. `code` is Alpaca's, null when the reply had none. */
export type Failure =
  | { readonly kind: 'refused'; readonly status: number; readonly code: number | null; readonly message: string }
  | { readonly kind: 'timeout'; readonly message: string }
  | { readonly kind: 'network'; readonly message: string }
  | { readonly kind: 'unreadable'; readonly message: string };

/** A reply, or how the call failed. */
export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: Failure; readonly cause: unknown };

/** What the raw methods of the SDK's generated APIs give: only `raw` is used, the body is read and checked here. */
export type RawCall = () => Promise<{ readonly raw: Response }>;

function numberHeader(headers: Headers, name: string): number | null {
  const text = headers.get(name);
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function heedHeaders(governor: Governor, headers: Headers): void {
  governor.heed({ limit: numberHeader(headers, 'x-ratelimit-limit'), remaining: numberHeader(headers, 'x-ratelimit-remaining'), resetAtSeconds: numberHeader(headers, 'x-ratelimit-reset') });
}

function codeOf(error: errors.ApiError): number | null {
  const code = Number(error.code);
  return error.code !== undefined && Number.isSafeInteger(code) ? code : null;
}

function failureOf(error: unknown, governor: Governor): Failure {
  if (error instanceof errors.ApiError) {
    if (error.status === 429) governor.pause(error.retryAfterMs ?? DEFAULT_PAUSE_MS);
    else heedHeaders(governor, error.response.headers);
    return { kind: 'refused', status: error.status, code: codeOf(error), message: error.message.slice(0, 500) };
  }
  const name = error instanceof errors.FetchError ? error.cause.name : '';
  return { kind: name === 'TimeoutError' || name === 'AbortError' ? 'timeout' : 'network', message: describeError(error).slice(0, 500) };
}

/** Sends a request once, with a permit already taken, and reads the reply through its schema. Never throws for what happens on the wire. */
export async function callOnce<S extends z.ZodType>(governor: Governor, _permit: Permit, schema: S, call: RawCall): Promise<Reply<z.output<S>>> {
  let text: string;
  try {
    const { raw } = await call();
    heedHeaders(governor, raw.headers);
    text = raw.status === 204 ? 'null' : await raw.text();
  } catch (error) {
    return { ok: false, failure: failureOf(error, governor), cause: error };
  }
  try {
    return { ok: true, value: readAs(schema, JSON.parse(text)) };
  } catch (error) {
    return { ok: false, failure: { kind: 'unreadable', message: `the reply does not read as expected: ${describeError(error).slice(0, 300)}` }, cause: error };
  }
}

/** What a person reads when the broker does not take the keys, and what to do about it. */
export const KEYS_REFUSED = 'The broker refused the keys. Enter them again: under Broker keys in the application, or as ALPACA_API_KEY and ALPACA_SECRET_KEY in the settings; a paper account that was reset has new keys.';
/** Refused keys are shown to the broker again after this long: it locks out who hammers, and a person has to act first. */
export const KEYS_RETRY_MS = 60_000;

/** Keys that are refused answer 401, or 403 without a code of Alpaca's. */
export function isKeysRefused(failure: Failure): boolean {
  return failure.kind === 'refused' && (failure.status === 401 || (failure.status === 403 && failure.code === null));
}

/** The error of a failed reading call. */
export function toAppError(failure: Failure, what: string, cause: unknown): AppError {
  const context = { what, ...(failure.kind === 'refused' ? { status: failure.status, brokerCode: failure.code } : {}) };
  if (isKeysRefused(failure)) {
    // Without its cause: whoever refuses keys may repeat them in the answer, and causes are logged.
    return new AppError('BROKER_KEYS_REJECTED', KEYS_REFUSED, { context });
  }
  if (failure.kind === 'unreadable') return new AppError('BROKER_REPLY_INVALID', `The broker's answer to "${what}" cannot be read`, { context, cause });
  if (failure.kind !== 'refused' || failure.status >= 500) return new AppError('BROKER_UNREACHABLE', `The broker cannot be reached (${what}). Check the internet connection and ALPACA_BASE_URL; it is tried again by itself`, { context, cause });
  if (failure.status === 429) return new AppError('RATE_LIMITED', 'The broker asks for fewer requests', { context, cause });
  if (failure.code === null) return new AppError('BROKER_UNREACHABLE', `Something between us and the broker refused "${what}" (${failure.status})`, { context, cause });
  return new AppError('BROKER_REJECTED', `The broker refused "${what}": ${failure.message}`, { context, cause });
}
