/** Control routes for tests and the dashboard, behind the internal token: state, speed, pause, single steps, faults. */
import type { FastifyInstance } from 'fastify';
import * as z from 'zod';
import { toRfc3339 } from '#app/domain/time.ts';
import type { Broker } from './broker.ts';
import { faultSchema, type Faults } from './faults.ts';
import { read, type RateWindow } from './rest-common.ts';
import type { DataStream } from './stream-data.ts';
import type { TradingStream } from './stream-trading.ts';

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

/** What the routes need. */
export type ControlParts = { readonly broker: Broker; readonly faults: Faults; readonly controls: Controls; readonly rate: RateWindow; readonly trading: TradingStream; readonly data: DataStream };

const speedSchema = z.union([z.literal('max'), z.number().min(0.001).max(100_000)]);

/** Registers the routes. */
export function registerControl(app: FastifyInstance, { broker, faults, controls, rate, trading, data }: ControlParts): void {
  const state = () => ({
    market: broker.market.kind, marketTime: broker.now(), now: toRfc3339(broker.now()), step: broker.counts().steps, stepsTotal: broker.market.size?.steps ?? null,
    bars: broker.counts().bars, barsTotal: broker.market.size?.bars ?? null, speed: controls.speed(), isPaused: controls.isPaused(), isFinished: controls.isFinished(),
    waitingFor: controls.waitingFor(), openOrders: broker.venue.openOrders().length, tradingListeners: trading.listeners(), dataSubscribers: data.subscribers(), rateLimit: rate.limit,
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
  app.post('/sim/faults', (request) => {
    faults.arm(read(faultSchema, request.body));
    return state();
  });
  app.post('/sim/rate-limit', (request) => {
    rate.limit = read(z.object({ limit: z.number().int().min(1) }), request.body).limit;
    return state();
  });
}
