/** `protocol`: the application's own handler serves the window's page, through the proxy. */
import type { Protocol } from 'electron';
import { app } from './app.ts';
import { SCHEME } from './origin.ts';
import type { SchemeHandler } from './proxy.ts';

/** Scheme -> handler, as registered. */
export const handlers = new Map<string, SchemeHandler>();
const privileged = new Set<string>();

/** Stands in for `protocol`. */
export const protocol = {
  registerSchemesAsPrivileged(schemes) {
    app.assertNotReady('protocol.registerSchemesAsPrivileged');
    for (const { scheme, privileges } of schemes) {
      if (privileges?.standard !== true || privileges.secure !== true) throw new Error('The stand-in serves standard, secure schemes alone');
      privileged.add(scheme);
    }
  },
  handle(scheme, handler) {
    app.assertReady('Session can only be received: not');
    if (!privileged.has(scheme)) throw new Error(`The stand-in serves registered schemes alone, not ${scheme}`);
    if (scheme !== SCHEME) throw new Error(`The stand-in translates ${SCHEME}: alone, not ${scheme}:`);
    if (handlers.has(scheme)) throw new Error('Failed to register protocol: it is registered');
    handlers.set(scheme, handler);
  },
  isProtocolHandled: (scheme) => handlers.has(scheme),
} satisfies Pick<Protocol, 'registerSchemesAsPrivileged' | 'handle' | 'isProtocolHandled'>;
