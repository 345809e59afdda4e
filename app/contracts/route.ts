/** What a route of the gateway is. */
import type * as z from 'zod';

/**
 * `cookie`: the login cookie alone (it fetches the header token); `session`: cookie and header token, or the bearer token of this launch.
 * Routes outside this table: `/login`, `/health`, `/metrics`, `/logs`, `/reports/:reportId`, `/exports/bars.csv`, `/live` and the page's files.
 */
export type AuthClass = 'cookie' | 'session';

/** One route. `path` has `:name` parameters that are fields of `input`; a GET carries the rest of the input as query, a POST or PUT as JSON body. */
export type RouteContract = {
  readonly method: 'GET' | 'POST' | 'PUT'; readonly path: `/api/${string}`; readonly auth: AuthClass;
  /** Needs an `Idempotency-Key` header, asked twice = done once. */ readonly movesMoney: boolean; readonly summary: string;
  /** How long a page waits for the answer; 15 s when left out. */ readonly timeoutMs?: number; /** Largest body; 256 kB when left out. */ readonly bodyBytes?: number; readonly input: z.ZodType; readonly output: z.ZodType;
};
