/** Everything the shell knows at one moment, told to tray and page: soon after each change, and regularly while anything runs. */
import type { ShellStatus } from '#app/contracts/shell.ts';
import type { Host } from '../host.ts';
import type { PreferencesStore } from '../store/preferences.ts';
import type { GatewayFeed } from './gateway-client.ts';
import type { Updater } from './updater.ts';

/** Changes that come together are told together. */
const TOLD_AFTER_MS = 250;
const TOLD_EVERY_MS = 2_000;
const SERVING: ReadonlySet<string> = new Set(['ready', 'degraded']);

/** Where the gateway is and the token of this launch; null while it does not serve. */
export function gatewayOf(host: Pick<Host, 'state'>): { readonly baseUrl: string; readonly token: string } | null {
  const { stack } = host.state();
  if (stack === null || !stack.supervisor.unitIds.includes('gateway')) return null;
  return SERVING.has(stack.supervisor.statusOf('gateway').state) ? stack.access() : null;
}

/** The port at which the gateway of this stack serves or will serve; null without a stack. */
export function gatewayPortOf(host: Pick<Host, 'state'>): number | null {
  const { stack } = host.state();
  return stack === null ? null : Number(new URL(stack.access().baseUrl).port);
}

/** What a status is made of. */
export type StatusParts = {
  readonly host: Pick<Host, 'state' | 'home'>;
  readonly feed: Pick<GatewayFeed, 'brief'>;
  readonly updater: Pick<Updater, 'status'>;
  readonly preferences: Pick<PreferencesStore, 'read'>;
  readonly now: () => number;
};

/** The status now. */
export function readStatus({ host, feed, updater, preferences, now }: StatusParts): ShellStatus {
  const { phase, problem, stack, mode } = host.state();
  return {
    at: now(),
    phase,
    problem,
    stack: stack?.health() ?? null,
    mode,
    homeDir: host.home.homeDir,
    dataDir: host.home.dataDirOf(mode),
    gatewayUrl: gatewayOf(host)?.baseUrl ?? null,
    trading: stack === null ? null : feed.brief(),
    armedUntil: stack?.armedUntil() ?? null,
    isWelcomeDone: preferences.read().isWelcomeDone,
    update: updater.status(),
  };
}

/** Tells the status when it should be told. */
export type Teller = { /** Something changed. */ changed(): void; close(): void };

/** Keeps everyone told. `isAwake`: does anything run, so that figures age? */
export function keepTold(tell: () => void, isAwake: () => boolean): Teller {
  let soon: NodeJS.Timeout | undefined;
  const now = (): void => {
    soon = undefined;
    tell();
  };
  const regular = setInterval(() => {
    if (isAwake() && soon === undefined) tell();
  }, TOLD_EVERY_MS);
  return {
    changed: () => {
      soon ??= setTimeout(now, TOLD_AFTER_MS);
    },
    close: () => {
      clearInterval(regular);
      clearTimeout(soon);
    },
  };
}
