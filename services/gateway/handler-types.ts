/** What a handler of the gateway gets and gives. */
import type { RouteName, RouteOutput, RouteParsed } from '#app/contracts/http.ts';
import type { ServiceContext } from '#chassis/service.ts';
import type { Caller } from './guard.ts';
import type { Orchestrator } from './orchestrator.ts';
import type { Sessions } from './sessions.ts';
import type { createStatus } from './status.ts';

/** Who asks, and under which key. `idempotencyKey` is the header's on routes that move money, else new. */
export type RequestContext = { readonly caller: Caller; readonly actor: string; readonly idempotencyKey: string };

/** Every route's handler. */
export type Handlers = { readonly [N in RouteName]: (input: RouteParsed<N>, request: RequestContext) => Promise<RouteOutput<N>> };

/** What the handlers work with. */
export type HandlerParts = { readonly ctx: ServiceContext; readonly sessions: Sessions; readonly status: ReturnType<typeof createStatus>; readonly orchestrator: Orchestrator };
