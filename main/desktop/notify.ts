/** What is worth a notification, in which words, and how often: fills grouped, risk and failures at once, never a flood. */
import type { UnitHealth } from '#app/contracts/health.ts';
import type { Preferences, ShellEvent } from '#app/contracts/shell.ts';
import type { FillView, NoticeView } from '#app/contracts/views.ts';
import { count, dollars, shares } from './words.ts';

/** One notification; a click leads to `to`. */
export type Announcement = { readonly title: string; readonly body: string; readonly to: ShellEvent<'navigate'>['to'] };

/** Fills wait so long for others that belong together. */
export const FILLS_WAIT_MS = 3_000;
/** Two notifications of one kind are at least so far apart; what comes meanwhile is told together. */
export const SAME_KIND_MS = 15_000;
/** Things of one kind that wait to be told; more are only counted. */
const WAITING_MAX = 50;
const NAMED_MAX = 3;
const BODY_MAX = 240;

type Kind = 'fills' | 'risk' | 'failures';
const WAIT_MS: Readonly<Record<Kind, number>> = { fills: FILLS_WAIT_MS, risk: 0, failures: 0 };
const PREFERENCE: Readonly<Record<Kind, 'notifyFills' | 'notifyRisk' | 'notifyFailures'>> = { fills: 'notifyFills', risk: 'notifyRisk', failures: 'notifyFailures' };

function shorten(text: string): string {
  return text.length <= BODY_MAX ? text : `${text.slice(0, BODY_MAX - 1)}…`;
}

/** The first few, and how many more there are. */
function named(lines: readonly string[], total: number): string {
  const rest = total - Math.min(lines.length, NAMED_MAX);
  return shorten([...lines.slice(0, NAMED_MAX), ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n'));
}

function fillLine({ side, qty, symbol, price }: FillView): string {
  return `${side === 'buy' ? 'Bought' : 'Sold'} ${shares(qty)} ${symbol} at ${dollars(price)}`;
}

/** Fills in words: one is told in full, more are counted and the first few named. */
export function announceFills(fills: readonly FillView[], total: number): Announcement {
  const lines = fills.map(fillLine);
  return total === 1 ? { title: lines[0] ?? 'A fill', body: '', to: 'portfolio' } : { title: count(total, 'fill'), body: named(lines, total), to: 'portfolio' };
}

/** Risk alerts in words. */
export function announceRisk(notices: readonly NoticeView[], total: number): Announcement {
  const [first] = notices;
  if (total === 1 && first !== undefined) return { title: first.title, body: shorten(first.body), to: 'health' };
  return { title: count(total, 'alert'), body: named(notices.map((notice) => notice.title), total), to: 'health' };
}

/** Given-up units in words. */
export function announceFailures(units: readonly Pick<UnitHealth, 'title' | 'reasons'>[], total: number): Announcement {
  const [first] = units;
  if (total === 1 && first !== undefined) return { title: `${first.title} has failed`, body: shorten(first.reasons.join('; ')), to: 'health' };
  return { title: `${count(total, 'part')} of Mainspring have failed`, body: named(units.map((unit) => unit.title), total), to: 'health' };
}

/** What the notifier is made of. `later` runs an act after some milliseconds and returns its cancellation. */
export type NotifierPorts = {
  readonly preferences: () => Preferences;
  /** Is the person looking at the window? Then fills need no notification. */
  readonly isWatched: () => boolean;
  readonly show: (announcement: Announcement) => void;
  readonly monotonic: () => number;
  readonly later: (act: () => void, delayMs: number) => () => void;
};

/** Takes what happened; tells what is worth it. */
export type Notifier = {
  fills(fills: readonly FillView[]): void;
  notices(notices: readonly NoticeView[]): void;
  unit(unit: UnitHealth): void;
  close(): void;
};

type Queue<T> = { add(items: readonly T[]): void; close(): void };

/** Collects things of one kind and tells them together. */
function queue<T>(kind: Kind, announce: (items: readonly T[], total: number) => Announcement, ports: NotifierPorts): Queue<T> {
  let items: T[] = [];
  let total = 0;
  let cancel: (() => void) | null = null;
  let toldAt = Number.NEGATIVE_INFINITY;
  const tell = (): void => {
    cancel = null;
    const announcement = announce(items, total);
    items = [];
    total = 0;
    toldAt = ports.monotonic();
    if (ports.preferences()[PREFERENCE[kind]]) ports.show(announcement);
  };
  return {
    add(more) {
      if (more.length === 0 || !ports.preferences()[PREFERENCE[kind]]) return;
      total += more.length;
      items.push(...more.slice(0, WAITING_MAX - items.length));
      cancel ??= ports.later(tell, Math.max(WAIT_MS[kind], toldAt + SAME_KIND_MS - ports.monotonic()));
    },
    close: () => cancel?.(),
  };
}

/** Builds the notifier. */
export function createNotifier(ports: NotifierPorts): Notifier {
  const fills = queue<FillView>('fills', announceFills, ports);
  const risk = queue<NoticeView>('risk', announceRisk, ports);
  const failures = queue<UnitHealth>('failures', announceFailures, ports);
  // A part that was given up is tried again every few minutes: its failing is told once, until it was up again.
  const told = new Set<UnitHealth['id']>();
  return {
    fills: (more) => fills.add(ports.isWatched() ? [] : more),
    notices: (more) => risk.add(more.filter((notice) => notice.severity !== 'info')),
    unit(unit) {
      if (unit.state === 'ready' || unit.state === 'done' || unit.state === 'stopped') told.delete(unit.id);
      if (unit.state !== 'failed' || told.has(unit.id)) return;
      told.add(unit.id);
      failures.add([unit]);
    },
    close() {
      for (const each of [fills, risk, failures]) each.close();
    },
  };
}
