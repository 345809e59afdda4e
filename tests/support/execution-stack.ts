/** Execution under test: the real worker between a real book and the real simulator; risk's part is played by the test. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Payload } from '#app/contracts/events.ts';
import type { AlpacaAccess, RuntimeConfig } from '#app/contracts/config.ts';
import { until, startBook, startWire, type Book, type Wire } from './servers.ts';
import { freePorts, simulatorAccess, simulatorSettings, startWorker, testConfig, type TestWorker } from './worker.ts';

/** An order of the broker, as far as the tests look at it. */
export type SeenOrder = { readonly id: string; readonly client_order_id: string; readonly status: string; readonly filled_qty: string; readonly symbol: string; readonly side: string };

/** An order of the book, as far as the tests look at it. */
export type BookOrder = { readonly order_id: string; readonly client_order_id: string; readonly status: string; readonly filled_qty: string; readonly denial_code: string | null; readonly reason: string | null; readonly broker_order_id: string | null; readonly version: number; readonly unknown_since: number | null };

/** The stack. */
export type Stack = {
  readonly book: Book; readonly wire: Wire; readonly units: RuntimeConfig['units'];
  /** Starts execution; with `crashAt` it is killed once at that point. `access` and `config` override what it is told. */
  start(crashAt?: string, more?: { readonly access?: Partial<AlpacaAccess>; readonly config?: Partial<RuntimeConfig> }): TestWorker;
  /** REST at the simulator, as any other program on the account would use it. */
  call(path: string, body?: object, method?: 'PATCH'): Promise<Record<string, unknown>>;
  /** Control of the simulator: POST /sim/<path>. */
  sim(path: string, body?: object): Promise<void>;
  simState(): Promise<Record<string, unknown>>;
  simulator(): TestWorker;
  restartSimulator(): Promise<void>;
  /** What risk would say, in its outbox. */
  approve(id: string, fields?: Partial<Payload<'order.approved'>>): Promise<void>;
  requestCancel(id: string): Promise<void>;
  setState(state: 'ACTIVE' | 'REDUCING' | 'HALTED'): Promise<void>;
  lease(isFresh: boolean): Promise<void>;
  atBroker(id: string): Promise<SeenOrder[]>;
  order(id: string): Promise<BookOrder | null>;
  /** Waits for the order to reach a status. */
  reaches(id: string, status: string, deadlineMs?: number): Promise<BookOrder>;
  command(name: string, body: object): Promise<Response>;
  health(): Promise<{ ready: boolean; reasons: string[] }>;
  stop(): Promise<void>;
};

/** Starts book, wire and simulator; the market stands still until the test steps it. `keyId`: the key that the simulator takes (AK... to pose as the real account). */
export async function startStack({ keyId = 'PKTEST' } = {}): Promise<Stack> {
  const [book, wire, units] = [await startBook(), await startWire(), await freePorts()];
  const settings = { ...simulatorSettings(), keyId };
  const simConfig = testConfig('simulator', { book, wire }, units, { simulator: settings });
  const access = { ...simulatorAccess(units), keyId };
  const call = async (path: string, body?: object, method?: 'PATCH'): Promise<Record<string, unknown>> => {
    const response = await fetch(`${access.tradingUrl}${path}`, {
      method: method ?? (body === undefined ? 'GET' : 'POST'), ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      headers: { 'content-type': 'application/json', authorization: `Bearer ${simConfig.internalToken}`, 'apca-api-key-id': access.keyId, 'apca-api-secret-key': access.secretKey },
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  let simulator = startWorker(simConfig);
  await simulator.ready();
  await call('/sim/pause', {});
  await book.sql(`INSERT INTO risk_management.risk_lease (holder, renewed_at, expires_at) VALUES ('test', now(), now() + interval '1 day')`);
  const say = (topic: string, key: string, payload: object): Promise<unknown> => book.sql(
    `WITH head AS (UPDATE risk_management.outbox_head SET seq = seq + 1 RETURNING seq)
     INSERT INTO risk_management.outbox (seq, topic, key, correlation_id, payload) SELECT seq, $1, $2, 'test', $3 FROM head`, [topic, key, JSON.stringify(payload)]);
  let cancels = 0;
  const order = async (id: string): Promise<BookOrder | null> => (await book.sql<BookOrder>('SELECT * FROM execution.orders WHERE order_id = $1', [id]))[0] ?? null;
  return {
    book, wire, units,
    call,
    start: (crashAt, more = {}) => startWorker(testConfig('execution', { book, wire }, units, { alpaca: { ...access, ...more.access }, ...more.config }),
      crashAt === undefined ? {} : { env: { MAINSPRING_CRASH_AT: `${crashAt}@${join(mkdtempSync(join(tmpdir(), 'ms-crash-')), 'done')}` } }),
    async sim(path, body = {}) {
      await call(`/sim/${path}`, body);
    },
    simState: () => call('/sim/state'),
    simulator: () => simulator,
    async restartSimulator() {
      await simulator.kill();
      simulator = startWorker(simConfig);
      await simulator.ready();
      await call('/sim/pause', {});
    },
    async approve(id, fields = {}) {
      await say('order.approved', id, {
        decisionId: id, clientOrderId: `ms-${id}`, source: 'strategy', signalId: `s-${id}`, strategyId: 'sma_cross', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '3', limitPrice: null,
        isReducing: false, referencePrice: '200', reservedNotional: '600', tsMarket: 1_767_623_400_000, tsBarSeen: Date.now(), ...fields,
      });
    },
    async requestCancel(id) {
      cancels += 1;
      await say('order.cancel_requested', `${id}:${cancels}`, { clientOrderId: `ms-${id}`, reason: 'test' });
    },
    async setState(state) {
      await book.sql('BEGIN');
      await book.sql('SELECT pg_advisory_xact_lock(7001)');
      await book.sql(`INSERT INTO risk_management.trading_state (version, state, reason, actor) SELECT max(version) + 1, $1, 'test', 'test' FROM risk_management.trading_state`, [state]);
      await book.sql('COMMIT');
    },
    async lease(isFresh) {
      await book.sql(`UPDATE risk_management.risk_lease SET expires_at = now() + $1::interval`, [isFresh ? '1 day' : '-1 second']);
    },
    async atBroker(id) {
      const list = (await call('/v2/orders?status=all&limit=500')) as unknown as SeenOrder[];
      return list.filter((one) => one.client_order_id === `ms-${id}`);
    },
    order,
    async reaches(id, status, deadlineMs = 20_000) {
      let last: BookOrder | null = null;
      return until(async () => {
        last = await order(id);
        return last?.status === status ? last : null;
      }, `order ${id} to be ${status}`, deadlineMs).catch((error: unknown) => {
        throw new Error(`order ${id} is ${JSON.stringify(last)}`, { cause: error });
      });
    },
    command: (name, body) => fetch(`http://127.0.0.1:${units.execution?.port}/commands/${name}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${simConfig.internalToken}` } }),
    health: async () => (await (await fetch(`http://127.0.0.1:${units.execution?.port}/health`)).json()) as { ready: boolean; reasons: string[] },
    async stop() {
      await simulator.kill();
      await wire.stop();
      await book.stop();
    },
  };
}

/** Ids that no other order of a test file has: the name in letters of a client order id, and a number. */
export function idMaker(): (name: string) => string {
  let n = 0;
  return (name) => `${name.replaceAll(/[^a-z0-9]/gi, '-')}-${(n += 1)}`;
}

/** The orders come to the broker once each, and are filled once each, here and there. Steps the market. */
export async function areFilledOnce(stack: Stack, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await until(async () => (await stack.atBroker(id)).length > 0, `${id} at the broker`, 30_000);
    await until(async () => (await stack.order(id))?.broker_order_id, `${id} to be confirmed`, 30_000);
  }
  await stack.sim('step', { count: 1 });
  for (const id of ids) {
    await stack.reaches(id, 'filled');
    const seen = await stack.atBroker(id);
    if (seen.length !== 1 || seen[0]?.status !== 'filled' || seen[0].filled_qty !== '3') throw new Error(`${id} at the broker: ${JSON.stringify(seen)}`);
    const fills = await stack.book.sql<{ qty: string }>('SELECT qty FROM execution.trades WHERE order_id = $1', [id]);
    if (fills.length !== 1 || Number(fills[0]?.qty) !== 3) throw new Error(`Fills of ${id}: ${JSON.stringify(fills)}`);
  }
}

