/** The application without its window: the host and everything that follows it. Knows nothing of Electron. */
import type { ShellStatus } from '#app/contracts/shell.ts';
import { createHost } from '../host.ts';
import type { Host, HostOptions } from '../host.ts';
import type { PreferencesStore } from '../store/preferences.ts';
import { openGatewayFeed } from './gateway-client.ts';
import { createNotifier } from './notify.ts';
import type { Announcement } from './notify.ts';
import type { Standing } from './quit.ts';
import type { ShellLog } from './shell-log.ts';
import { gatewayOf, keepTold, readStatus } from './status.ts';
import { freshBrief } from './tray-menu.ts';
import { createUpdater } from './updater.ts';
import type { Updater, UpdaterPorts } from './updater.ts';

/** What the core is made of. */
export type CoreParts = Pick<HostOptions, 'layout' | 'env' | 'spawner' | 'home' | 'sealer'> &
  Pick<UpdaterPorts, 'openSource'> & {
    readonly preferences: PreferencesStore;
    readonly log: ShellLog;
    readonly show: (announcement: Announcement) => void;
    /** Is the person looking at the window? */
    readonly isWatched: () => boolean;
    /** The status, soon after each change and every two seconds while anything runs. */
    readonly onStatus: (status: ShellStatus) => void;
    /** `mainspring stop` asked at the control door. */
    readonly onStopAsked: () => void;
    /** The application is about to be replaced: stops everything in order, then leaves, or stays when the installer did not start. */
    readonly replace: { readonly stop: (reason: string) => Promise<void>; readonly leave: () => void; readonly stay: () => void };
  };

/** The application without its window. */
export type Core = {
  readonly host: Host;
  readonly updater: Updater;
  status(): ShellStatus;
  /** What is at stake when somebody wants to stop now. */
  standing(): Standing;
  /** Something outside changed that the status tells. */
  changed(): void;
  close(): void;
};

/** How an update gets everything out of its way; what ran before runs again when there is no update after all. */
export function replacement(host: Pick<Host, 'state' | 'start'>, replace: CoreParts['replace']): Pick<UpdaterPorts, 'stop' | 'leave' | 'stay'> {
  let wasRunning = false;
  return {
    stop: (reason) => {
      wasRunning = host.state().stack !== null || host.state().phase === 'starting';
      return replace.stop(reason);
    },
    leave: replace.leave,
    stay: () => {
      replace.stay();
      if (wasRunning) void host.start(host.state().mode);
    },
  };
}

/** Builds the core; nothing runs yet. */
export function createCore(parts: CoreParts): Core {
  const { preferences, log } = parts;
  const host = createHost({
    layout: parts.layout, env: parts.env, spawner: parts.spawner, home: parts.home, sealer: parts.sealer, mode: preferences.read().mode, log,
    events: {
      onUnit: (unit) => {
        notifier.unit(unit);
        if (unit.id === 'gateway') feed.follow();
        teller.changed();
      },
      onNotice: () => teller.changed(),
      onStopAsked: parts.onStopAsked,
    },
  });
  const feed = openGatewayFeed({
    access: () => gatewayOf(host),
    hasStack: () => host.state().stack !== null,
    onFills: (fills) => notifier.fills(fills),
    onNotices: (notices) => notifier.notices(notices),
    onBrief: () => teller.changed(),
    log,
    now: Date.now,
  });
  const notifier = createNotifier({
    preferences: () => preferences.read().application,
    isWatched: parts.isWatched,
    show: parts.show,
    monotonic: () => performance.now(),
    later: (act, delayMs) => {
      const timer = setTimeout(act, delayMs);
      return () => clearTimeout(timer);
    },
  });
  const isResting = (): boolean => host.state().stack === null && host.state().phase !== 'starting';
  const standing = (): Standing => {
    const { phase, mode } = host.state();
    const brief = freshBrief(feed.brief(), Date.now());
    return { phase, mode, openOrders: brief?.openOrders ?? null, positions: brief?.positions ?? null };
  };
  const updater = createUpdater({
    openSource: parts.openSource,
    isWanted: () => preferences.read().application.updates,
    openOrders: () => (isResting() ? 0 : standing().openOrders),
    ...replacement(host, parts.replace),
    onChange: () => teller.changed(),
    log,
  });
  const status = (): ShellStatus => readStatus({ host, feed, updater, preferences, now: Date.now });
  const teller = keepTold(() => parts.onStatus(status()), () => !isResting());
  let phase = host.state().phase;
  host.onChange(() => {
    const now = host.state();
    // A start in the tray must not fail unseen.
    if (now.phase === 'failed' && phase !== 'failed' && !parts.isWatched()) parts.show({ title: 'Mainspring does not run', body: now.problem?.message ?? '', to: 'health' });
    ({ phase } = now);
    feed.follow();
    teller.changed();
  });
  return {
    host, updater, status, standing,
    changed: () => teller.changed(),
    close() {
      teller.close();
      notifier.close();
      feed.close();
      updater.close();
    },
  };
}
