/** The simulated broker: the venue behind its journal, asked in market time, heard by listeners after each commit. */
import type { Result } from '#app/domain/errors.ts';
import { DAY_MS, type EpochMs } from '#app/domain/time.ts';
import { isInSession, latestSession, nextClose, nextOpen, sessionOf } from '#app/market/calendar.ts';
import type { OrderRequest, VenueConfig, VenueEvent, VenueOrder, VenueRejection } from '#app/backtest/venue-types.ts';
import type { Venue } from '#app/backtest/venue.ts';
import type { Journal } from './journal.ts';
import { BAR_MS, venueBarOf, type Market, type MarketBar, type Step } from './market.ts';

const GTC_LIFE_MS = 90 * DAY_MS;

/** The account and the market as the wire needs them. */
export type Broker = {
  readonly config: VenueConfig;
  readonly market: Market;
  readonly journal: Journal;
  readonly venue: Venue;
  /** Market time: the close of the last released minute. It stands still between releases. */
  now(): EpochMs;
  /** Last released price of a symbol. */
  lastBar(symbol: string): MarketBar | null;
  /** Last bar before the session of `now` (or the latest one), for day changes. */
  previousClose(symbol: string): number | null;
  /** Takes an order, or says why not. Committed when this returns. */
  submit(request: OrderRequest): Result<VenueOrder, VenueRejection>;
  /** Cancels one open order. `isSlow`: only after the next bars. */
  cancel(orderId: string, isSlow: boolean): Result<readonly VenueEvent[], VenueRejection>;
  /** Releases a step of the tape: journal first, then its fills. */
  release(step: Step): readonly VenueEvent[];
  /** Lets market time pass to a session's end. */
  endSession(to: EpochMs): readonly VenueEvent[];
  /** Open time of the last released step; null before the first. */
  released(): EpochMs | null;
  counts(): { readonly steps: number; readonly bars: number };
  onEvents(listener: (events: readonly VenueEvent[]) => void): void;
};

/** When an order placed at `now` has ended its life. */
export function expiryOf(request: Pick<OrderRequest, 'timeInForce' | 'extendedHours'>, now: EpochMs): EpochMs {
  if (request.timeInForce === 'gtc') return (now + GTC_LIFE_MS) as EpochMs;
  const today = latestSession(now);
  if (request.extendedHours && now < today.afterHoursClose) return today.afterHoursClose;
  const session = sessionOf(now) ?? latestSession(nextOpen(now));
  return request.extendedHours ? session.afterHoursClose : session.close;
}

/** Joins venue, journal and market. A journal that cannot write throws: the caller must end the process. */
export function openBroker(config: VenueConfig, journal: Journal, market: Market): Broker {
  const { venue } = journal;
  const listeners: ((events: readonly VenueEvent[]) => void)[] = [];
  let cursor = journal.cursor();
  const now = (): EpochMs => (venue.state.now === 0 ? market.startTime : venue.state.now);
  const latest = new Map<string, MarketBar>();
  const lastBar = (symbol: string): MarketBar | null => {
    const known = latest.get(symbol);
    if (known) return known;
    const [found] = market.bars(symbol, { from: 0 as EpochMs, to: (cursor?.openTime ?? market.startTime - BAR_MS) as EpochMs, limit: 1, isDescending: true });
    if (found) latest.set(symbol, found);
    return found ?? null;
  };
  const tell = (events: readonly VenueEvent[]): readonly VenueEvent[] => {
    if (events.length > 0) for (const listener of listeners) listener(events);
    return events;
  };
  return {
    config, market, journal, venue, now, lastBar,
    previousClose: (symbol) => {
      const [bar] = market.bars(symbol, { from: 0 as EpochMs, to: (latestSession(now()).open - 1) as EpochMs, limit: 1, isDescending: true });
      return bar?.close ?? null;
    },
    submit: (request) => {
      if (journal.orderByClientId(request.clientOrderId)) return { ok: false, error: { status: 422, code: 40_010_001, message: 'client_order_id must be unique', details: {} } };
      const at = now();
      const bar = lastBar(request.symbol);
      const result = journal.commit({
        op: 'submit', request,
        context: {
          at, isOpen: isInSession(at), expiresAt: expiryOf(request, at), lastPrice: bar === null ? null : String(bar.close),
          asset: market.assets.has(request.symbol) ? { isTradable: true, isFractionable: true, isShortable: true } : null,
        },
      });
      if (!result.ok) return result;
      tell(result.value.events);
      return result.value.reply ? { ok: true, value: result.value.reply } : { ok: false, error: { status: 422, code: 40_010_001, message: 'order not accepted', details: {} } };
    },
    cancel: (orderId, isSlow) => {
      const result = journal.commit({ op: 'cancel', orderId, at: now(), isSlow });
      return result.ok ? { ok: true, value: tell(result.value.events) } : result;
    },
    release: (step) => {
      const next = { openTime: step.openTime, steps: (cursor?.steps ?? 0) + 1, bars: (cursor?.bars ?? 0) + step.bars.length };
      const live = venue.liveSymbols();
      const bars = step.bars.filter((bar) => live.has(bar.symbol)).map(venueBarOf);
      const result = journal.commit({ op: 'step', at: step.openTime, barMs: BAR_MS, isRegular: step.isRegular, bars }, next);
      cursor = next;
      for (const bar of step.bars) latest.set(bar.symbol, bar);
      return result.ok ? tell(result.value.events) : [];
    },
    endSession: (to) => {
      const result = journal.commit({ op: 'advance', to, isSessionEnd: true });
      return result.ok ? tell(result.value.events) : [];
    },
    released: () => cursor?.openTime ?? null,
    counts: () => ({ steps: cursor?.steps ?? 0, bars: cursor?.bars ?? 0 }),
    onEvents: (listener) => {
      listeners.push(listener);
    },
  };
}

/** Session ends in (from, to]: the first, and when days are skipped also the last, so that nothing outlives its day. */
export function sessionEndsBetween(from: EpochMs, to: EpochMs): readonly EpochMs[] {
  const first = nextClose(from);
  if (first > to) return [];
  const last = latestSession((to - 1) as EpochMs);
  const end = last.close <= to ? last.close : latestSession((last.open - 1) as EpochMs).close;
  return end > first ? [first, end] : [first];
}
