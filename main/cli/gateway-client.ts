/** The command line as a client of the gateway: with the token of a stack that it started itself, or signed in at one that runs. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { HTTP, IDEMPOTENCY_HEADER, TOKEN_HEADER, type RouteInput, type RouteName, type RouteOutput } from '#app/contracts/http.ts';
import type { RouteContract } from '#app/contracts/route.ts';
import { AppError } from '#app/domain/errors.ts';
import { errorCodeOf } from '../flows.ts';
import { askDoor } from '../supervisor/door.ts';

const LIMIT_MS = 70_000;
const DOOR_LIMIT_MS = 15_000;
const linkSchema = z.object({ url: z.string() });
const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** A gateway that lets us in. `call` throws the gateway's own refusals as AppErrors. */
export type GatewayClient = { call<N extends RouteName>(name: N, input: RouteInput<N>): Promise<RouteOutput<N>>; get(path: string): Promise<Response> };

type Entry = { readonly baseUrl: string; readonly headers: Readonly<Record<string, string>> };

async function refusalOf(response: Response): Promise<AppError> {
  const body: unknown = await response.json().catch(() => null);
  const said = refusalSchema.safeParse(body);
  return said.success ? new AppError(errorCodeOf(said.data.error.code), said.data.error.message) : new AppError('UNIT_TIMEOUT', `The gateway answered ${response.status}; "mainspring status" shows what runs`);
}

async function ask(entry: Entry, path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(`${entry.baseUrl}${path}`, { redirect: 'error', ...init, headers: { ...entry.headers, ...(init.headers as Record<string, string> | undefined) } });
  } catch (error) {
    throw new AppError('UNIT_TIMEOUT', 'The gateway does not answer; "mainspring status" shows what runs', { cause: error });
  }
  if (!response.ok) throw await refusalOf(response);
  return response;
}

function clientOf(entry: Entry): GatewayClient {
  return {
    async call<N extends RouteName>(name: N, input: RouteInput<N>) {
      const route: RouteContract = HTTP[name];
      const rest: Record<string, unknown> = { ...(input as Record<string, unknown>) };
      const path = route.path.replaceAll(/:(\w+)/g, (_, field: string) => {
        const value = rest[field];
        delete rest[field];
        return encodeURIComponent(String(value));
      });
      const query = route.method === 'GET' ? `?${new URLSearchParams(Object.entries(rest).map(([key, value]): [string, string] => [key, String(value)])).toString()}` : '';
      const response = await ask(entry, `${path}${query}`, {
        method: route.method, signal: AbortSignal.timeout(LIMIT_MS),
        ...(route.method === 'GET' ? {} : { body: JSON.stringify(rest), headers: { 'content-type': 'application/json', [IDEMPOTENCY_HEADER]: randomUUID() } }),
      });
      return route.output.parse(await response.json()) as RouteOutput<N>;
    },
    get: (path) => ask(entry, path),
  };
}

/** The client of a stack that this process started. */
export function clientWithToken({ baseUrl, token }: { readonly baseUrl: string; readonly token: string }): GatewayClient {
  return clientOf({ baseUrl, headers: { authorization: `Bearer ${token}` } });
}

/** Signs in at the stack that runs behind a door, with a link as a browser would. Null: nothing runs there. @throws AppError UNIT_TIMEOUT when its gateway does not let us in */
export async function clientOfRunning(door: string): Promise<GatewayClient | null> {
  const answer = await askDoor(door, 'loginLink', DOOR_LIMIT_MS);
  if (answer === null) return null;
  const link = new URL(linkSchema.parse(answer.result).url);
  const signedIn = await fetch(link, { redirect: 'manual', signal: AbortSignal.timeout(DOOR_LIMIT_MS) }).catch((error: unknown) => {
    throw new AppError('UNIT_TIMEOUT', 'The gateway does not answer; "mainspring status" shows what runs', { cause: error });
  });
  const cookie = signedIn.headers.getSetCookie().map((text) => text.split(';')[0] ?? '').join('; ');
  if (cookie === '') throw new AppError('AUTH_INVALID', 'The gateway did not let the command line in; try again');
  const session = await ask({ baseUrl: link.origin, headers: { cookie } }, '/api/session');
  const { token } = HTTP.session.output.parse(await session.json());
  return clientOf({ baseUrl: link.origin, headers: { cookie, [TOKEN_HEADER]: token } });
}
