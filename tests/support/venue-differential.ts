/** Random orders of every kind through the column engine and through the exact venue: the plans, both runs, and what must hold of them. A test runs some hundreds, `npm run differential` as many as asked. */
import { deepStrictEqual, ok } from 'node:assert/strict';
import * as fc from 'fast-check';
import * as z from 'zod';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { toText } from '#app/domain/numeric.ts';
import { ORDER_CLASSES, ORDER_TYPES, TIMES_IN_FORCE } from '#app/domain/order.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import type { StrategyOrder } from '#app/strategy/context.ts';
import { strategy } from '#app/strategy/spec.ts';
import { US_SELL_FEES } from '#app/backtest/fees.ts';
import { orderTimes } from '#app/backtest/order-times.ts';
import { isOpenStatus, DEFAULT_VENUE_CONFIG, PLAIN_ASSET, PLAIN_REQUEST, type OrderRequest, type VenueBar, type VenueEvent } from '#app/backtest/venue-types.ts';
import { openVenue, type Venue } from '#app/backtest/venue.ts';
import { NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import type { DatedAction, RunConfig } from '#app/backtest/run/types.ts';

const SYMBOLS = ['AAA', 'BBB'] as const;
const WIDTH = 5;
/** Three bars at the end of each session and three at the beginning of the next: nights matter more than noons. */
const TIMES = sessionsBetween('2026-06-01', '2026-06-05').flatMap(({ open, close }) => [0, 1, 2].map((n) => open + n * WIDTH * MINUTE_MS).concat([3, 2, 1].map((n) => close - n * WIDTH * MINUTE_MS)));

type Said = { readonly market: number; readonly order: StrategyOrder | null; readonly pick: number };
type Plan = { readonly bars: readonly (readonly number[])[][]; readonly said: readonly (readonly Said[])[] };

const cents = (value: number): number => value / 100;
const orderOf = fc.record({
  side: fc.constantFrom('buy' as const, 'sell' as const), type: fc.constantFrom(...ORDER_TYPES, 'market', 'limit'), tif: fc.constantFrom(...TIMES_IN_FORCE, 'day', 'gtc', 'gtc'), orderClass: fc.constantFrom(...ORDER_CLASSES, 'simple', 'simple'),
  price: fc.integer({ min: 9_700, max: 10_300 }), near: fc.integer({ min: 1, max: 250 }), far: fc.integer({ min: 1, max: 250 }), qty: fc.integer({ min: 1, max: 400 }), odd: fc.nat(39),
}).map(({ side, type, tif, orderClass, price, near, far, qty, odd }): StrategyOrder => {
  const up = side === 'buy' ? 1 : -1;
  const exitUp = orderClass === 'oco' ? -up : up;
  const base = type === 'limit' ? price : 10_000;
  const isLimit = type === 'limit' || type === 'stop_limit';
  return {
    // Now and then parts of shares, or a price finer than the tick.
    side, qty: odd === 0 ? qty / 8 : qty, type, timeInForce: tif, orderClass,
    ...(isLimit ? { limitPrice: odd === 1 ? cents(price) + 0.001 : cents(price) } : {}), ...(type === 'stop' || type === 'stop_limit' ? { stopPrice: cents(10_000 + up * near) } : {}),
    ...(type === 'trailing_stop' ? (far % 2 === 0 ? { trailPrice: cents(near) } : { trailPercent: near / 100 }) : {}),
    ...(orderClass === 'bracket' || (orderClass === 'oto' && far % 2 === 0) ? { takeProfit: { limitPrice: cents(base + exitUp * far) } } : {}),
    ...(orderClass === 'bracket' || orderClass === 'oco' || (orderClass === 'oto' && far % 2 === 1) ? { stopLoss: { stopPrice: cents(base - exitUp * near), ...(odd > 35 ? { limitPrice: cents(base - exitUp * (near + 5)) } : {}) } } : {}),
  };
});
const saidOf = fc.record({ market: fc.nat(1), order: fc.option(orderOf, { freq: 6 }), pick: fc.nat(5) });
const barOf = fc.tuple(fc.integer({ min: -60, max: 60 }), fc.integer({ min: -120, max: 120 }), fc.nat(80), fc.nat(80), fc.nat(900));
const plan: fc.Arbitrary<Plan> = fc.record({
  bars: fc.array(fc.array(barOf, { minLength: TIMES.length, maxLength: TIMES.length }), { minLength: 2, maxLength: 2 }),
  said: fc.array(fc.array(saidOf, { maxLength: 3 }), { minLength: TIMES.length, maxLength: TIMES.length }),
});
type Rules = { readonly multiplier: 1 | 2 | 4; readonly canShort: boolean; readonly bps: number; readonly volumeCap: number | null; readonly hasFees: boolean; readonly count: 1 | 2; readonly actions: readonly (DatedAction & { readonly market: number })[] };
const act = fc.record({ market: fc.nat(1), at: fc.nat(TIMES.length - 1), which: fc.nat(3) }).map(({ market, at, which }) => {
  const symbol = SYMBOLS[market] ?? 'AAA';
  const time = TIMES[at] ?? 0;
  const split = (oldRate: string, newRate: string): DatedAction => ({ at: time, action: { kind: 'split', symbol, oldRate, newRate } });
  const made: DatedAction = which === 0 ? split('1', '2') : which === 1 ? split('2', '1') : { at: time, action: { kind: 'cash_dividend', symbol, rate: which === 2 ? '0.25' : '0.333', payableAt: (time + 7 * 3_600_000) as EpochMs } };
  return { ...made, market };
});
const rules: fc.Arbitrary<Rules> = fc.record({
  multiplier: fc.constantFrom(1 as const, 2 as const, 4 as const), canShort: fc.boolean(), bps: fc.constantFrom(0, 0, 7, 25), volumeCap: fc.constantFrom(null, null, 0.1), hasFees: fc.boolean(), count: fc.constantFrom(1 as const, 2 as const), actions: fc.array(act, { maxLength: 2 }),
}).map((made) => ({ ...made, canShort: made.canShort && made.multiplier > 1, actions: made.actions.filter(({ market }) => market < made.count) }));

/** Columns out of steps in cents around 100. */
function columnsOf(rows: readonly (readonly number[])[]): BarColumns {
  const bars = barColumns(rows.length);
  let last = 10_000;
  rows.forEach(([gap = 0, move = 0, above = 0, below = 0, volume = 0], i) => {
    const open = Math.min(10_400, Math.max(9_600, last + gap));
    const close = Math.min(10_400, Math.max(9_600, open + move));
    last = close;
    [bars.time[i], bars.open[i], bars.close[i], bars.volume[i]] = [TIMES[i] ?? 0, cents(open), cents(close), volume];
    [bars.high[i], bars.low[i]] = [cents(Math.max(open, close) + above), cents(Math.min(open, close) - below)];
  });
  return bars;
}

/** The order that a pick means: one of the last six, by the strategy's own ids. */
const picked = (last: number, pick: number): number => last - pick;

/** A strategy that says what the plan says. One symbol alone takes the short loop, two the long one. */
function scripted(said: Plan['said']): RunConfig['strategy'] {
  return strategy({
    kind: 'scripted', title: 'Scripted', description: 'Says what it is told to say.', scope: 'portfolio', symbols: [1, 2], usesOrders: true, parameters: {}, indicators: () => ({}), history: () => 0,
    state: z.object({ step: z.number(), last: z.number() }), initialState: () => ({ step: 0, last: 0 }),
    onBar({ all, state }) {
      const mine = said[state.step] ?? [];
      state.step += 1;
      for (const [market, view] of all.entries()) {
        for (const one of mine.filter((candidate) => candidate.market === market)) {
          if (one.order !== null) state.last = view.submit(one.order);
          else view.cancel(picked(state.last, one.pick));
        }
      }
    },
  }).bind({});
}

type Outcome = { readonly lines: readonly string[]; readonly cash: number; readonly denied: Readonly<Record<string, number>>; readonly held: readonly number[] };

function configOf({ bars, said }: Plan, given: Rules): RunConfig {
  return {
    strategy: scripted(said), timeframe: '5Min', sizing: { method: 'fixed_notional', notional: '1' }, slippage: { kind: 'bps', bps: given.bps }, commission: NO_COMMISSION, fees: given.hasFees ? US_SELL_FEES : null,
    markets: SYMBOLS.slice(0, given.count).map((symbol, n) => ({ symbol, bars: columnsOf(bars[n] ?? []), detail: null, actions: given.actions.filter(({ market }) => market === n).sort((a, b) => a.at - b.at), isShortable: true, isFractionable: true })),
    account: { cash: 60_000, multiplier: given.multiplier, canShort: given.canShort, borrowPercent: 0, marginInterestPercent: 0 }, fills: { ...STRICT_FILLS, volumeCap: given.volumeCap }, desk: { kind: 'plain' }, isBrokerStrict: true,
  };
}

function byColumns(made: Plan, given: Rules): Outcome {
  const result = runBacktest(configOf(made, given), { hasLines: true });
  const held = SYMBOLS.map((_symbol, n) => [...result.fills.qty].reduce((sum, qty, at) => sum + (result.fills.market[at] === n ? qty * (result.fills.side[at] ?? 0) : 0), 0));
  return { lines: result.lines, cash: result.cash, denied: result.denied, held };
}

/** The same through the exact venue, by hand. */
class ByVenue {
  readonly lines: string[] = [];
  readonly denied: Record<string, number> = {};
  readonly held = [0, 0];
  readonly venue: Venue;
  private readonly names = new Map<string, string>();
  private last = 0;

  constructor(given: Rules) {
    this.venue = openVenue({
      ...DEFAULT_VENUE_CONFIG, startingCash: '60000', multiplier: given.multiplier, isShortingEnabled: given.canShort, slippageBps: given.bps, volumeCap: given.volumeCap, fees: given.hasFees ? US_SELL_FEES : null,
    });
  }

  apply(operation: Parameters<Venue['apply']>[0]): boolean {
    const result = this.venue.apply(operation);
    if (!result.ok) return false;
    this.hear(result.value.events);
    return true;
  }

  private hear(events: readonly VenueEvent[]): void {
    for (const { kind, order, fill, at } of events) {
      if (order.parentId !== null && !this.names.has(order.id)) this.names.set(order.id, `${this.names.get(order.parentId) ?? '?'}/${order.role}`);
      const name = this.names.get(order.id) ?? '?';
      if (fill) {
        this.lines.push(`fill ${name} ${order.side} ${toText(fill.qty)} ${order.symbol} ${toText(fill.price)} ${toText(fill.fee)} ${at}`);
        const n = SYMBOLS.indexOf(order.symbol as 'AAA');
        this.held[n] = (this.held[n] ?? 0) + fill.qty.toNumber() * (order.side === 'buy' ? 1 : -1);
      } else if (!isOpenStatus(order.status)) this.lines.push(`${kind} ${name}`);
    }
  }

  say({ market, order, pick }: Said, at: EpochMs, close: number): void {
    const symbol = SYMBOLS[market] ?? 'AAA';
    if (order === null) {
      const wanted = String(picked(this.last, pick));
      const open = this.venue.openOrders().find((one) => one.symbol === symbol && (this.names.get(one.id) ?? '').split('/')[0] === wanted);
      if (open) this.apply({ op: 'cancel', orderId: open.id, at, isSlow: false });
      return;
    }
    this.last += 1;
    const text = (value: number | undefined): string | null => (value === undefined ? null : String(Math.round(value * 1e6) / 1e6));
    const request: OrderRequest = {
      ...PLAIN_REQUEST, clientOrderId: String(this.last), symbol, side: order.side, type: order.type ?? 'market', timeInForce: order.timeInForce ?? 'day', orderClass: order.orderClass ?? 'simple', qty: String(order.qty),
      limitPrice: text(order.limitPrice), stopPrice: text(order.stopPrice), trailPrice: text(order.trailPrice), trailPercent: text(order.trailPercent),
      takeProfit: order.takeProfit ? { limitPrice: text(order.takeProfit.limitPrice) } : null, stopLoss: order.stopLoss ? { stopPrice: text(order.stopLoss.stopPrice), limitPrice: text(order.stopLoss.limitPrice) } : null,
    };
    const result = this.venue.apply({
      op: 'submit', request, context: { ...orderTimes({ timeInForce: request.timeInForce, extendedHours: false }, at), lastPrice: text(close), bid: null, ask: null, asset: PLAIN_ASSET },
    });
    if (!result.ok) {
      const code = `VENUE_${result.error.code}`;
      this.denied[code] = (this.denied[code] ?? 0) + 1;
      this.lines.push(`refused ${symbol} ${result.error.code} ${at}`);
      return;
    }
    if (result.value.reply) this.names.set(result.value.reply.id, String(this.last));
    this.lines.push(`order ${this.last} ${order.side} ${order.qty} ${symbol} ${at}`);
    this.hear(result.value.events);
  }
}

function byVenue({ bars, said }: Plan, given: Rules): Outcome {
  const run = new ByVenue(given);
  const columns = SYMBOLS.slice(0, given.count).map((_symbol, n) => columnsOf(bars[n] ?? []));
  const text = (value: number | undefined): string => String(value ?? NaN);
  const sessions = sessionsBetween('2026-06-01', '2026-06-05');
  TIMES.forEach((time, i) => {
    const at = time as EpochMs;
    const ended = sessions.find((session) => session.close <= at && session.close > (TIMES[i - 1] ?? Infinity));
    if (ended) run.apply({ op: 'advance', to: ended.close, isSessionEnd: true });
    for (const { market, ...dated } of [...given.actions].sort((a, b) => a.market - b.market || a.at - b.at)) if (dated.at === time) invariant(run.apply({ op: 'corporateAction', at, action: dated.action }), 'The venue refused an action', { market });
    const now = columns.map((column, n): VenueBar => ({ symbol: SYMBOLS[n] ?? '', open: text(column.open[i]), high: text(column.high[i]), low: text(column.low[i]), close: text(column.close[i]), volume: text(column.volume[i]) }));
    run.apply({ op: 'step', at, barMs: WIDTH * MINUTE_MS, isRegular: true, bars: now });
    for (const [market, column] of columns.entries()) for (const one of said[i] ?? []) if (one.market === market) run.say(one, (at + WIDTH * MINUTE_MS) as EpochMs, column.close[i] ?? NaN);
  });
  return { lines: run.lines, cash: run.venue.state.account.cash.toNumber(), denied: run.denied, held: run.held };
}

type Free = Pick<RunConfig, 'fills' | 'isBrokerStrict'>;
const freely: fc.Arbitrary<Free> = fc.record({
  fills: fc.record({ marketAt: fc.constantFrom('next_open' as const, 'this_close' as const), limit: fc.constantFrom('through' as const, 'touch' as const), intrabar: fc.constantFrom('pessimistic' as const, 'open_high_low_close' as const, 'open_low_high_close' as const, 'adaptive' as const), volumeCap: fc.constantFrom(null, 0.1) }),
  isBrokerStrict: fc.boolean(),
});

/** What was met on the way, so that a check can ask whether it saw enough. */
export type Seen = { fills: number; refused: number; exits: number };

/** Both say the same of everything that can be ordered: lines, refusals, cash. */
export function bothSayTheSame(seen: Seen): fc.IProperty<[Plan, Rules]> {
  return fc.property(plan, rules, (made, given) => {
    const [column, venue] = [byColumns(made, given), byVenue(made, given)];
    deepStrictEqual(column.lines, venue.lines);
    deepStrictEqual(column.denied, venue.denied);
    ok(Math.abs(column.cash - venue.cash) < 1e-8, `cash ${column.cash} instead of ${venue.cash}`);
    seen.fills += venue.lines.filter((line) => line.startsWith('fill')).length;
    seen.exits += venue.lines.filter((line) => /^fill \d+\/stop_loss/.test(line)).length;
    seen.refused += venue.lines.filter((line) => line.startsWith('refused')).length;
  });
}

/** Under rules that the venue does not have: no cent is lost or made, of two exits one fills, and the same comes out every time. */
export function noCentIsMade(): fc.IProperty<[Plan, Rules, Free]> {
  return fc.property(plan, rules, freely, (made, given, free) => {
    const config = { ...configOf(made, given), ...free };
    const result = runBacktest(config, { hasLines: true });
    const profit = result.trips.profit.reduce((sum, one) => sum + one, 60_000) + result.dividends + result.carry;
    const equity = result.equity.at(-1) ?? NaN;
    ok(Math.abs(equity - profit) < 1e-6, `equity ${equity}, made by trips, dividends and interest ${profit}`);
    const exits = (role: string): Set<string> => new Set(result.lines.flatMap((line) => (line.startsWith('fill') && line.includes(`/${role} `) ? [line.split(/[ /]/)[1] ?? ''] : [])));
    if (free.fills.volumeCap === null) for (const name of exits('stop_loss')) ok(!exits('take_profit').has(name), `both exits of ${name} filled`);
    for (const [n, mae] of result.trips.mae.entries()) ok(mae <= 0 && (result.trips.mfe[n] ?? NaN) >= 0, `trip ${n}: ${mae}, ${result.trips.mfe[n]}`);
    deepStrictEqual(runBacktest(config, { hasLines: true }).lines, result.lines);
  });
}
