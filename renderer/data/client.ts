/** The typed client of the gateway, derived from the contract. */
import { HTTP, httpErrorSchema, IDEMPOTENCY_HEADER, pathParameters, TOKEN_HEADER } from '#app/contracts/http.ts';
import type { RouteContract, RouteInput, RouteName, RouteOutput } from '#app/contracts/http.ts';

const TIMEOUT_MS = 15_000;

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

/** Where the gateway is and the page's token; the token arrives with the session. */
const access = { base: '', token: '' };

/** Notes the token that each request carries from now on. */
export function setToken(token: string): void {
  access.token = token;
}
/** The token for the live socket's hello. */
export function currentToken(): string {
  return access.token;
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

/**
 * Asks the gateway. Replies are checked against the contract.
 * @throws ClientError with the gateway's words, or status 0 when it does not answer.
 */
export async function call<N extends RouteName>(name: N, input: RouteInput<N>, options: { signal?: AbortSignal; idempotencyKey?: string } = {}): Promise<RouteOutput<N>> {
  const route: RouteContract = HTTP[name];
  const { url, body } = buildRequest(route, input as Record<string, unknown>);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  let response: Response;
  try {
    response = await fetch(`${access.base}${url}`, {
      method: route.method, body, credentials: 'same-origin', cache: 'no-store', signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
      headers: {
        ...(access.token === '' ? {} : { [TOKEN_HEADER]: access.token }), ...(body === null ? {} : { 'content-type': 'application/json' }),
        ...(route.movesMoney ? { [IDEMPOTENCY_HEADER]: options.idempotencyKey ?? newKey() } : {}),
      },
    });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ClientError('The gateway does not answer. What is shown is what was known last; it is asked again by itself.', { status: 0, code: 'NO_ANSWER' });
  }
  if (!response.ok) throw await refusal(response);
  return route.output.parse(await response.json()) as RouteOutput<N>;
}

/** Opens a live tail of a unit's output as newline-delimited JSON. @throws ClientError */
export async function openLogTail(unit: string, lines: number, signal: AbortSignal): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const response = await fetch(`${access.base}/logs?unit=${encodeURIComponent(unit)}&lines=${lines}&follow=1`, { signal, headers: { [TOKEN_HEADER]: access.token }, cache: 'no-store' });
  if (!response.ok) throw await refusal(response);
  if (!response.body) throw new ClientError('The log has no content', { status: response.status, code: 'UNKNOWN' });
  return response.body;
}
