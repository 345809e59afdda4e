/** People at the pages of a simulation: they place, change and cancel orders, close positions, pull the switch, and ask again under the same key when they got no answer. */
import type { CommandInput, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import { COMMANDS } from '#app/contracts/commands.ts';
import { randomOf, type Random } from '#app/domain/random.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { PLAIN_REQUEST } from '#app/backtest/venue-types.ts';
import { SYMBOLS } from './exchange.ts';
import { runInPassing } from './flows.ts';
import { unitOf, world } from './world.ts';

const PATIENCE = 3;
const ASK_AGAIN_MS = 900;

/** What people do in one seed. */
export class People {
  readonly #random: Random;
  readonly #eagerness: number;
  #asked = 0;

  constructor(seed: number) {
    this.#random = randomOf(seed, 'people');
    this.#eagerness = 0.3 + 1.7 * this.#random.next();
  }

  #chance(of: number): boolean {
    return this.#random.next() < of * this.#eagerness;
  }
  #one<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random.next() * list.length)];
  }

  /** Sends a command until it is answered, a few times at most: the key makes it one wish. */
  async ask<N extends CommandName>(name: N, input: Omit<CommandInput<N>, 'idempotencyKey' | 'actor'>): Promise<CommandOutput<N> | null> {
    this.#asked += 1;
    const { time, trace } = world();
    const idempotencyKey = `person-${this.#asked}`;
    const full = { ...input, idempotencyKey, actor: 'person' } as CommandInput<N>;
    for (let attempt = 0; attempt < PATIENCE; attempt += 1) {
      await time.wait(1 + 10 * world().delays.next());
      try {
        const answer = await unitOf(COMMANDS[name].service).command(name, full);
        trace.note(`person ${name} ${idempotencyKey}: ${JSON.stringify(answer).slice(0, 160)}`);
        return answer;
      } catch (error) {
        const mayPass = error instanceof AppError && (error.family === 'temporary' || error.family === 'conflict');
        trace.note(`person ${name} ${idempotencyKey} failed: ${describeError(error)}`);
        if (!(error instanceof AppError) || error.family === 'bug') world().broken.push(`F2 ${name} failed with something that is no answer: ${describeError(error)}`);
        if (!mayPass) return null;
      }
      await time.wait(ASK_AGAIN_MS);
    }
    return null;
  }

  #place(): void {
    const symbol = this.#one(SYMBOLS) ?? 'AAA';
    const price = world().exchange.lastPrice(symbol);
    const side = this.#random.next() < 0.6 ? 'buy' : 'sell';
    const qty = String(1 + Math.floor(this.#random.next() * 45));
    const kind = this.#random.next();
    const near = (percent: number): string => (price * (1 + percent / 100)).toFixed(2);
    const away = side === 'buy' ? -1 : 1;
    const plain = { symbol, side, qty, timeInForce: 'day', orderClass: 'simple', extendedHours: false, limitPrice: null, stopPrice: null, trailPrice: null, trailPercent: null, takeProfit: null, stopLoss: null } as const;
    if (kind < 0.35) void this.ask('manualOrder', { ...plain, type: 'market' });
    else if (kind < 0.6) void this.ask('manualOrder', { ...plain, type: 'limit', limitPrice: near(away * this.#random.next()) });
    else if (kind < 0.7) void this.ask('manualOrder', { ...plain, type: 'stop', stopPrice: near(-away * (0.2 + this.#random.next())) });
    else if (kind < 0.76) void this.ask('manualOrder', { ...plain, type: 'trailing_stop', trailPercent: '0.8' });
    else if (kind < 0.9) void this.ask('manualOrder', { ...plain, side: 'buy', type: 'market', orderClass: 'bracket', takeProfit: { limitPrice: near(0.9) }, stopLoss: { stopPrice: near(-0.9), limitPrice: null } });
    else void this.ask('manualOrder', { ...plain, side: 'buy', type: 'market', orderClass: 'oto', stopLoss: { stopPrice: near(-0.8), limitPrice: null } });
  }

  #change(): void {
    const order = this.#one(world().exchange.open().filter((one) => one.clientOrderId.startsWith('ms-')));
    if (!order) return;
    const away = order.side === 'buy' ? -1 : 1;
    const price = (world().exchange.lastPrice(order.symbol) * (1 + (away * this.#random.next()) / 100)).toFixed(2);
    if (this.#random.next() < 0.5) void this.ask('cancelOrder', { clientOrderId: order.clientOrderId });
    else if (order.type === 'limit') void this.ask('replaceOrder', { clientOrderId: order.clientOrderId, qty: null, limitPrice: price, stopPrice: null, trail: null });
    else void this.ask('replaceOrder', { clientOrderId: order.clientOrderId, qty: String(1 + Math.floor(this.#random.next() * 20)), limitPrice: null, stopPrice: null, trail: null });
  }

  #hold(): void {
    const state = this.#one(['HALTED', 'REDUCING', 'ACTIVE'] as const) ?? 'ACTIVE';
    void this.ask('setTradingState', { state, reason: 'somebody wants it' });
    if (state === 'ACTIVE') return;
    world().time.after(2_000 + 9_000 * this.#random.next(), () => void this.ask('setTradingState', { state: 'ACTIVE', reason: 'and back' }));
  }

  /** Somebody at the broker's own page, who knows nothing of us. */
  #beside(): void {
    const symbol = this.#one(SYMBOLS) ?? 'AAA';
    this.#asked += 1;
    world().exchange.submit({ ...PLAIN_REQUEST, clientOrderId: `web-${this.#asked}`, symbol, side: 'buy', type: 'market', timeInForce: 'day', qty: String(1 + Math.floor(this.#random.next() * 5)), notional: null });
  }

  /** Once a second. */
  act(): void {
    if (this.#chance(0.1)) this.#place();
    if (this.#chance(0.06)) this.#change();
    if (this.#chance(0.03)) this.#hold();
    if (this.#chance(0.012)) void this.ask('flatten', { symbol: this.#random.next() < 0.5 ? null : (this.#one(SYMBOLS) ?? null) });
    if (this.#chance(0.01)) void this.ask('reversePosition', { symbol: this.#one(SYMBOLS) ?? 'AAA' });
    if (this.#chance(0.03)) runInPassing(unitOf('execution').present(), 'manage_orders', `tick-${(this.#asked += 1)}`);
    if (world().faults.strikes('foreign_order')) this.#beside();
  }
}
