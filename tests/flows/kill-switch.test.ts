/** The kill switch on the real stack: it works at once, also while PostgreSQL stands still, and the book follows when it can. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killOutcomeSchema, type KillLevel } from '#app/contracts/kill.ts';
import { IDEMPOTENCY_HEADER, TOKEN_HEADER, type RouteInput, type RouteOutput } from '#app/contracts/http.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import { layoutOf } from '#main/store/data-folder.ts';
import { readJournalOrders } from '#main/store/simulator-journal.ts';
import { journalOf } from '#main/invariants/book.ts';
import { askDoor } from '#main/supervisor/door.ts';
import { until } from '../support/servers.ts';
import { cleanUp, freshDataDir, startStack, type TestStack } from '../support/stack.ts';

const OPEN_AT_BROKER: ReadonlySet<string> = new Set(['new', 'accepted', 'pending_new', 'held', 'partially_filled', 'pending_cancel']);

let stack: TestStack;
let ask: <T>(path: string, body?: object) => Promise<T>;
let keys = 0;

/** Signs in as a browser does. */
async function signIn(link: string): Promise<typeof ask> {
  const { origin } = new URL(link);
  const cookie = (await fetch(link, { redirect: 'manual' })).headers.getSetCookie()[0]?.split(';')[0] ?? '';
  const { token } = (await (await fetch(`${origin}/api/session`, { headers: { cookie } })).json()) as { token: string };
  return async <T>(path: string, body?: object): Promise<T> => {
    keys += 1;
    const headers = { cookie, origin, [TOKEN_HEADER]: token, [IDEMPOTENCY_HEADER]: `kill-test-${keys}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
    const response = await fetch(`${origin}${path}`, body === undefined ? { headers } : { method: 'POST', headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T;
  };
}

/** The server's processes: the postmaster and everything that it started. */
async function postgresPids(): Promise<number[]> {
  const { pid } = await stack.unit('postgres');
  if (pid === null) throw new Error('PostgreSQL has no process');
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((name) => {
    try {
      return Number(/^\d+ \(.*\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8'))?.[1]) === pid;
    } catch (error) {
      // It ended while we looked.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH') return false;
      throw error;
    }
  });
  return [pid, ...children.map(Number)];
}

/** Sends all of them a signal; the server's workers come and go, and one that has ended needs none. */
function signalAll(pids: readonly number[], signal: 'SIGSTOP' | 'SIGCONT'): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

async function pull(level: KillLevel, key: string) {
  const answer = await askDoor(layoutOf(stack.dataDir).door, 'kill', 15_000, { level, reason: 'a test', actor: 'test', key });
  return killOutcomeSchema.parse(answer?.result);
}
const openThere = (): string[] => (readJournalOrders(journalOf(stack.dataDir)) ?? []).filter((order) => OPEN_AT_BROKER.has(order.status)).map((order) => order.clientOrderId);
const tradingState = () => ask<RouteOutput<'tradingState'>>('/api/trading-state');
const ticket = (order: Partial<RouteInput<'placeOrder'>>) => ({ symbol: 'AAPL', side: 'buy', type: 'limit', timeInForce: 'gtc', qty: '1', limitPrice: '1.00', ...order });
const place = (order: Partial<RouteInput<'placeOrder'>>) => ask<RouteOutput<'placeOrder'>>('/api/orders', ticket(order));
/** Places an order for certain. The house's strategies trade AAPL as well: while one of them has an opposite order open, risk rightly denies, and the order is asked for again. @throws at any other denial */
async function placeForCertain(order: Partial<RouteInput<'placeOrder'>>): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    const { clientOrderId, code, message } = await place(order);
    if (clientOrderId !== null) return clientOrderId;
    if (code !== 'OPPOSITE_ORDER_OPEN' || attempt === 5) throw new Error(message);
    await until(async () => (await ask<RouteOutput<'previewOrder'>>('/api/orders/preview', ticket(order))).code !== 'OPPOSITE_ORDER_OPEN', 'the opposite order to close', 60_000);
  }
}
/** An order that rests far from the market, within the collar. */
async function rest(): Promise<string> {
  const price = (await ask<RouteOutput<'symbols'>>('/api/symbols?query=AAPL')).symbols[0]?.lastPrice;
  const clientOrderId = await placeForCertain({ limitPrice: (Number(price) * 0.93).toFixed(2) });
  const mine = async () => (await ask<RouteOutput<'orders'>>('/api/orders')).orders.find((order) => order.clientOrderId === clientOrderId);
  await until(async () => (await mine())?.status === 'accepted', 'the order to rest', 20_000).catch(async (error: unknown) => {
    throw new Error(`The order does not rest: ${JSON.stringify(await mine())}`, { cause: error });
  });
  return clientOrderId;
}

beforeAll(async () => {
  stack = startStack({ dataDir: await freshDataDir() });
  ask = await signIn((await stack.announced()).dashboard);
  // The first prices come from the past in long strides; an approval at such a time is too old as soon as the tape is reached.
  let before = 0;
  let steps = 0;
  await until(async () => {
    const at = (await ask<RouteOutput<'symbols'>>('/api/symbols?query=AAPL')).symbols[0]?.priceMarketAt ?? 0;
    if (at !== before) steps = at - before <= 2 * MINUTE_MS ? steps + 1 : 0;
    before = at;
    return steps >= 3;
  }, 'the tape to run minute by minute', 60_000);
}, 240_000);
afterAll(() => cleanUp());

describe('the kill switch', () => {
  it('stops execution and cancels at the broker while PostgreSQL stands still; the book follows', async () => {
    await rest();
    const pids = await postgresPids();
    signalAll(pids, 'SIGSTOP');
    try {
      const began = performance.now();
      const outcome = await pull('cancel_all', 'frozen-book-1');
      expect(outcome.stoppedAfterMs).not.toBeNull();
      expect(outcome.stoppedAfterMs).toBeLessThan(1_000);
      expect(outcome.steps.map(({ ok }) => ok)).toEqual([false, false]);
      await until(() => openThere().length === 0, 'the broker to have canceled everything', 1_000 - Math.min(999, performance.now() - began) + 2_000);
    } finally {
      signalAll(pids, 'SIGCONT');
    }
    await until(async () => (await tradingState()).state === 'HALTED', 'the book to hold the state', 30_000);
    expect(await place({ side: 'buy' })).toMatchObject({ outcome: 'denied', code: 'TRADING_HALTED' });
    const { orders } = await ask<RouteOutput<'orders'>>('/api/orders?scope=open');
    await until(async () => (await ask<RouteOutput<'orders'>>('/api/orders?scope=open')).openTotal === 0, `our book to have closed ${orders.length} orders`, 30_000);
  });

  it('the same pull again changes nothing, and a resume by a person holds', async () => {
    await ask('/api/trading-state', { state: 'ACTIVE', reason: 'the test goes on' });
    const { version } = await tradingState();
    // Its cancels may still be under way behind a book that stood still; then this asks for them again, and stops nothing anew.
    await until(async () => (await pull('cancel_all', 'frozen-book-1')).steps.every(({ ok }) => ok), 'everything of the pull to be done', 30_000);
    expect((await pull('cancel_all', 'frozen-book-1')).steps.map(({ ok }) => ok)).toEqual([true, true]);
    expect(await tradingState()).toMatchObject({ version, state: 'ACTIVE' });
    await rest();
  });

  it('closes every position from the page, and only then allows nothing new', async () => {
    await placeForCertain({ type: 'market', timeInForce: 'day', qty: '2', limitPrice: null });
    await until(async () => (await ask<RouteOutput<'positions'>>('/api/positions')).positions.some(({ symbol }) => symbol === 'AAPL'), 'a position', 60_000);
    const outcome = await ask<RouteOutput<'kill'>>('/api/kill', { level: 'flatten', reason: 'enough for today' });
    expect(outcome.stoppedAfterMs).toBeLessThan(1_000);
    await until(async () => (await ask<RouteOutput<'positions'>>('/api/positions')).positions.length === 0, 'every position to be closed', 60_000);
    expect((await tradingState()).state).toBe('REDUCING');
    expect(openThere()).toEqual([]);
  });
});
