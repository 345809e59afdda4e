/** The application's window: the screen that fits what the shell says, and the dashboard while the stack runs. One fades into the other. */
import { useEffect, useRef, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import type { QueryClient } from '@tanstack/react-query';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { useLive } from '../data/live.ts';
import { forgetSession, useSession, useSignIn } from '../data/session.ts';
import type { PagePath } from '../frame/pages.ts';
import { closeSheet, openSheet } from '../frame/panels.ts';
import { Logo } from '../frame/logo.tsx';
import { Sheets } from '../frame/sheets.tsx';
import { onShell } from './bridge.ts';
import { FailedScreen, StoppedScreen } from './rest-screens.tsx';
import { gatewayAway, screenOf } from './screen.ts';
import type { Screen } from './screen.ts';
import { useShellError, useShellStatus } from './shell-status.ts';
import { StartScreen, StopScreen } from './start-screen.tsx';
import { Welcome } from './welcome.tsx';

/** The dashboard is shown with its first figures, or after this long without them. */
const SETTLE_MS = 2_500;
/** With the gateway down there is nothing to wait for. */
const SETTLE_WITHOUT_GATEWAY_MS = 500;
const FADE_MS = 260;
/** The window reloads when the gateway's port becomes known: this tells the new page that a start was on screen. */
const STARTING_KEY = 'mainspring.starting';

/** Has the dashboard its figures, so that it may be shown? */
function useSettled(isDashboard: boolean, isAway: boolean): boolean {
  const hasFigures = useLive((state) => state.status !== null);
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (!isDashboard) return undefined;
    const timer = setTimeout(() => setLate(true), isAway ? SETTLE_WITHOUT_GATEWAY_MS : SETTLE_MS);
    return () => clearTimeout(timer);
  }, [isDashboard, isAway]);
  return isDashboard && (hasFigures || isLate);
}

/** Keeps what is going away on screen while it fades. */
function useFading(isShown: boolean): 'shown' | 'leaving' | 'gone' {
  const [isGone, setGone] = useState(!isShown);
  useEffect(() => {
    if (isShown) {
      setGone(false);
      return undefined;
    }
    const timer = setTimeout(() => setGone(true), FADE_MS);
    return () => clearTimeout(timer);
  }, [isShown]);
  return isShown ? 'shown' : isGone ? 'gone' : 'leaving';
}

function Quiet({ error }: { error: string | null }): JSX.Element {
  return <div className="locked quiet"><Logo size={40} />{error !== null && <><h1>The application does not answer</h1><p>{error}</p></>}</div>;
}

/** Was a start on screen just before, in this page or in the one that the window reloaded? */
function useWasStarting(screen: Screen): boolean {
  const [was, setWas] = useState(() => sessionStorage.getItem(STARTING_KEY) !== null);
  useEffect(() => {
    if (screen === 'starting') {
      sessionStorage.setItem(STARTING_KEY, '1');
      setWas(true);
    } else if (screen === 'stopped' || screen === 'failed') {
      sessionStorage.removeItem(STARTING_KEY);
      setWas(false);
    }
  }, [screen]);
  return was;
}

function ScreenOf({ screen, status, wasStarting, peek }: { screen: Screen; status: ShellStatus; wasStarting: boolean; peek: () => void }): JSX.Element {
  switch (screen) {
    case 'welcome': return <Welcome status={status} />;
    case 'stopped': return <StoppedScreen status={status} />;
    case 'failed': return <FailedScreen status={status} />;
    case 'stopping': return <StopScreen status={status} />;
    case 'starting': return <StartScreen status={status} peek={peek} />;
    case 'dashboard': return wasStarting ? <StartScreen status={status} peek={peek} isOpening /> : <Quiet error={null} />;
    case 'quiet': return <Quiet error={null} />;
  }
}

/** Goes where tray, menu and notifications point. */
function useNavigation(isDashboard: boolean, go: (path: PagePath) => void): void {
  const latest = useRef({ isDashboard, go });
  useEffect(() => {
    latest.current = { isDashboard, go };
  });
  useEffect(() => onShell('navigate', ({ to }) => {
    if (to === 'application') openSheet({ kind: 'application', section: null });
    else if (to === 'keys') openSheet({ kind: 'application', section: 'keys' });
    else if (to === 'about') openSheet({ kind: 'about' });
    else {
      // Without a dashboard the screens themselves say how the parts are.
      closeSheet();
      if (latest.current.isDashboard) latest.current.go(to === 'health' ? '/health' : '/portfolio');
    }
  }), []);
}

/** The window. `go` moves the dashboard to a page. */
export function DesktopWindow({ client, go, children }: { client: QueryClient; go: (path: PagePath) => void; children: ReactNode }): JSX.Element {
  const status = useShellStatus();
  const error = useShellError();
  const session = useSession();
  const [isPeeking, setPeeking] = useState(false);
  useSignIn(client);
  const screen = screenOf(status, isPeeking);
  const isDashboard = screen === 'dashboard';
  const isSettled = useSettled(isDashboard, status !== null && gatewayAway(status) !== null);
  const fading = useFading(!isSettled);
  const wasStarting = useWasStarting(screen);
  const [hasHeld] = useState(wasStarting);
  useNavigation(isDashboard, go);
  useEffect(() => {
    if (isSettled) sessionStorage.removeItem(STARTING_KEY);
  }, [isSettled]);
  useEffect(() => {
    if (screen === 'quiet' || isDashboard) return;
    closeSheet();
    forgetSession(client);
    if (screen !== 'starting') setPeeking(false);
  }, [screen, isDashboard, client]);
  // Between two pages of one start Chromium holds the last picture until there is another: a logo in between would be a flash.
  if (status === null) return wasStarting && error === null ? <></> : <Quiet error={error} />;
  return (
    <>
      {isDashboard && (session !== null || isSettled) && <div className="shell-stage" inert={!isSettled}>{children}</div>}
      {fading !== 'gone' && <div className={`shell-cover ${fading} ${hasHeld ? 'held' : ''}`} aria-hidden={fading === 'leaving'} inert={fading === 'leaving'}><ScreenOf screen={screen} status={status} wasStarting={wasStarting} peek={() => setPeeking(true)} /></div>}
      {!isDashboard && <Sheets mode={status.mode} />}
    </>
  );
}
