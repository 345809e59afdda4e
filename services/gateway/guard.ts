/** The gateway's guard: who may ask what. Each check fails closed, in a fixed order: Host, Origin, site, token, rate. */
import type { IncomingHttpHeaders } from 'node:http';
import { TOKEN_HEADER } from '#app/contracts/http.ts';
import type { AuthClass } from '#app/contracts/route.ts';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { AppError } from '#app/domain/errors.ts';
import { bearerOf, isSameSecret } from '#chassis/http.ts';
import type { BrowserSession, Sessions } from './sessions.ts';

/** Requests per second and caller, and how many may come at once. */
const RATE_PER_SECOND = 100;
const RATE_BURST = 200;
/** Callers that are remembered at a time; the oldest is forgotten. */
const CALLERS_MAX = 1_000;

/** `public`: needs no token (page files, login, liveness). `preflight`: a browser asks on a page's behalf what that may send; it carries no token by design. */
export type Access = AuthClass | 'public' | 'preflight';

/** Who passed the guard. `desktop`: the shell's window; `token`: another program of this person with the token of this launch. */
export type Caller = { readonly kind: 'browser'; readonly session: BrowserSession } | { readonly kind: 'desktop' } | { readonly kind: 'token' } | { readonly kind: 'anonymous' };

/** The guard of one gateway. */
export type Guard = {
  /** @throws AppError AUTH_INVALID, AUTH_MISSING or RATE_LIMITED */
  admit(headers: IncomingHttpHeaders, access: Access): Caller;
  /** Host and Origin alone; the socket's token comes with its hello. @throws AppError AUTH_INVALID */
  admitSocket(headers: IncomingHttpHeaders): void;
  /** Is this hello's token good for the socket's headers? */
  isSocketToken(headers: IncomingHttpHeaders, token: string): boolean;
  /** Does the request say that it comes from the shell's window? No proof of anything: whoever is no page can say so. */
  isShell(headers: IncomingHttpHeaders): boolean;
  /** The origin to allow in a reply, or null. */
  allowedOrigin(headers: IncomingHttpHeaders): string | null;
};

/** What the guard knows. */
export type GuardOptions = { readonly port: number; readonly apiToken: string; readonly sessions: Sessions; readonly now: () => number; readonly monotonic: () => number };

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? undefined : value;
}

/** Token bucket per caller. */
function createRate(monotonic: () => number): (caller: string) => boolean {
  const buckets = new Map<string, { level: number; at: number }>();
  return (caller) => {
    const now = monotonic();
    const bucket = buckets.get(caller) ?? { level: RATE_BURST, at: now };
    bucket.level = Math.min(RATE_BURST, bucket.level + ((now - bucket.at) / 1000) * RATE_PER_SECOND);
    bucket.at = now;
    buckets.delete(caller);
    buckets.set(caller, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > CALLERS_MAX && oldest !== undefined) buckets.delete(oldest);
    if (bucket.level < 1) return false;
    bucket.level -= 1;
    return true;
  };
}

const fromOtherPage = (): AppError => new AppError('AUTH_INVALID', 'Requests from other pages are refused');

/** Whose allowance a request takes from. A preflight of one of our pages takes from its own, which nobody else can use up: without it the page can do nothing. */
function bucketOf(caller: Caller, preflightOf: string | null): string {
  if (preflightOf !== null) return `preflight ${preflightOf}`;
  return caller.kind === 'browser' ? caller.session.id : caller.kind;
}

/** Builds the guard. */
export function createGuard(options: GuardOptions): Guard {
  const { port, apiToken, sessions } = options;
  const ownHost = `127.0.0.1:${port}`;
  const ownOrigin = `http://${ownHost}`;
  const takeRate = createRate(options.monotonic);

  const checkHost = (headers: IncomingHttpHeaders): void => {
    // A rebound DNS name reaches our socket, but its Host tells.
    if (header(headers, 'host') !== ownHost) throw new AppError('AUTH_INVALID', `This server answers at ${ownOrigin} only`);
  };
  const allowedOrigin = (headers: IncomingHttpHeaders): string | null => {
    const origin = header(headers, 'origin');
    return origin === ownOrigin || origin === SHELL_ORIGIN ? origin : null;
  };
  const checkOrigin = (headers: IncomingHttpHeaders): void => {
    if (headers.origin !== undefined && allowedOrigin(headers) === null) throw fromOtherPage();
  };
  /** Pages of other sites, and of other ports of this computer, load pictures and frames from here without an Origin: what needs no token would be theirs to exhaust. A link that a person follows is let in. */
  const checkSite = (headers: IncomingHttpHeaders): void => {
    const site = header(headers, 'sec-fetch-site');
    if (site === undefined || site === 'same-origin' || site === 'none' || allowedOrigin(headers) !== null) return;
    const isFollowedLink = header(headers, 'sec-fetch-mode') === 'navigate' && header(headers, 'sec-fetch-dest') === 'document';
    if (!isFollowedLink) throw fromOtherPage();
  };
  /** The window has its token from the shell and no login: a cookie that came along proves nothing about it. */
  const isShell = (headers: IncomingHttpHeaders): boolean => header(headers, 'origin') === SHELL_ORIGIN;
  const browserSession = (headers: IncomingHttpHeaders): BrowserSession | null => {
    if (isShell(headers)) return null;
    // Another port of this computer is the same *site*, so SameSite does not stop it; this header does.
    const site = header(headers, 'sec-fetch-site');
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return null;
    return sessions.read(header(headers, 'cookie'), options.now());
  };

  const identify = (headers: IncomingHttpHeaders, access: Access): Caller => {
    if (access === 'public' || access === 'preflight') return { kind: 'anonymous' };
    const bearer = bearerOf(headers.authorization);
    if (bearer !== '') {
      if (!isSameSecret(bearer, apiToken)) throw new AppError('AUTH_INVALID', 'This token is not of this launch; open the link that `mainspring start` printed');
      return { kind: isShell(headers) ? 'desktop' : 'token' };
    }
    const session = browserSession(headers);
    if (session === null) throw new AppError('AUTH_MISSING', 'Please sign in with the link that `mainspring start` printed');
    if (access === 'session' && !sessions.isHeaderToken(session, header(headers, TOKEN_HEADER) ?? '')) {
      throw new AppError('AUTH_INVALID', 'The page\'s token is missing; reload the page');
    }
    return { kind: 'browser', session };
  };

  return {
    admit(headers, access) {
      checkHost(headers);
      checkOrigin(headers);
      if (access === 'public') checkSite(headers);
      const caller = identify(headers, access);
      if (!takeRate(bucketOf(caller, access === 'preflight' ? allowedOrigin(headers) : null))) throw new AppError('RATE_LIMITED', `More than ${RATE_PER_SECOND} requests a second; slow down`);
      return caller;
    },
    admitSocket(headers) {
      checkHost(headers);
      checkOrigin(headers);
    },
    isSocketToken(headers, token) {
      if (isSameSecret(token, apiToken)) return true;
      const session = isShell(headers) ? null : sessions.read(header(headers, 'cookie'), options.now());
      return session !== null && headers.origin !== undefined && sessions.isHeaderToken(session, token);
    },
    allowedOrigin,
    isShell,
  };
}
