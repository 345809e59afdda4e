/** One question to the broker over HTTP: asked once, within a time, with what became of it. Never an order, never a second try. */
import type { KeyPair } from '#app/contracts/broker-keys.ts';

/** No answer of the questions that are asked here is longer. */
const MAX_BYTES = 256 * 1_024;
const MAX_CAUSES = 6;

/** Why there was no answer. `code` is the system's own word for it, for whoever helps; never what a server wrote. */
export type Silence = { readonly why: 'no_network' | 'name_unknown' | 'unreachable' | 'tls_failed' | 'out_of_time' | 'answer_unreadable'; readonly code: string };

/** An answer, or why there was none. Times are milliseconds; `askedAt` and `heardAt` EpochMs, `heardAt` when the head of the answer was there. `retryAfterSeconds`: null when not told. */
export type BrokerAnswer =
  | { readonly kind: 'answered'; readonly status: number; readonly text: string; readonly retryAfterSeconds: number | null; readonly askedAt: number; readonly heardAt: number; readonly roundTripMs: number }
  | ({ readonly kind: 'silent' } & Silence);

/** What is asked, with which keys, and for how long it is waited. */
export type BrokerQuestion = { readonly url: string; readonly keys: KeyPair; readonly limitMs: number };

const TLS_CODES = /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|HOSTNAME_MISMATCH|EPROTO|INVALID_CA|PATH_LENGTH_|ERROR_IN_CERT_)/;
const MEANINGS: readonly (readonly [Silence['why'], RegExp])[] = [
  ['name_unknown', /^ENOTFOUND$/],
  ['no_network', /^(EAI_AGAIN|ENETUNREACH|ENETDOWN|EHOSTUNREACH|EHOSTDOWN|EADDRNOTAVAIL)$/],
  ['tls_failed', TLS_CODES],
  ['out_of_time', /^(TimeoutError|ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/],
  ['answer_unreadable', /^(HPE_|HTTPParserError$|UND_ERR_HEADERS_OVERFLOW$|TOO_LARGE$)/],
];

/** The names of an error and of what caused it, the deepest first: that is the one that tells. */
function codesOf(error: unknown): string[] {
  const codes: string[] = [];
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && current instanceof Error; depth += 1) {
    const code: unknown = Reflect.get(current, 'code');
    if (typeof code === 'string') codes.unshift(code);
    else if (current.name !== 'Error' && current.name !== 'TypeError') codes.unshift(current.name);
    current = current.cause ?? (current instanceof AggregateError ? (current.errors as unknown[])[0] : undefined);
  }
  return codes;
}

/** Why a request failed, by the codes of its error and causes. Pure; exported for its test. Anything that is not known to be something else is a connection that did not hold. */
export function silenceOf(error: unknown): Silence {
  const codes = codesOf(error);
  for (const code of codes) {
    const why = MEANINGS.find(([, pattern]) => pattern.test(code))?.[0];
    if (why !== undefined) return { why, code };
  }
  return { why: 'unreachable', code: codes[0] ?? 'unknown' };
}

class TooLarge extends Error {
  readonly code = 'TOO_LARGE';
}

async function textOf(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BYTES) throw new TooLarge('The answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function secondsOf(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : null;
}

/** Asks once. Both halves of the pair must be shaped as keys, or the platform's own error would repeat them. Never throws for what happens on the wire. */
export async function askBroker({ url, keys, limitMs }: BrokerQuestion): Promise<BrokerAnswer> {
  const askedAt = Date.now();
  const began = performance.now();
  try {
    // A redirect is not followed: it would carry the keys to wherever it points.
    const response = await fetch(url, {
      redirect: 'manual', signal: AbortSignal.timeout(limitMs), headers: { accept: 'application/json', 'apca-api-key-id': keys.keyId, 'apca-api-secret-key': keys.secretKey },
    });
    const heardAt = Date.now();
    const roundTripMs = performance.now() - began;
    const retryAfterSeconds = secondsOf(response.headers.get('retry-after'));
    return { kind: 'answered', status: response.status, text: await textOf(response), retryAfterSeconds, askedAt, heardAt, roundTripMs };
  } catch (error) {
    return { kind: 'silent', ...silenceOf(error) };
  }
}
