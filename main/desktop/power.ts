/** Sleep, wake and the end of the session: told to what runs, in the time the system gives. */
import type { BrowserWindow, PowerMonitor } from 'electron';
import type { Announcement } from './notify.ts';

/** Told before we end: a session that stays after all (another program refused) finds us gone. */
const SESSION_ENDS: Announcement = { title: 'Mainspring stops and ends', body: 'Windows ends the session. If you stay signed in after all, nothing trades until you start Mainspring again.', to: 'health' };

/** What happens on which occasion. */
export type PowerActs = {
  readonly suspended: () => void;
  /** `pausedMs` by the clock on the wall: monotonic clocks stand still in sleep on some systems. */
  readonly resumed: (pausedMs: number) => void;
  /** Does anything run that must be stopped first? */
  readonly hasStack: () => boolean;
  /** Stops everything at once (a few seconds), then ends the process. */
  readonly endAtOnce: (reason: string) => void;
  readonly tell: (announcement: Announcement) => void;
  readonly now: () => number;
};

/** Follows sleep and wake. */
export function followSleep(monitor: Pick<PowerMonitor, 'on'>, { suspended, resumed, now }: Pick<PowerActs, 'suspended' | 'resumed' | 'now'>): void {
  let since: number | null = null;
  monitor.on('suspend', () => {
    since = now();
    suspended();
  });
  monitor.on('resume', () => {
    // Some systems tell only of the waking.
    const pausedMs = since === null ? 0 : Math.max(0, now() - since);
    since = null;
    resumed(pausedMs);
  });
}

/**
 * Follows the end of the session. Windows asks every window first (`query-session-end`); whoever does not object is killed with its children
 * right after `session-end`, which leaves no time to stop anything. So we object while something runs, stop, and end: then Windows goes on.
 * A critical end takes no objection; what can be stopped meanwhile is. Linux and macOS tell the power monitor.
 */
export function followSessionEnd(window: Pick<BrowserWindow, 'on'>, monitor: Pick<PowerMonitor, 'on'>, acts: Pick<PowerActs, 'hasStack' | 'endAtOnce' | 'tell'>): void {
  let isEnding = false;
  const end = (reason: string): void => {
    if (isEnding) return;
    isEnding = true;
    acts.endAtOnce(reason);
  };
  window.on('query-session-end', (event) => {
    // Windows may ask again while we stop.
    if (!acts.hasStack() && !isEnding) return;
    if (!event.reasons.includes('critical')) {
      event.preventDefault();
      if (!isEnding) acts.tell(SESSION_ENDS);
    }
    end('Windows ends the session');
  });
  window.on('session-end', () => end('Windows ends the session'));
  // Electron's types leave the event out; asking it to wait gives us the seconds that the stop takes.
  monitor.on('shutdown', (event?: { preventDefault(): void }) => {
    event?.preventDefault();
    end('the computer shuts down');
  });
}
