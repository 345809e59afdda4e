/** Calling a webhook: signed, with a key by which its receiver knows a repetition. */
import { createHmac } from 'node:crypto';
import type { WebhookAccess } from '#app/contracts/config.ts';
import { describeError } from '#app/domain/errors.ts';
import { renderText } from '../letters/text.ts';
import { masked } from './mask.ts';
import type { Carrier } from './smtp.ts';
import type { Claimed, Outcome } from './store.ts';

const TIMEOUT_MS = 15_000;
const ANSWER_MAX = 300;
/** Answers about the address and the right to call it: the next message meets them too. */
const SETUP_STATUSES: ReadonlySet<number> = new Set([401, 403, 404, 405, 410]);
/** Shorter words of an address are names (`services`, `hooks`), not keys. */
const SECRET_WORD_LEAST = 12;

/** Headers of a call. The signature is `v1=` and the hex HMAC-SHA256 of `<timestamp>.<body>`; a receiver refuses old timestamps. */
export const WEBHOOK_HEADERS = { key: 'idempotency-key', timestamp: 'x-mainspring-timestamp', signature: 'x-mainspring-signature' } as const;

/** The signature of a call; `timestamp` in seconds since 1970. */
export function signCall(secret: string, timestamp: number, body: string): string {
  return `v1=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}

/** The body: the letter for machines, and `text` for services that show just that. The same for each attempt. */
function bodyOf(claimed: Claimed): string {
  const { letter } = claimed;
  return JSON.stringify({ deliveryId: claimed.deliveryId, notificationId: claimed.notificationId, kind: claimed.kind, at: claimed.createdAt, mode: letter.mode, severity: letter.severity, title: letter.title, text: renderText(letter), letter });
}

/** The first words of an answer; the rest is not read. The status has said what counts: words that do not come to an end are none. */
async function firstWords(response: Response): Promise<string> {
  try {
    const reader = response.body?.getReader();
    if (!reader) return '';
    const { value } = (await reader.read()) as { value?: Uint8Array };
    await reader.cancel();
    return new TextDecoder().decode(value?.subarray(0, ANSWER_MAX)).replace(/\s+/g, ' ').trim();
  } catch {
    return '';
  }
}

/** The address and what of it an answer may repeat: its path as a whole, and long words in it. */
function secretsOf({ url, secret }: WebhookAccess): (string | null)[] {
  const { pathname, search, searchParams } = new URL(url);
  const words = [...pathname.split('/'), ...searchParams.values()].filter((word) => word.length >= SECRET_WORD_LEAST);
  return [url, `${pathname}${search}`, pathname, search, ...words, secret];
}

function judge(status: number, words: string): Outcome {
  const said = words === '' ? '' : `: ${words}`;
  if (status >= 200 && status < 300) return { status: 'sent', response: `${status}${said}` };
  const reason = `The webhook answered ${status}${said}`;
  if (status === 408 || status === 429 || status >= 500) return { status: 'retry', reason };
  return { status: 'failed', isSetup: status < 400 || SETUP_STATUSES.has(status), reason: status < 400 ? `${reason}; redirections are not followed, write the new address into WEBHOOK_URL` : reason };
}

/** The carrier of calls to one address. Its own address is never part of a reason. */
export function webhookCarrier(access: WebhookAccess, now: () => number): Carrier {
  const secrets = secretsOf(access);
  return async (claimed, { handOver, signal }) => {
    const body = bodyOf(claimed);
    const timestamp = Math.floor(now() / 1_000);
    const signature = access.secret === null ? {} : { [WEBHOOK_HEADERS.signature]: signCall(access.secret, timestamp, body) };
    const headers = { 'content-type': 'application/json', 'user-agent': 'Mainspring', [WEBHOOK_HEADERS.key]: claimed.deliveryId, [WEBHOOK_HEADERS.timestamp]: String(timestamp), ...signature };
    try {
      const response = await fetch(access.url, { method: 'POST', body, headers, redirect: 'manual', signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]) });
      await handOver(); // Counts for the record alone: a repetition is known by its key.
      return masked(judge(response.status, await firstWords(response)), secrets);
    } catch (error) {
      return masked({ status: 'retry', reason: `The webhook could not be called: ${describeError(error)}` }, secrets);
    }
  };
}
