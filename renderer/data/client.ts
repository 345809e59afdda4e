/** The typed client of the gateway, derived from the contract. */
import { HTTP, httpErrorSchema, IDEMPOTENCY_HEADER, pathParameters, TOKEN_HEADER } from '#app/contracts/http.ts';
import type { RouteInput, RouteName, RouteOutput } from '#app/contracts/http.ts';
import type { RouteContract } from '#app/contracts/route.ts';

const TIMEOUT_MS = 15_000;

const NO_ANSWER = 'The gateway does not answer. What is shown is what was known last; it is asked again by itself.';

/** A refusal or a lost connection, in words for people. `status` 0 = no answer at all. */
export class ClientError extends Error {
  readonly status: number;
  readonly code: string;
  readonly issues: readonly { path: string; message: string }[];

  constructor(message: string, facts: { status: number; code: string; issues?: readonly { path: string; message: string }[] }) {
    super(message);
    this.name = 'ClientError';
    this.status = facts.status;
    this.code = facts.code;
    this.issues = facts.issues ?? [];
  }
}

/** Statuses after which nobody knows what became of a request: no connection, a defect on the way, or the gateway's own "not known". */
const UNKNOWN_STATUSES: ReadonlySet<number> = new Set([0, 500, 502, 504]);

/** Did a request end without an answer that can be relied on, so that what it asked for may have happened? */
export function isUnanswered(error: unknown): boolean {
  return error !== null && error !== undefined && (!(error instanceof ClientError) || UNKNOWN_STATUSES.has(error.status));
}

/** May the same question have an answer a moment later: nobody answered, or a part was away? */
export function mayPass(error: unknown): boolean {
  return error instanceof ClientError && (error.status === 0 || error.status >= 500);
}

/** Where the gateway is, and what opens it. In a browser the page came from it (`base` is empty) and the token arrives with the session; in the window the shell tells both. */
export type Access = { readonly base: string; readonly token: string; readonly kind: 'page' | 'bearer' };

let access: Access | null = { base: '', token: '', kind: 'page' };
let renewAccess: (() => Promise<boolean>) | null = null;

/** Notes the access that each request carries from now on; null = the gateway is known to be down, nothing is asked. */
export function setAccess(next: Access | null): void {
  access = next;
}
/** Is there a gateway to ask, as far as is known? */
export function hasAccess(): boolean {
  return access !== null;
}
/** Notes the token of a page that the gateway served. */
export function setToken(token: string): void {
  if (access?.kind === 'page') access = { ...access, token };
}
/** Where the live socket goes and the token of its hello; null while the gateway is down. */
export function liveAccess(): { url: string; token: string } | null {
  if (access === null) return null;
  return { url: `${(access.base === '' ? location.origin : access.base).replace(/^http/, 'ws')}/live`, token: access.token };
}
/** Who fetches a fresh token when one is refused; answers whether there is another one now. */
export function onRefusedToken(renew: (() => Promise<boolean>) | null): void {
  renewAccess = renew;
}

/** A key for one press of a button: repeated by a retry, new at the next press. */
export function newKey(): string {
  return `page-${crypto.randomUUID()}`;
}

/** URL and body of a call: path parameters filled, the rest as query (GET) or body. */
export function buildRequest(route: RouteContract, input: Readonly<Record<string, unknown>>): { url: string; body: string | null } {
  const inPath = pathParameters(route.path);
  const path = route.path.replaceAll(/:([A-Za-z]+)/g, (_all, name: string) => encodeURIComponent(String(input[name])));
  const rest = Object.entries(input).filter(([name, value]) => !inPath.includes(name) && value !== undefined);
  if (route.method !== 'GET') return { url: path, body: JSON.stringify(Object.fromEntries(rest)) };
  const query = new URLSearchParams(rest.map(([name, value]) => [name, String(value)])).toString();
  return { url: query === '' ? path : `${path}?${query}`, body: null };
}

async function refusal(response: Response): Promise<ClientError> {
  const parsed = httpErrorSchema.safeParse(await response.json().catch((error: unknown) => ({ unreadable: String(error) })));
  if (!parsed.success) return new ClientError(`The gateway answered ${response.status}`, { status: response.status, code: 'UNKNOWN' });
  const { message, code, issues } = parsed.data.error;
  return new ClientError(message, { status: response.status, code, ...(issues ? { issues } : {}) });
}

