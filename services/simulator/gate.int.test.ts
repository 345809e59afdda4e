/** The lockstep gate against a real book: it opens when everything has settled and not a moment before. */
import { afterAll, afterEach, beforeAll, describe, it } from 'vitest';
import { MINUTE_MS, parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { startBook, type Book } from '../../tests/support/servers.ts';
import { openGate } from './gate.ts';
import type { OrderText } from './journal-queries.ts';
import type { Step } from './market.ts';

const AT = parseRfc3339('2024-07-01T13:30:00Z');
let book: Book;
let db: Db;
beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('simulator'), database: 'trading_system', schema: null, applicationName: 'simulator', max: 2, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
afterEach(async () => {
  await book.sql(`TRUNCATE execution.orders CASCADE`);
  await book.sql(`DELETE FROM data_ingestion.ingestion_status`);
  for (const schema of ['strategy_engine', 'risk_management', 'execution', 'analytics']) await book.sql(`DELETE FROM ${schema}.inbox_offset`);
  for (const schema of ['data_ingestion', 'strategy_engine', 'risk_management', 'execution']) await book.sql(`UPDATE ${schema}.outbox_head SET seq = 0`);
});

const bar = (symbol: string, at: EpochMs) => ({ symbol, openTime: at, open: 1, high: 1, low: 1, close: 1, volume: 1, trades: 1, vwap: 1 });
const step = (...symbols: string[]): Step => ({ openTime: AT, isRegular: true, bars: symbols.map((symbol) => bar(symbol, AT)) });
const order = (clientOrderId: string, over: Partial<OrderText> = {}): OrderText => ({
  id: clientOrderId, clientOrderId, seq: 1, symbol: 'KO', side: 'buy', type: 'market', timeInForce: 'day', orderClass: 'simple', role: 'order', positionIntent: 'buy_to_open', qty: '2', notional: null, limitPrice: null, stopPrice: null, trailPrice: null,
  trailPercent: null, hwm: null, extendedHours: false, status: 'filled', filledQty: '2', filledAvgPrice: '1', reservePrice: '1', legs: [], parentId: null, replaces: null, replacedBy: null, triggeredAt: null, bandPrice: null,
  auctionAt: null, createdAt: AT, updatedAt: AT, submittedAt: AT, expiresAt: AT, filledAt: AT, canceledAt: null, expiredAt: null, failedAt: null, replacedAt: null, rejectReason: null, ...over,
});
const stored = (symbol: string, at: EpochMs) => book.sql(
  `INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) VALUES ($1, '1Min', to_timestamp($2 / 1000.0), 1, 1, now())
   ON CONFLICT (symbol, timeframe) DO UPDATE SET last_open_time = excluded.last_open_time`, [symbol, at]);
const EDGES = [['strategy_engine', 'data_ingestion'], ['risk_management', 'strategy_engine'], ['risk_management', 'execution'], ['execution', 'risk_management'], ['analytics', 'data_ingestion'], ['analytics', 'execution']] as const;
const heard = (consumer: string, producer: string, seq: number) => book.sql(`INSERT INTO ${consumer}.inbox_offset (producer, seq) VALUES ($1, $2) ON CONFLICT (producer) DO UPDATE SET seq = $2`, [producer, seq]);
const allHeard = async (): Promise<void> => {
  for (const [consumer, producer] of EDGES) await heard(consumer, producer, 0);
};
const bookOrder = (clientOrderId: string, status: string, filled: string, isClosed: boolean) => book.sql(
  `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, is_closed, filled_qty, version, ts_market, approved_seq)
   VALUES ($1, $1, $1, 'manual', 'KO', 'buy', 'market', 'day', 2, false, 1, $2, $3, $4, 1, now(), 1)
   ON CONFLICT (order_id) DO UPDATE SET status = $2, is_closed = $3, filled_qty = $4`, [clientOrderId, status, isClosed, filled]);

/** Watches a wait: what it says it waits for, and whether it is over. */
function watch(start: (gate: ReturnType<typeof openGate>) => Promise<void>) {
  const abort = new AbortController();
  const gate = openGate({ db, signal: abort.signal, tell: () => undefined });
  let isOpen = false;
  const wait = start(gate).then(() => {
    isOpen = true;
  });
  const until = async (condition: () => boolean): Promise<void> => {
    const deadline = performance.now() + 5_000;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`The gate waits for ${gate.waitingFor()}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  };
  return {
    waitsFor: (text: string) => until(() => !isOpen && (gate.waitingFor() ?? '').includes(text)),
    opens: async () => {
      await until(() => isOpen);
      await wait;
    },
    stop: async () => {
      abort.abort();
      await wait;
    },
  };
}

describe('the gate', () => {
  it('waits for every bar of the step', async () => {
    await allHeard();
    const gate = watch((one) => one.settled(step('AAPL', 'KO'), new Map()));
    await gate.waitsFor('data_ingestion stores AAPL; data_ingestion stores KO');
    await stored('AAPL', AT);
    await stored('KO', (AT - MINUTE_MS) as EpochMs);
    await gate.waitsFor('data_ingestion stores KO');
    await stored('KO', AT);
    await gate.opens();
  });
  it.each(EDGES)('waits until %s has heard %s', async (consumer, producer) => {
    await stored('KO', AT);
    for (const [other, from] of EDGES) if (other !== consumer || from !== producer) await heard(other, from, 0);
    const gate = watch((one) => one.settled(step('KO'), new Map()));
    await gate.waitsFor(`${consumer} hears ${producer} (has not begun)`);
    await book.sql(`UPDATE ${producer}.outbox_head SET seq = 7`);
    for (const [other, from] of EDGES) if (from === producer) await heard(other, from, other === consumer ? 6 : 7);
    await gate.waitsFor(`${consumer} hears ${producer} (6 of 7)`);
    await heard(consumer, producer, 7);
    await gate.opens();
  });
  it.each(['initialized', 'submitted', 'pending_cancel'])('waits while an order is %s', async (status) => {
    await allHeard();
    await bookOrder('ms-1', status, '0', false);
    const gate = watch((one) => one.settled(null, new Map()));
    await gate.waitsFor(`order ms-1 is ${status}`);
    await bookOrder('ms-1', 'accepted', '0', false);
    await gate.opens();
  });
  it('waits until execution has booked what the venue did, order by order', async () => {
    const gate = watch((one) => one.booked(new Map([['1', order('ms-1')], ['2', order('somebody-else')]])));
    await gate.waitsFor('ms-1 at the broker 2 closed, in the book missing');
    await bookOrder('ms-1', 'partially_filled', '1', false);
    await gate.waitsFor('in the book 1.000000000 partially_filled');
    await bookOrder('ms-1', 'filled', '2', true);
    await gate.opens();
  });
  it('gives way when the process ends', async () => {
    const gate = watch((one) => one.settled(step('KO'), new Map()));
    await gate.waitsFor('data_ingestion stores KO');
    await gate.stop();
  });
});