/** Every promise about the ledger that SQL can check; empty = all kept. */
export async function brokenInvariants(book: Book): Promise<unknown[]> {
  const checks: Readonly<Record<string, string>> = {
    'I1 sum of fills = filled quantity': `SELECT o.order_id FROM execution.orders o LEFT JOIN execution.trades t USING (order_id) GROUP BY o.order_id HAVING coalesce(sum(t.qty), 0) <> o.filled_qty OR o.filled_qty > o.qty`,
    'I2 position = opening + signed fills': `SELECT symbol FROM execution.positions p WHERE qty <> coalesce((SELECT qty FROM execution.opening_positions x WHERE x.symbol = p.symbol), 0) + coalesce((SELECT sum(CASE side WHEN 'buy' THEN qty ELSE -qty END) FROM execution.trades t WHERE t.symbol = p.symbol), 0) + coalesce((SELECT sum(qty_change) FROM execution.ledger_entries e WHERE e.symbol = p.symbol), 0)`,
    'I2 shares of strategies = position': `SELECT symbol FROM execution.positions p WHERE qty <> (SELECT sum(qty) FROM execution.strategy_positions s WHERE s.symbol = p.symbol)`,
    'I2 lots = position': `SELECT symbol FROM execution.positions p WHERE qty <> coalesce((SELECT sum(qty) FROM execution.lots l WHERE l.symbol = p.symbol), 0)`,
    'I3 cash = opening - fills + entries': `SELECT account_number FROM execution.account_ledger WHERE cash <> opening_cash - coalesce((SELECT sum(CASE side WHEN 'buy' THEN qty * price ELSE -qty * price END + fee) FROM execution.trades), 0) + coalesce((SELECT sum(cash_change) FROM execution.ledger_entries), 0)`,
    'I8 versions without gap': `SELECT order_id FROM execution.order_events JOIN execution.orders o USING (order_id) GROUP BY order_id, o.version HAVING count(*) <> o.version OR max(order_events.version) <> o.version`,
    'one event per version on the wire': `SELECT order_id FROM execution.orders o WHERE version <> (SELECT count(*) FROM execution.outbox x WHERE x.topic IN ('order.submitted', 'order.changed', 'order.closed') AND x.payload->>'orderId' = o.order_id)`,
    'one order.filled per fill': `SELECT fill_id FROM execution.trades t WHERE NOT EXISTS (SELECT FROM execution.outbox x WHERE x.topic = 'order.filled' AND x.key = t.fill_id)`,
    'ledger numbers without gap': `SELECT 1 FROM (SELECT ledger_seq FROM execution.trades UNION ALL SELECT ledger_seq FROM execution.ledger_entries) l HAVING count(*) <> coalesce(max(ledger_seq), 0)`,
  };
  const broken: unknown[] = [];
  for (const [name, sql] of Object.entries(checks)) for (const row of await book.sql(sql)) broken.push({ name, row });
  return broken;
}
