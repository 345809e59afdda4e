/** Sleep, wake and the end of the session: told to what runs, in the time the system gives. */
import type { BrowserWindow, PowerMonitor } from 'electron';

/** A session that was about to end and did not (another program refused) goes on after this. */
const SESSION_STAYS_MS = 30_000;

/** What happens on which occasion. */
export type PowerActs = {
  readonly suspended: () => void;
  /** `pausedMs` by the clock on the wall: monotonic clocks stand still in sleep on some systems. */
  readonly resumed: (pausedMs: number) => void;
  /** The session ends in seconds: everything is stopped at once; resolves when nothing runs. */
  readonly stopAtOnce: (reason: string) => Promise<void>;
  /** Ends the process. */
  readonly leave: () => void;
  /** The session did not end after all: what ran is started again. */
  readonly startAgain: () => void;
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
 * Follows the end of the session. Windows asks every window first (`query-session-end`) and kills soon after `session-end`, so the stop begins
 * with the question; Linux and macOS tell the power monitor.
 */
export function followSessionEnd(window: Pick<BrowserWindow, 'on'>, monitor: Pick<PowerMonitor, 'on'>, acts: Pick<PowerActs, 'stopAtOnce' | 'leave' | 'startAgain'>): void {
  let isEnding = false;
  let stays: NodeJS.Timeout | undefined;
  const stop = (reason: string): Promise<void> => acts.stopAtOnce(reason);
  window.on('query-session-end', () => {
    void stop('Windows ends the session');
    clearTimeout(stays);
    stays = setTimeout(() => {
      if (!isEnding) acts.startAgain();
    }, SESSION_STAYS_MS);
    stays.unref();
  });
  const end = (reason: string): void => {
    isEnding = true;
    clearTimeout(stays);
    void stop(reason).then(acts.leave);
  };
  window.on('session-end', () => end('Windows ends the session'));
  // Electron's types leave the event out; asking it to wait gives us the seconds that the stop takes.
  monitor.on('shutdown', (event?: { preventDefault(): void }) => {
    event?.preventDefault();
    end('the computer shuts down');
  });
}
