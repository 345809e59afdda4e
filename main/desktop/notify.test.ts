/** Notifications: grouped, rate limited, by preference. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { UnitHealth } from '#app/contracts/health.ts';
import type { Preferences } from '#app/contracts/shell.ts';
import type { FillView, NoticeView } from '#app/contracts/views.ts';
import { createNotifier, FILLS_WAIT_MS, SAME_KIND_MS } from './notify.ts';
import type { Announcement, Notifier } from './notify.ts';

const fill = (symbol: string, side: 'buy' | 'sell' = 'buy'): FillView => ({ side, qty: side === 'buy' ? '10' : '-2.5', symbol, price: '190.125' }) as FillView;
const notice = (title: string, severity: NoticeView['severity'] = 'warning'): NoticeView => ({ id: title, title, body: `${title} in full`, severity, at: 0 });
const unit = (id: UnitHealth['id'], state: UnitHealth['state']): UnitHealth => ({ id, title: id, state, reasons: ['ended with code 70'] }) as unknown as UnitHealth;

let shown: Announcement[] = [];
let now = 0;
let timers: { at: number; act: () => void }[] = [];
let preferences: Preferences;
let isWatched = false;
let notifier: Notifier;

/** Lets time pass and runs what is due. */
function pass(ms: number): void {
  now += ms;
  for (const timer of timers.filter(({ at }) => at <= now)) {
    timers = timers.filter((other) => other !== timer);
    timer.act();
  }
}

beforeEach(() => {
  shown = [];
  now = 0;
  timers = [];
  isWatched = false;
  preferences = { startWithSystem: false, updates: false, notifyFills: true, notifyRisk: true, notifyFailures: true };
  notifier = createNotifier({
    preferences: () => preferences,
    isWatched: () => isWatched,
    show: (announcement) => shown.push(announcement),
    monotonic: () => now,
    later: (act, delayMs) => {
      const timer = { at: now + delayMs, act };
      timers.push(timer);
      return () => (timers = timers.filter((other) => other !== timer));
    },
  });
});

describe('fills', () => {
  it('of one moment are one notification', () => {
    notifier.fills([fill('AAPL')]);
    pass(FILLS_WAIT_MS - 1);
    expect(shown).toEqual([]);
    pass(1);
    expect(shown).toEqual([{ title: 'Bought 10 AAPL at $190.13', body: '', to: 'portfolio' }]);
  });

  it('that come together are counted, the first three named', () => {
    notifier.fills([fill('AAPL'), fill('MSFT', 'sell')]);
    pass(1_000);
    notifier.fills([fill('TSLA'), fill('NVDA'), fill('AMD')]);
    pass(FILLS_WAIT_MS);
    expect(shown).toEqual([{ title: '5 fills', body: 'Bought 10 AAPL at $190.13\nSold 2.5 MSFT at $190.13\nBought 10 TSLA at $190.13\nand 2 more', to: 'portfolio' }]);
  });

  it('never flood: a thousand in a minute are a handful of notifications, all counted', () => {
    for (let index = 0; index < 1_000; index += 1) {
      notifier.fills([fill(`S${index}`)]);
      pass(60);
    }
    pass(SAME_KIND_MS);
    expect(shown.length).toBeLessThanOrEqual(6);
    expect(shown.reduce((sum, { title }) => sum + Number.parseInt(title, 10), 0)).toBe(1_000);
  });

  it('are not told to someone who looks at the window, or does not want it', () => {
    isWatched = true;
    notifier.fills([fill('AAPL')]);
    isWatched = false;
    preferences = { ...preferences, notifyFills: false };
    notifier.fills([fill('AAPL')]);
    pass(60_000);
    expect(shown).toEqual([]);
  });
});

describe('alerts', () => {
  it('are told at once, trifles never', () => {
    notifier.notices([notice('Loss limit reached', 'critical'), notice('Lease renewed', 'info')]);
    pass(0);
    expect(shown).toEqual([{ title: 'Loss limit reached', body: 'Loss limit reached in full', to: 'health' }]);
  });

  it('that follow soon are told together', () => {
    notifier.notices([notice('one')]);
    pass(0);
    notifier.notices([notice('two')]);
    notifier.notices([notice('three')]);
    pass(SAME_KIND_MS);
    expect(shown.map(({ title }) => title)).toEqual(['one', '2 alerts']);
  });

  it('tell of a failed part once, until it was up again', () => {
    notifier.unit(unit('execution', 'backoff'));
    notifier.unit(unit('execution', 'failed'));
    pass(0);
    expect(shown).toEqual([{ title: 'execution has failed', body: 'ended with code 70', to: 'health' }]);
    pass(300_000);
    for (const state of ['waiting', 'starting', 'failed'] as const) notifier.unit(unit('execution', state));
    pass(SAME_KIND_MS);
    expect(shown).toHaveLength(1);
    notifier.unit(unit('execution', 'ready'));
    notifier.unit(unit('execution', 'failed'));
    pass(SAME_KIND_MS);
    expect(shown).toHaveLength(2);
  });

  it('wait for nobody after the end', () => {
    notifier.fills([fill('AAPL')]);
    notifier.close();
    pass(60_000);
    expect(shown).toEqual([]);
  });
});