/** Who asks: a page that the gateway served shows its token, the window shows the bearer token of this launch. */
function identity(from: Access): Record<string, string> {
  if (from.token === '') return {};
  return from.kind === 'bearer' ? { authorization: `Bearer ${from.token}` } : { [TOKEN_HEADER]: from.token };
}

/** One request with what the gateway must know of us; a refused bearer token is renewed once. @throws ClientError */
async function request(url: string, init: { method: string; body: string | null; headers: Record<string, string>; signal: AbortSignal; asker: AbortSignal | undefined }): Promise<Response> {
  const { headers, asker, ...rest } = init;
  for (let attempt = 0; ; attempt += 1) {
    const from = access;
    if (from === null) throw new ClientError(NO_ANSWER, { status: 0, code: 'NO_ANSWER' });
    let response: Response;
    try {
      response = await fetch(`${from.base}${url}`, { ...rest, cache: 'no-store', credentials: from.kind === 'bearer' ? 'omit' : 'same-origin', headers: { ...headers, ...identity(from) } });
    } catch (error) {
      if (asker?.aborted) throw error;
      throw new ClientError(NO_ANSWER, { status: 0, code: 'NO_ANSWER' });
    }
    // Refused for its token, a request did nothing: it may be sent again as it is.
    if (response.status !== 401 || from.kind !== 'bearer' || attempt > 0 || !(await renewAccess?.())) return response;
  }
}

/** The content of an answer: it may break off, or take too long, after its head was there. @throws ClientError */
async function contentOf(response: Response, asker: AbortSignal | undefined): Promise<unknown> {
  try {
    return await response.json();
  } catch (error) {
    if (asker?.aborted || error instanceof SyntaxError) throw error;
    throw new ClientError(NO_ANSWER, { status: 0, code: 'NO_ANSWER' });
  }
}

/**
 * Asks the gateway. Replies are checked against the contract.
 * @throws ClientError with the gateway's words, or status 0 when it does not answer.
 */
export async function call<N extends RouteName>(name: N, input: RouteInput<N>, options: { signal?: AbortSignal; idempotencyKey?: string } = {}): Promise<RouteOutput<N>> {
  const route: RouteContract = HTTP[name];
  const { url, body } = buildRequest(route, input as Record<string, unknown>);
  const timeout = AbortSignal.timeout(route.timeoutMs ?? TIMEOUT_MS);
  const response = await request(url, {
    method: route.method, body, signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout, asker: options.signal,
    headers: { ...(body === null ? {} : { 'content-type': 'application/json' }), ...(route.movesMoney ? { [IDEMPOTENCY_HEADER]: options.idempotencyKey ?? newKey() } : {}) },
  });
  if (!response.ok) throw await refusal(response);
  return route.output.parse(await contentOf(response, options.signal)) as RouteOutput<N>;
}

async function openTail(query: Readonly<Record<string, string | number>>, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const text = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
  const response = await request(`/logs?${text}&follow=1`, { method: 'GET', body: null, headers: {}, signal, asker: signal });
  if (!response.ok) throw await refusal(response);
  if (!response.body) throw new ClientError('The log has no content', { status: response.status, code: 'UNKNOWN' });
  return response.body;
}

/** Opens a live tail of a unit's output as newline-delimited JSON. @throws ClientError */
export function openLogTail(unit: string, lines: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return openTail({ unit, lines }, signal);
}

/** Bars as a CSV file, offered to the reader to keep. @throws ClientError */
export async function readExport(wish: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Blob> {
  const response = await request(`/exports/bars.csv?${new URLSearchParams(wish).toString()}`, { method: 'GET', body: null, headers: {}, signal, asker: signal });
  if (!response.ok) throw await refusal(response);
  return response.blob();
}

/** The page of a stored report, as text. @throws ClientError */
export async function readReport(reportId: string, signal: AbortSignal): Promise<string> {
  const response = await request(`/reports/${encodeURIComponent(reportId)}`, { method: 'GET', body: null, headers: {}, signal, asker: signal });
  if (!response.ok) throw await refusal(response);
  return response.text();
}

/** Opens a live tail of the collected lines of all parts that pass a filter. @throws ClientError */
export function openBookTail(filter: Readonly<Record<string, string>>, afterSeq: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  return openTail({ ...filter, afterSeq }, signal);
}

/** Calls back with each line of a stream of text, until it ends. */
export async function readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>, take: (lines: readonly string[]) => void): Promise<void> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split('\n');
    rest = parts.pop() ?? '';
    const lines = parts.filter((part) => part !== '');
    if (lines.length > 0) take(lines);
  }
}
