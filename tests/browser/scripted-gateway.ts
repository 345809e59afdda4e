/** A gateway that says what a test wants: for states of the pages that a real stack has only by luck (no answer, a thousand orders, a difference). All it says is checked against the contract. */
import { existsSync, readFileSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import type { Page, Route, WebSocketRoute } from 'playwright-core';
import { HTTP, IDEMPOTENCY_HEADER, pathParameters, ROUTE_NAMES } from '#app/contracts/http.ts';
import type { RouteInput, RouteName, RouteOutput, RouteParsed } from '#app/contracts/http.ts';
import { LIVE_PROTOCOL } from '#app/contracts/live.ts';
import type { LiveBody } from '#app/contracts/live.ts';
import { contentTypeOf, pagePolicy } from '#app/contracts/page.ts';
import { AppError } from '#app/domain/errors.ts';

const DIST = resolve(import.meta.dirname, '../../dist/renderer');
/** Where the scripted page lives; nothing listens there. */
export const SCRIPTED_ORIGIN = 'http://127.0.0.1:9';

type Answer<N extends RouteName> = RouteOutput<N> | 'lost' | Error;
/** What each route answers, now or later; `lost`: no answer comes; an error is a refusal in these words (with its code, when it has one). */
export type Script = { [N in RouteName]?: (input: RouteParsed<N>) => Answer<N> | Promise<Answer<N>> };

/** What the page asked, and a way to tell it something. */
export type ScriptedGateway = {
  /** The inputs of a route so far, with the idempotency keys. */
  asked<N extends RouteName>(name: N): { input: RouteInput<N>; key: string | null }[];
  push(body: LiveBody): void;
  script(more: Script): void;
};

type Match = { readonly name: RouteName; readonly input: Record<string, unknown> };

function match(route: Route): Match | null {
  const request = route.request();
  const url = new URL(request.url());
  for (const name of ROUTE_NAMES) {
    const contract = HTTP[name];
    const found = new RegExp(`^${contract.path.replaceAll(/:[A-Za-z]+/g, '([^/]+)')}$`).exec(url.pathname);
    if (found === null || contract.method !== request.method()) continue;
    const inPath = Object.fromEntries(pathParameters(contract.path).map((key, n) => [key, decodeURIComponent(found[n + 1] ?? '')]));
    return { name, input: { ...inPath, ...Object.fromEntries(url.searchParams), ...((request.postDataJSON() as Record<string, unknown> | null) ?? {}) } };
  }
  return null;
}

async function serveFile(route: Route): Promise<void> {
  const path = join(DIST, new URL(route.request().url()).pathname);
  const file = extname(path) !== '' && existsSync(path) ? path : join(DIST, 'index.html');
  await route.fulfill({ body: readFileSync(file), headers: { 'content-type': contentTypeOf(extname(file)), 'content-security-policy': pagePolicy(9) } });
}

async function refuse(route: Route, status: number, message: string, code = 'SCRIPTED'): Promise<void> {
  await route.fulfill({ status, json: { error: { code, family: 'denied', message } } });
}

/** Takes over everything that a page asks. The page's files must have been built. */
export async function scriptGateway(page: Page, initial: Script, status: () => LiveBody): Promise<ScriptedGateway> {
  let script = initial;
  const asked: { name: RouteName; input: unknown; key: string | null }[] = [];
  const sockets = new Set<(body: LiveBody) => void>();
  const answer = async (route: Route): Promise<void> => {
    const wanted = match(route);
    if (wanted === null) return new URL(route.request().url()).pathname.startsWith('/api/') ? refuse(route, 404, 'No such route') : serveFile(route);
    const contract = HTTP[wanted.name];
    const input: unknown = contract.input.parse(wanted.input);
    asked.push({ name: wanted.name, input, key: route.request().headers()[IDEMPOTENCY_HEADER] ?? null });
    const told = script[wanted.name] as ((input: unknown) => unknown) | undefined;
    const output = told === undefined ? new Error(`The script has no answer to ${wanted.name}`) : await told(input);
    if (output === 'lost') return route.abort('connectionreset');
    if (output instanceof Error) return refuse(route, 409, output.message, output instanceof AppError ? output.code : undefined);
    return route.fulfill({ json: contract.output.parse(output) });
  };
  await page.route(`${SCRIPTED_ORIGIN}/**`, async (route) => {
    try {
      await answer(route);
    } catch (error) {
      // What a page asked just before it was closed needs no answer any more.
      if (!page.isClosed()) throw error;
    }
  });
  await page.routeWebSocket(/\/live$/, (socket: WebSocketRoute) => {
    let seq = 0;
    const tell = (push: LiveBody): void => {
      seq += 1;
      socket.send(JSON.stringify({ seq, tsSent: Date.now(), push }));
    };
    socket.onMessage(() => {
      sockets.add(tell);
      tell({ type: 'welcome', protocol: LIVE_PROTOCOL, instanceId: 'scripted' });
      tell(status());
      const pulse = setInterval(() => tell(status()), 1_000);
      socket.onClose(() => {
        clearInterval(pulse);
        sockets.delete(tell);
      });
      page.once('close', () => clearInterval(pulse));
    });
  });
  return {
    asked: <N extends RouteName>(name: N) => asked.filter((one) => one.name === name) as { name: N; input: RouteInput<N>; key: string | null }[],
    push: (body) => { for (const tell of sockets) tell(body); },
    script: (more) => { script = { ...script, ...more }; },
  };
}
