/** Login cookies and header tokens: signed, without a store, so that they survive a restart of the gateway. */
import { createHmac, randomBytes } from 'node:crypto';
import { isSameSecret } from '#chassis/http.ts';

/** A login lasts this long after the last visit. */
export const SESSION_LIFE_MS = 14 * 86_400_000;

/** A signed-in browser. */
export type BrowserSession = { readonly id: string; readonly expiresAt: number };

/** Makes and reads cookies and header tokens with the one secret. */
export type Sessions = {
  readonly cookieName: string;
  /** `Set-Cookie` for a new or prolonged session. */
  setCookie(session: BrowserSession): string;
  create(nowMs: number): BrowserSession;
  prolong(session: BrowserSession, nowMs: number): BrowserSession;
  /** The session of a `Cookie` header; null when absent, forged or expired. */
  read(cookieHeader: string | undefined, nowMs: number): BrowserSession | null;
  /** The token that the page sends as header: bound to the session, useless without its cookie. */
  headerToken(session: BrowserSession): string;
  /** Is it this session's header token? */
  isHeaderToken(session: BrowserSession, token: string): boolean;
};

/** `port` is in the cookie's name, for cookies do not know ports and two installations must not log each other out. */
export function createSessions(secret: string, port: number): Sessions {
  const cookieName = `mainspring_${port}`;
  const sign = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url');
  const headerToken = (session: BrowserSession): string => sign(`header:${port}:${session.id}`);
  const valueOf = (session: BrowserSession): string => {
    const body = `${session.id}.${session.expiresAt}`;
    return `${body}.${sign(`cookie:${port}:${body}`)}`;
  };
  return {
    cookieName,
    create: (nowMs) => ({ id: randomBytes(16).toString('base64url'), expiresAt: nowMs + SESSION_LIFE_MS }),
    prolong: (session, nowMs) => ({ id: session.id, expiresAt: nowMs + SESSION_LIFE_MS }),
    setCookie: (session) => `${cookieName}=${valueOf(session)}; Path=/; HttpOnly; SameSite=Strict; Max-Age=${Math.floor(SESSION_LIFE_MS / 1000)}`,
    read(cookieHeader, nowMs) {
      if (cookieHeader === undefined || cookieHeader.length > 4_096) return null;
      const pair = cookieHeader.split(/;\s*/).find((part) => part.startsWith(`${cookieName}=`));
      const [id, expiresAt, signature, ...rest] = pair?.slice(cookieName.length + 1).split('.') ?? [];
      if (id === undefined || expiresAt === undefined || signature === undefined || rest.length > 0) return null;
      if (!isSameSecret(signature, sign(`cookie:${port}:${id}.${expiresAt}`))) return null;
      return Number(expiresAt) > nowMs ? { id, expiresAt: Number(expiresAt) } : null;
    },
    headerToken,
    isHeaderToken: (session, token) => isSameSecret(token, headerToken(session)),
  };
}
