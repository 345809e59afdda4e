/** Control routes for tests and the dashboard, behind the internal token: state, speed, pause, single steps, faults, corporate actions, cash. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { uuidOf } from '#app/backtest/venue-ids.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Broker } from './broker.ts';
import type { Faults } from './faults.ts';
import { faultSchema } from './faults-schema.ts';
import { BAR_MS } from './market.ts';
import { malformed, read, WireError, type RateWindow } from './rest-common.ts';
import type { DataStream } from './stream-data.ts';
import type { TradingStream } from './stream-trading.ts';
import { stampOf } from './stream-frames.ts';
import { wireRejection } from './wire-order.ts';

/** What can be turned while the tape runs. */
export type Controls = {
  /** Market seconds per real second, or as fast as the pipeline settles. */
  speed(): number | 'max';
  setSpeed(speed: number | 'max'): void;
  pause(): void;
  resume(): void;
  /** While paused: lets `count` steps pass, and resolves when they are released (and settled, in a replay). */
  step(count: number): Promise<void>;
  /** What the tape waits for now, in words; null while it runs. */
  waitingFor(): string | null;
  isPaused(): boolean;
  isFinished(): boolean;
};

/** Requests a minute: one window for each of the two APIs. */
export type RateWindows = { readonly trading: RateWindow; readonly data: RateWindow };
/** What the routes need. */
export type ControlParts = { readonly broker: Broker; readonly faults: Faults; readonly controls: Controls; readonly rates: RateWindows; readonly trading: TradingStream; readonly data: DataStream };

const speedSchema = z.union([z.literal('max'), z.number().min(0.001).max(100_000)]);
const civilDay = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);
const decimal = z.string().regex(/^\d{1,9}(\.\d{1,9})?$/);
const dates = { exDate: civilDay, payableDate: civilDay.optional() };
const actionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('split'), symbol: z.string(), newRate: decimal, oldRate: decimal, ...dates }),
  z.object({ kind: z.literal('cash_dividend'), symbol: z.string(), cash: decimal, ...dates }),
]);

const symbolText = z.string().min(1).max(20);
const latePrintSchema = z.object({ kind: z.enum(['updated_bar', 'correction', 'cancel']), symbol: symbolText, /** When it was made, epoch ms. */ at: z.number().int().positive(), price: z.number().positive(), size: z.number().int().positive() });
const statusSchema = z.object({ symbol: symbolText, code: z.string().min(1).max(4), message: z.string().max(100).default('') });

/** Tells that a print of the minute was corrected, or never was. */
function pushCorrection(data: DataStream, { kind, symbol, price, size }: z.infer<typeof latePrintSchema>, openTime: EpochMs): void {
  const id = openTime / BAR_MS;
  if (kind === 'cancel') data.pushMessage('cancelErrors', symbol, (isMsgpack) => ({ T: 'x', S: symbol, i: id, x: 'V', p: price, s: size, a: 'C', t: stampOf(isMsgpack)(openTime), z: 'C' }));
  else data.pushMessage('corrections', symbol, (isMsgpack) => ({ T: 'c', S: symbol, x: 'V', oi: id, op: price, os: size, oc: ['@'], ci: id + 1, cp: price, cs: size, cc: ['@'], t: stampOf(isMsgpack)(openTime), z: 'C' }));
}

