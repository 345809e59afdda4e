/** Notifications over a real book: what is recorded, what is put on its way, what fills and the evening tell, and the look at every part. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALERT_CHANNELS, ALERT_KINDS, type AlertChoice } from '#app/contracts/alert-settings.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { EventEnvelope } from '#app/contracts/events.ts';
import { openBus, type Bus } from '#chassis/bus.ts';
import { openDb, type Db } from '#chassis/db.ts';
import type { FlowDefinition } from '#chassis/flows.ts';
import { Killed, runFlowByHand } from '../../tests/support/flow-context.ts';
import { freePort } from '../../tests/support/ports.ts';
import { startBook, startWire, until, type Book, type Wire } from '../../tests/support/servers.ts';
import { testConfig } from '../../tests/support/worker.ts';
import { setAlertChoice } from './alert-choice.ts';
import { dailySummaryFlow } from './flows/daily-summary.ts';
import { healthFlow } from './flows/health.ts';
import { tradeAlertsFlow } from './flows/trade-alerts.ts';
import { createHerald, type Herald } from './herald.ts';
import { notificationConsumers } from './lane.ts';
import { letterSchema, type Letter } from './letters/letter.ts';
import { renderText } from './letters/text.ts';
import type { Notice } from './notices.ts';
import { sendTest } from './send-test.ts';

let book: Book;
let wire: Wire;
let db: Db;
let bus: Bus;
let config: RuntimeConfig;
let herald: Herald;
let server: Server;
let answer: { status: number; body: unknown } = { status: 200, body: {} };
let queued = 0;
let flows: FlowDefinition[];
const now = (): number => Date.parse('2026-03-04T23:00:00Z');
const health = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({ unit: 'execution', version: '1', instanceId: 'i', live: true, ready: true, uptimeMs: 1, reasons: [], detail: {}, ...changes });
const MAIL = { host: 'localhost', port: 25, security: 'none', user: null, password: null, from: { name: 'M', address: 'm@example.com' }, to: ['a@example.com', 'b@example.com'] } as const;

beforeAll(async () => {
  [book, wire] = await Promise.all([startBook(), startWire()]);
  db = openDb({ access: book.access('notification'), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 3, onLost: () => undefined });
  bus = openBus(wire.access, 'notification', pino({ level: 'silent' }));
  await until(() => bus.isUp(), 'the bus');
  server = createServer((_request, response) => response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(answer.body)));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const units = { execution: { host: '127.0.0.1', port: (server.address() as AddressInfo).port }, analytics: { host: '127.0.0.1', port: await freePort() } };
  config = testConfig('notification', { book, wire }, units, { mode: 'paper', notification: { email: { ...MAIL, to: [...MAIL.to] }, webhook: null } });
  herald = createHerald({ config, now, onQueued: () => (queued += 1) });
  flows = [healthFlow({ db, herald, probe: { config, db, bus } }), tradeAlertsFlow({ db, herald, mode: config.mode, now, pace: { quietMs: 60, gapMs: 0 } }), dailySummaryFlow({ db, herald, config, now })];
  // The postman is another test's matter: here whatever is queued has been tried, so that runs do not wait for it.
  await book.sql(`CREATE FUNCTION notification.tried() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.status = 'queued' THEN NEW.attempts := 1; END IF; RETURN NEW; END $$; CREATE TRIGGER tried BEFORE INSERT ON notification.deliveries FOR EACH ROW EXECUTE FUNCTION notification.tried()`);
});
afterAll(async () => {
  server.close();
  bus.close();
  await db.close();
  await Promise.all([book.stop(), wire.stop()]);
});

const hear = async (producer: 'execution' | 'risk_management', events: readonly unknown[]): Promise<number> => {
  let fills = 0;
  const consumer = notificationConsumers({ herald, mode: config.mode, onFills: () => (fills += 1) }).find((known) => known.producer === producer);
  await db.tx((tx) => consumer?.handle(tx, events as EventEnvelope[]) ?? Promise.reject(new Error('no consumer')));
  return fills;
};
const event = (topic: string, key: string, payload: Record<string, unknown>): unknown => ({ producer: 'risk_management', seq: 1, topic, key, correlationId: 'c', tsWritten: now(), payload });
const waysTo = (id: string): Promise<{ channel: string; recipient: string; status: string }[]> => book.sql('SELECT channel, recipient, status FROM notification.deliveries WHERE notification_id = $1 ORDER BY channel, recipient', [id]);
const letterOf = async (id: string): Promise<Letter> => letterSchema.parse((await book.sql<{ payload: unknown }>(`SELECT payload FROM notification.deliveries WHERE notification_id = $1 LIMIT 1`, [id]))[0]?.payload);
const pushed = (): Promise<{ key: string }[]> => book.sql(`SELECT key FROM notification.outbox WHERE topic = 'notice.raised' ORDER BY seq`);

describe('what is heard', () => {
  it('is recorded, queued and pushed once, however often it is heard', async () => {
    const halt = event('trading_state.changed', '2', { version: 2, state: 'HALTED', reason: 'lunch', actor: 'owner' });
    for (let n = 0; n < 2; n += 1) await hear('risk_management', [halt, halt]);
    expect(await book.sql('SELECT notification_id, severity, channel, status FROM notification.notification_logs')).toEqual([{ notification_id: 'trading_state.changed:2', severity: 'critical', channel: 'desktop', status: 'recorded' }]);
    expect(await waysTo('trading_state.changed:2')).toEqual([{ channel: 'desktop', recipient: 'this computer', status: 'sent' }, { channel: 'email', recipient: 'a@example.com', status: 'queued' }, { channel: 'email', recipient: 'b@example.com', status: 'queued' }]);
    expect(await pushed()).toEqual([{ key: 'trading_state.changed:2' }]);
    expect(queued).toBe(1);
  });

  it('takes the ways that the alert settings give it', async () => {
    const risk = (id: string, severity: string): unknown => event('risk_event.raised', id, { riskEventId: id, severity, code: 'DAILY_LOSS', message: 'Look.', context: { observedLoss: '12' } });
    await hear('risk_management', [risk('r1', 'warning'), risk('r2', 'critical'), risk('r3', 'info')]);
    expect((await waysTo('risk_event.raised:r1')).map((way) => way.channel)).toEqual(['desktop']);
    expect((await waysTo('risk_event.raised:r2')).map((way) => way.channel)).toEqual(['desktop', 'email', 'email']);
    expect(await waysTo('risk_event.raised:r3')).toEqual([]);
    expect(await pushed()).toHaveLength(1); // The gateway pushes risk events by itself.
  });

  it('tells an alert of risk with its facts', async () => {
    await hear('risk_management', [event('alert.raised', 'a1', { alertId: 'a1', severity: 'warning', title: 'Exposure is near its limit', body: 'Look at it.', items: [{ label: 'Gross exposure', value: '$90,000.00', note: 'limit $100,000.00' }], context: {} })]);
    expect(renderText(await letterOf('alert.raised:a1'))).toMatch(/Gross exposure \(limit \$100,000.00\) +\$90,000.00/);
  });

  it('is a test mail when a person asks for one, once per key', async () => {
    const ask = { idempotencyKey: 'test-0001', actor: 'owner' };
    const first = await sendTest({ db, herald, mode: 'paper', now }, ask);
    expect(first).toMatchObject({ notificationId: 'test:test-0001', note: null });
    expect(first.ways.map(({ recipient }) => recipient).sort()).toEqual(['a@example.com', 'b@example.com', 'this computer']);
    await sendTest({ db, herald, mode: 'paper', now }, ask);
    expect(await waysTo('test:test-0001')).toHaveLength(3);
  });
});

describe('what is sent by which way', () => {
  const choose = (idempotencyKey: string, change: Partial<AlertChoice> = {}): Promise<AlertChoice> => setAlertChoice(db, { idempotencyKey, actor: 'owner', kind: 'finding', channel: 'email', isEnabled: true, leastSeverity: 'warning', ...change });
  const finding = (id: string, severity: string): unknown => event('finding.changed', id, { findingId: id, kind: 'unprotected_position', severity, subject: 'AAPL', message: '10 AAPL have no stop.', remedy: null, state: 'open', isNews: true });
  const channels = async (id: string): Promise<string[]> => [...new Set((await waysTo(`finding.changed:${id}`)).map(({ channel }) => channel))];
  const written = (): Promise<{ actor: string; subject: string; before: unknown; after: unknown }[]> => book.sql(`SELECT actor, subject, before, after FROM logging.audit_log WHERE action = 'notification.alert_choice' ORDER BY id`);

  it('a finding of the guardian reaches people, as loud as it is', async () => {
    await hear('execution', [finding('f1', 'critical'), finding('f2', 'warning'), finding('f3', 'info')]);
    expect([await channels('f1'), await channels('f2'), await channels('f3')]).toEqual([['desktop', 'email'], ['desktop'], []]);
  });

  it('is changed for the next message, with an audit row', async () => {
    expect(await choose('choice-0001')).toMatchObject({ isEnabled: true, leastSeverity: 'warning' });
    await hear('execution', [finding('f4', 'warning')]);
    await choose('choice-0002', { isEnabled: false });
    await hear('execution', [finding('f5', 'critical')]);
    expect([await channels('f4'), await channels('f5')]).toEqual([['desktop', 'email'], ['desktop']]);
    expect(await written()).toMatchObject([
      { actor: 'owner', subject: 'finding:email', before: { isEnabled: true, leastSeverity: 'critical' }, after: { isEnabled: true, leastSeverity: 'warning' } },
      { actor: 'owner', subject: 'finding:email', before: { isEnabled: true, leastSeverity: 'warning' }, after: { isEnabled: false } },
    ]);
  });

  it('is changed once, however often it is asked, and a key is for one change', async () => {
    await choose('choice-0001');
    expect(await book.sql(`SELECT is_enabled AS "isEnabled", settings FROM notification.alert_configs WHERE alert_id = 'finding:email'`)).toEqual([{ isEnabled: false, settings: { leastSeverity: 'warning' } }]);
    await expect(choose('choice-0001', { leastSeverity: 'info' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await expect(choose('choice-0001', { channel: 'webhook' })).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    await Promise.all([choose('choice-0003'), choose('choice-0003')]);
    expect(await written()).toHaveLength(3);
  });

  it('takes a key for one change also when two come at the same moment', async () => {
    const before = (await written()).length;
    const asked = await Promise.allSettled([choose('choice-0004'), choose('choice-0004', { channel: 'webhook' }), choose('choice-0004', { kind: 'health' })]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []))).toMatchObject([{ code: 'IDEMPOTENCY_CONFLICT' }, { code: 'IDEMPOTENCY_CONFLICT' }]);
    expect(await written()).toHaveLength(before + 1);
  });

  it('has a choice for each kind and channel, and every kind that is told has one', async () => {
    expect((await book.sql<{ id: string }>(`SELECT alert_id AS id FROM notification.alert_configs WHERE kind <> 'test'`)).map(({ id }) => id).sort()).toEqual(Object.keys(ALERT_KINDS).flatMap((kind) => ALERT_CHANNELS.map((channel) => `${kind}:${channel}`)).sort());
    const told: readonly Exclude<Notice['kind'], 'order_filled'>[] = ['order_rejected', 'order_denied', 'risk_event', 'trading_state', 'health', 'alert', 'finding', 'screen', 'strategy'];
    expect(told.filter((kind) => !Object.hasOwn(ALERT_KINDS, kind))).toEqual([]);
  });
});

describe('send_trade_alerts', () => {
  let seq = 0;
  const fill = async (symbol: string, side: 'buy' | 'sell', qty: string, price: string): Promise<unknown> => {
    seq += 1;
    const at = '2026-03-04T15:00:00Z';
    const id = `f${seq}`;
    await book.sql(`INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, version, ts_market, approved_seq, filled_qty) VALUES ($1, $1, $1, 'strategy', 'sma', $2, $3, 'market', 'day', $4, false, $5, 'filled', 1, $6, $7, $4)`, [id, symbol, side, qty, price, at, seq]);
    await book.sql(`INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, fee, ts_event, ts_seen, source, ledger_seq) VALUES ($1, $1, 'sma', $2, $3, $4, $5, 0.01, $6, $6, 'test', $7)`, [id, symbol, side, qty, price, at, seq]);
    return { producer: 'execution', seq, topic: 'order.filled', key: id, correlationId: 'c', tsWritten: now(), payload: { fillId: id, orderId: id, clientOrderId: id, strategyId: 'sma', symbol, side, qty, price, fee: '0.01', isOrderComplete: true, tsEvent: Date.parse(at), tsSeen: Date.parse(at) } };
  };
  const told = (): Promise<{ id: string }[]> => book.sql(`SELECT DISTINCT notification_id AS id FROM notification.deliveries WHERE kind = 'trade_alert' ORDER BY 1`);

  it('has nothing to tell before the first fill', async () => {
    const run = await runFlowByHand(flows, 'send_trade_alerts', { runId: 'empty' });
    expect(run.output).toMatchObject({ fills: 0, deliveries: null });
    expect(run.skipped).toEqual([{ name: 'wait for the deliveries', reason: 'Every fill has been told already' }]);
  });

  it('tells a burst in one message, each fill once, and says what was sent', async () => {
    expect(await hear('execution', [await fill('AAPL', 'buy', '10', '100.5'), await fill('MSFT', 'buy', '2', '400')])).toBe(1);
    const running = runFlowByHand(flows, 'send_trade_alerts', { runId: 'burst', input: { gather: true } });
    await hear('execution', [await fill('AAPL', 'sell', '4', '101')]);
    const { output } = await running;
    expect(output).toMatchObject({ fills: 3, boughtUsd: '1805.00', soldUsd: '404.00', feesUsd: '0.03', note: null, deliveries: { sent: 1, queued: 2, failed: 0 } });
    const [{ id } = { id: '' }] = await told();
    const letter = await letterOf(id);
    expect(letter).toMatchObject({ subject: '[PAPER] 3 fills in AAPL, MSFT', mode: 'paper' });
    expect(renderText(letter)).toMatch(/Bought 10 AAPL \(Wed, Mar 4, 10:00:00, sma\) +\$100.50 +\$1,005.00/);
  });

  it('loses and doubles no fill when it is killed between the message and its memory', async () => {
    await hear('execution', [await fill('AAPL', 'buy', '1', '102')]);
    const memory = new Map<string, unknown>();
    await expect(runFlowByHand(flows, 'send_trade_alerts', { runId: 'killed', memory, killAfter: 'put the fills together' })).rejects.toThrow(Killed);
    await hear('execution', [await fill('AAPL', 'buy', '2', '103')]);
    expect((await runFlowByHand(flows, 'send_trade_alerts', { runId: 'killed', memory })).output).toMatchObject({ fills: 1, boughtUsd: '102.00' });
    expect((await runFlowByHand(flows, 'send_trade_alerts', { runId: 'next' })).output).toMatchObject({ fills: 1, boughtUsd: '206.00' });
    expect(await told()).toHaveLength(3);
    expect(await book.sql(`SELECT count(*)::int AS n, count(DISTINCT context->>'fillId')::int AS fills FROM notification.notification_logs WHERE kind = 'order_filled' AND alert_batch IS NOT NULL`)).toEqual([{ n: 5, fills: 5 }]);
  });
});

describe('send_daily_summary', () => {
  beforeAll(async () => {
    await book.sql(`SELECT data_ingestion.ensure_month('2026-03-01')`);
    const bar = (symbol: string, at: string, close: number): Promise<unknown[]> => book.sql(`INSERT INTO data_ingestion.market_data VALUES ($1, '1Min', $2, $3, $3, $3, $3, 1, 'test', now())`, [symbol, at, close]);
    for (const [symbol, first, last] of [['AAPL', 99, 105], ['MSFT', 399, 390]] as const) {
      await bar(symbol, '2026-03-03T20:59:00Z', first);
      await bar(symbol, '2026-03-04T20:59:00Z', last);
    }
    // Of AAPL 5 were held before the day, and 9 (10 - 4 + 1 + 2) were added by the fills above.
    await book.sql(`INSERT INTO execution.positions VALUES ('AAPL', 5, 14, 100, 0, now()), ('MSFT', 1, 2, 400, 0, now())`);
    await book.sql(`INSERT INTO analytics.equity_curve (ts_market, equity, cash, long_value, short_value, day_pnl) VALUES ('2026-03-03T21:00:00Z', 100000, 99505, 495, 0, 0), ('2026-03-04T21:00:00Z', 99990.5, 97740.5, 2250, 0, -9.5)`);
  });

  it('sums the day up: account, what each symbol gained, fills, and what went wrong', async () => {
    const { output } = await runFlowByHand(flows, 'send_daily_summary', { runId: 'send_daily_summary:1', scheduledFor: Date.parse('2026-03-05T00:00:00Z') });
    expect(output).toMatchObject({ day: '2026-03-04', isSent: true, equityUsd: '99990.50', dayPnlUsd: '-9.50', fills: 5, positions: 2, deliveries: { sent: 1, queued: 2 } });
    const text = renderText(await letterOf('daily_summary:2026-03-04:send_daily_summary:1'));
    expect(text).toContain('Wednesday, March 4, 2026');
    // AAPL: 14 x 105 - 5 x 99 - (10 x 100.5 - 4 x 101 + 102 + 206) - 0.04 fees = 65.96; MSFT: 2 x 390 - 800 - 0.01 = -20.01.
    expect(text).toMatch(/Best: AAPL +▲ \+\$65.96/);
    expect(text).toMatch(/Worst: MSFT +▼ −\$20.01/);
    expect(text).toMatch(/AAPL \(14 at \$100.00\) +\$105.00 +\$1,470.00 +▲ \+\$65.96/);
    expect(text).toContain('the orchestrator is not part of this installation');
  });

  it('says why there is no summary on a day without a session', async () => {
    const run = await runFlowByHand(flows, 'send_daily_summary', { runId: 'holiday', input: { day: '2026-12-25' } });
    expect(run.output).toEqual({ day: '2026-12-25', isSent: false, reason: 'The exchange was closed on Friday, December 25, 2026: Christmas Day' });
    expect(run.skipped).toHaveLength(1);
  });

  it('is complete without an e-mail server, and says so', async () => {
    const alone = createHerald({ config: { instanceId: 'i', mode: 'demo' }, now, onQueued: () => undefined });
    const { output } = await runFlowByHand([dailySummaryFlow({ db, herald: alone, config: { ...config, mode: 'demo' }, now })], 'send_daily_summary', { runId: 'alone' });
    expect(output).toMatchObject({ day: '2026-03-04', isSent: true, deliveries: { sent: 1, queued: 0 }, note: 'No e-mail server is set up (SMTP_HOST), so nothing was sent by mail' });
    expect((await waysTo('daily_summary:2026-03-04:alone')).map((way) => way.channel)).toEqual(['desktop']);
  });
});

describe('monitor_system_health', () => {
  let runs = 0;
  const run = async (input: unknown = {}): Promise<unknown> => (await runFlowByHand(flows, 'monitor_system_health', { runId: `run${(runs += 1)}`, input })).output;
  const told = (): Promise<{ title: string }[]> => book.sql(`SELECT title FROM notification.notification_logs WHERE kind = 'health' ORDER BY created_at, title`);

  it('keeps how every part is, and tells only what changed', async () => {
    answer = { status: 200, body: health() };
    expect(await run()).toMatchObject({ isHealthy: false, healthy: 4, total: 5, unwell: [{ part: 'analytics', isHealthy: false, latencyMs: null }], told: 1, deliveries: { queued: 2 } });
    await run();
    expect((await told()).map((row) => row.title)).toEqual(['analytics is not well']);
    expect(await book.sql(`SELECT part, is_healthy FROM notification.health_checks WHERE run_id = 'run1' ORDER BY part`)).toEqual([
      { part: 'analytics', is_healthy: false }, { part: 'disk', is_healthy: true }, { part: 'execution', is_healthy: true }, { part: 'postgres', is_healthy: true }, { part: 'redis', is_healthy: true },
    ]);
  });

  it.each<[string, number, () => unknown, string]>([
    ['a part that is not ready', 503, () => health({ ready: false, reasons: ['reconciling'] }), 'not ready; reconciling'],
    ['a stranger on its port', 200, () => health({ unit: 'gateway' }), 'gateway answers on its port'],
    ['nonsense', 200, () => ({ hello: 1 }), 'its answer (200) is not a health report'],
  ])('sees %s', async (_name, status, body, reason) => {
    answer = { status, body: body() };
    const result = (await run()) as { unwell: { part: string; reasons: string[] }[] };
    expect(result.unwell.find((part) => part.part === 'execution')?.reasons.join('; ')).toBe(reason);
  });

  it('tells when a part is well again', async () => {
    answer = { status: 200, body: health({ reasons: ['slow broker'] }) };
    expect(await run()).toMatchObject({ degraded: [{ part: 'execution', reasons: ['slow broker'] }] });
    expect((await told()).at(-1)?.title).toBe('execution is well again');
  });

  it('tells of a unit that failed with its last words, and not a second time as "not well"', async () => {
    answer = { status: 503, body: health({ ready: false }) };
    expect(await run({ unit: 'execution', since: 5, reasons: ['it ended five times'], lastLines: ['Error: no more'] })).toMatchObject({ isHealthy: false, failedUnit: 'execution', told: 1 });
    const letter = await letterOf('health:unit:execution:5');
    expect(letter).toMatchObject({ severity: 'critical', title: 'execution has failed' });
    expect(renderText(letter)).toContain('Error: no more');
    expect((await pushed()).map((row) => row.key)).not.toContain('health:unit:execution:5'); // The desktop keeps the units itself.
  });

  it('tells of a unit whose last words no database can hold as they are', async () => {
    expect(await run({ unit: 'execution', since: 6, reasons: ['ended with \0'], lastLines: ['core\0dumped \ud83d'] })).toMatchObject({ told: 1 });
    const letter = await letterOf('health:unit:execution:6');
    expect(letter.intro[0]).toContain('ended with .');
    expect(renderText(letter)).toContain('coredumped \ufffd');
  });

  it('looks at the schedules as the orchestrator sees them', async () => {
    const port = (server.address() as AddressInfo).port;
    answer = { status: 200, body: health({ unit: 'orchestrator', detail: { schedules: { ok: false, message: 'aggregate_logs has failed since Monday' } } }) };
    const { output } = await runFlowByHand([healthFlow({ db, herald, probe: { config: { dataDir: config.dataDir, units: { orchestrator: { host: '127.0.0.1', port } } }, db, bus } })], 'monitor_system_health', { runId: 'schedules' });
    expect(output).toMatchObject({ unwell: [{ part: 'schedules', reasons: ['aggregate_logs has failed since Monday'] }] });
  });
});
