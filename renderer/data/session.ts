/** Signing in at the gateway and keeping the live connection: by cookie in a browser, by the shell's bearer token in the window. */
import { useEffect, useState } from 'react';
import type { QueryClient } from '@tanstack/react-query';
import type { SessionView } from '#app/contracts/views.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';
import { gatewayAway } from '../shell/screen.ts';
import { useShellPart } from '../shell/shell-status.ts';
import { call, ClientError, onRefusedToken, setAccess, setToken } from './client.ts';
import { createStore, useStore } from './external-store.ts';
import { connectLive, forgetLive } from './live.ts';
import { adoptUiState } from './ui-state.ts';

const RETRY_MS = 2_000;
/** In the window the shell says when the gateway is there, so looking again soon costs nothing. */
const RETRY_IN_WINDOW_MS = 700;

const session = createStore<SessionView | null>(null);
let lastToken: string | null = null;
/** Whose figures the page holds; they are dropped before another one's arrive, even if a late push of the old one came after the last clean-up. */
let lastLaunch: string | null = null;

/** Asks the shell where the gateway is and what opens it. @returns is there a token, another one than before? */
async function takeAccess(): Promise<boolean> {
  const given = await shellCall('access', {});
  setAccess(given === null ? null : { base: given.baseUrl, token: given.token, kind: 'bearer' });
  const isOther = given !== null && given.token !== lastToken;
  lastToken = given?.token ?? null;
  return isOther;
}

if (hasShell) {
  // Until the shell tells where the gateway is, there is nobody to ask.
  setAccess(null);
  onRefusedToken(() => takeAccess().catch((error: unknown) => {
    console.warn('The shell did not tell the gateway’s token', error);
    return false;
  }));
}

/** Who looks, at what; null before the sign-in. */
export function useSession(): SessionView | null {
  return useStore(session);
}

/** Forgets everything of the stack that ended: the next one may be another market. */
export function forgetSession(client: QueryClient): void {
  session.set(null);
  forgetLive();
  client.clear();
}

/** One sign-in: access, session, and what the page remembers. @throws ClientError */
async function signIn(client: QueryClient): Promise<SessionView> {
  if (hasShell) await takeAccess();
  const view = await call('session', {});
  setToken(view.token);
  adoptUiState(view.uiState);
  const launch = `${view.mode} ${view.instanceId}`;
  if (lastLaunch !== null && lastLaunch !== launch) forgetSession(client);
  lastLaunch = launch;
  session.set(view);
  return view;
}

/** Signs in whenever the gateway comes, and again when it says that we must; `failure` is why it did not work. */
export function useSignIn(client: QueryClient): { failure: unknown; retry: () => void } {
  const [failure, setFailure] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  const isThere = useShellPart((status) => status !== null && gatewayAway(status) === null);
  const launch = useShellPart((status) => status?.stack?.instanceId ?? null);
  // What is being stopped has nothing more to say: a late push must not stand in what starts next.
  const isOver = useShellPart((status) => status !== null && status.phase !== 'running' && status.phase !== 'starting');
  useEffect(() => {
    if (hasShell && (!isThere || isOver)) {
      setAccess(null);
      return undefined;
    }
    let isCurrent = true;
    let end = (): void => undefined;
    let timer: ReturnType<typeof setTimeout> | undefined;
    signIn(client).then(() => {
      if (!isCurrent) return;
      setFailure(null);
      end = connectLive(client, () => setAttempt((now) => now + 1));
    }).catch((error: unknown) => {
      if (!isCurrent) return;
      setFailure(error);
      // The gateway may just be starting: look again by ourselves, unless it said that a browser is not signed in.
      if (hasShell || (error instanceof ClientError && error.status !== 401)) timer = setTimeout(() => setAttempt((now) => now + 1), hasShell ? RETRY_IN_WINDOW_MS : RETRY_MS);
    });
    return () => {
      isCurrent = false;
      clearTimeout(timer);
      end();
    };
  }, [attempt, client, isThere, launch, isOver]);
  return { failure, retry: () => setAttempt((now) => now + 1) };
}
