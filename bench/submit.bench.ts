/** From the wish to the POST: orders that a person's program sends at 20 a second, each decided by risk, stored, gated and posted, one after another in open loop. */
import { IDEMPOTENCY_HEADER, type RouteOutput } from '#app/contracts/http.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { signIn, type Session } from './lib/page.ts';
import { freshDataDir, removeDir, startStack, type BenchStack } from './lib/stack.ts';

const RATE = 20;
const WARM_UP = 20;
const ORDERS = 300;
const REST_AT = 0.93;
const SETTLE_MS = 30_000;
const PRICES_MS = 60_000;
const MINUTE_MS = 60_000;

type Sent = Map<string, number>;
const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Prices of the symbols, once the tape runs minute by minute: the first ones come from the past in long strides, and a decision would be too old at once. */
async function readPrices(session: Session): Promise<ReadonlyMap<string, number>> {
  const until = performance.now() + PRICES_MS;
  for (let before = 0, steps = 0; performance.now() < until; ) {
    const { symbols } = await session.call<RouteOutput<'symbols'>>('/api/symbols');
    const priced = symbols.filter((one) => one.lastPrice !== null && one.priceMarketAt !== null);
    const newest = Math.max(0, ...priced.map((one) => one.priceMarketAt ?? 0));
    if (newest !== before) steps = newest - before <= 2 * MINUTE_MS ? steps + 1 : 0;
    before = newest;
    if (steps >= 3) return new Map(priced.map((one) => [one.symbol, Number(one.lastPrice)]));
    await pause(100);
  }
  throw new Error('The market does not begin to move');
}

/** Sends orders that rest far below the market, on a fixed beat whatever the answers take. */
async function send(session: Session, prices: ReadonlyMap<string, number>): Promise<{ sent: Sent; denied: number }> {
  const sent: Sent = new Map();
  // One share of the cheaper half: all of them together stay within the limits on exposure.
  const symbols = [...prices].sort(([, a], [, b]) => a - b).slice(0, Math.ceil(prices.size / 2));
  let denied = 0;
  const place = async (index: number): Promise<void> => {
    const [symbol, price] = symbols[index % symbols.length] ?? ['', 0];
    const at = Date.now();
    const body = { symbol, side: 'buy', type: 'limit', timeInForce: 'gtc', qty: '1', limitPrice: (price * REST_AT).toFixed(2) };
    const { clientOrderId, code, message } = await session.call<RouteOutput<'placeOrder'>>('/api/orders', { body, headers: { [IDEMPOTENCY_HEADER]: `bench-submit-${index}` } });
    if (clientOrderId === null) {
      denied += 1;
      process.stderr.write(`  ${code ?? ''}: ${message}\n`);
    }
    else if (index >= WARM_UP) sent.set(clientOrderId, at);
  };
  const running: Promise<void>[] = [];
  const began = performance.now();
  for (let index = 0; index < WARM_UP + ORDERS; index += 1) {
    await pause(Math.max(0, began + (index * 1_000) / RATE - performance.now()));
    // Without an answer it counts as not posted.
    running.push(place(index).catch((error: unknown) => {
      denied += 1;
      process.stderr.write(`  ${String(error)}\n`);
    }));
  }
  await Promise.all(running);
  return { sent, denied };
}

/** Milliseconds from each wish to its POST, once all are posted. */
async function readLatencies(stack: BenchStack, sent: Sent): Promise<number[]> {
  const book = await stack.book();
  try {
    const until = performance.now() + SETTLE_MS;
    for (;;) {
      const rows = await book.query<{ id: string; posted_at: number }>('SELECT client_order_id AS id, posted_at FROM execution.orders WHERE client_order_id = ANY($1) AND posted_at IS NOT NULL', [[...sent.keys()]]);
      if (rows.length < sent.size && performance.now() <= until) {
        await pause(100);
        continue;
      }
      const unposted = await book.query<{ status: string; reason: string | null; n: number }>('SELECT status, reason, count(*) AS n FROM execution.orders WHERE client_order_id = ANY($1) AND posted_at IS NULL GROUP BY 1, 2', [[...sent.keys()]]);
      for (const { status, reason, n } of unposted) process.stderr.write(`  not posted: ${n} ${status} ${reason ?? ''}\n`);
      return rows.map((row) => row.posted_at - (sent.get(row.id) ?? row.posted_at));
    }
  } finally {
    await book.close();
  }
}

/** Medians, 95th and 99th percentiles from the request at the gateway to the POST at the broker. */
export async function benchSubmit(): Promise<Figure[]> {
  const dataDir = freshDataDir();
  const stack = await startStack({ dataDir });
  try {
    const session = await signIn(stack.dashboard);
    const prices = await readPrices(session);
    const { sent, denied } = await send(session, prices);
    const values = await readLatencies(stack, sent);
    return [
      figureOf({ name: 'wish -> order posted at 20 orders/s, p50', unit: 'ms', values }),
      figureOf({ name: 'wish -> order posted at 20 orders/s, p95', unit: 'ms', values, p: 0.95, limit: 50 }),
      figureOf({ name: 'wish -> order posted at 20 orders/s, p99', unit: 'ms', values, p: 0.99, limit: 100 }),
      figureOf({ name: '  orders posted', unit: '', values: [values.length] }),
      figureOf({ name: '  orders denied or not posted', unit: '', values: [denied + sent.size - values.length], limit: 0 }),
    ];
  } finally {
    await stack.stop();
    removeDir(dataDir);
  }
}