/** Registers the routes. */
export function registerControl(app: FastifyInstance, parts: ControlParts): void {
  const { broker, faults, controls, rates, trading, data } = parts;
  const state = () => ({
    market: broker.market.kind, marketTime: broker.now(), now: toRfc3339(broker.now()), step: broker.counts().steps, stepsTotal: broker.market.size?.steps ?? null,
    bars: broker.counts().bars, barsTotal: broker.market.size?.bars ?? null, speed: controls.speed(), isPaused: controls.isPaused(), isFinished: controls.isFinished(),
    waitingFor: controls.waitingFor(), openOrders: broker.venue.openOrders().length, tradingListeners: trading.listeners(), dataSubscribers: data.subscribers(), rateLimit: rates.trading.limit,
  });
  app.get('/sim/state', state);
  app.post('/sim/speed', (request) => {
    controls.setSpeed(read(z.object({ speed: speedSchema }), request.body).speed);
    return state();
  });
  app.post('/sim/pause', () => {
    controls.pause();
    return state();
  });
  app.post('/sim/resume', () => {
    controls.resume();
    return state();
  });
  app.post('/sim/step', async (request) => {
    await controls.step(read(z.object({ count: z.number().int().min(1).max(10_000).default(1) }), request.body).count);
    return state();
  });
  app.post('/sim/faults', async (request) => {
    faults.arm(read(faultSchema, request.body));
    await broker.settled();
    return state();
  });
  app.post('/sim/rate-limit', (request) => {
    const { limit } = read(z.object({ limit: z.number().int().min(1) }), request.body);
    rates.trading.limit = rates.data.limit = limit;
    return state();
  });
  registerAccountControl(app, parts);
}

/** What happens to the account from outside of the market. */
function registerAccountControl(app: FastifyInstance, { broker, data }: ControlParts): void {
  app.post('/sim/corporate-actions', (request) => {
    const asked = read(actionSchema, request.body);
    if (!broker.market.assets.has(asked.symbol)) throw malformed(`could not find asset "${asked.symbol.slice(0, 20)}"`);
    const today = exchangeDay(broker.now());
    if (asked.exDate <= today) throw malformed(`exDate must lie after ${today}, the market's day`);
    const number = broker.journal.lists.actions().length + 1;
    const action = {
      id: uuidOf(broker.config.seed, 'corporate action', number), kind: asked.kind, symbol: asked.symbol, declaredOn: today, exDate: asked.exDate, recordDate: asked.exDate, payableDate: asked.payableDate ?? asked.exDate,
      oldRate: asked.kind === 'split' ? asked.oldRate : null, newRate: asked.kind === 'split' ? asked.newRate : null, cash: asked.kind === 'cash_dividend' ? asked.cash : null, isDone: false,
    };
    broker.announce(action);
    return action;
  });
  app.post('/sim/transfer', async (request) => {
    const refusal = broker.transfer(read(z.object({ amount: z.string().regex(/^-?\d{1,12}(\.\d{1,2})?$/) }), request.body).amount);
    if (refusal) throw new WireError(refusal.status, wireRejection(refusal));
    await broker.settled();
    return { ok: true };
  });
  app.post('/sim/late-print', (request) => {
    const asked = read(latePrintSchema, request.body);
    const openTime = (Math.floor(asked.at / BAR_MS) * BAR_MS) as EpochMs;
    const bar = openTime <= (broker.released() ?? 0) ? broker.market.barAt(asked.symbol, openTime) : null;
    if (!bar) throw malformed('the minute is not released, or the symbol has no bar in it');
    // A print that comes late makes the minute larger; one that is corrected or taken back makes it what the rest of it was.
    const isLate = asked.kind === 'updated_bar';
    const amended = isLate
      ? { ...bar, high: Math.max(bar.high, asked.price), low: Math.min(bar.low, asked.price), close: asked.price, volume: bar.volume + asked.size }
      : { ...bar, high: Math.max(bar.open, bar.close), low: Math.min(bar.open, bar.close), volume: Math.max(1, bar.volume - asked.size) };
    broker.amend(amended);
    if (isLate) data.pushBars([amended], 'u');
    else pushCorrection(data, asked, openTime);
    return { bar: amended };
  });
  app.post('/sim/status', (request) => {
    const { symbol, code, message } = read(statusSchema, request.body);
    data.pushMessage('statuses', symbol, (isMsgpack) => ({ T: 's', S: symbol, sc: code, sm: message, rc: '', rm: '', t: stampOf(isMsgpack)(broker.now()), z: 'C' }));
    return { ok: true };
  });
  app.post('/sim/updated-bars', () => {
    const released = broker.released();
    const bars = released === null ? [] : broker.market.stepAt(released)?.bars ?? [];
    data.pushBars(bars, 'u');
    return { bars: bars.length };
  });
}
