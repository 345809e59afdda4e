/** The real account end to end: gateway, risk and execution as processes, the simulator posing as the account, the test as the supervisor. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CommandAsk, CommandName, CommandOutput } from '#app/contracts/commands.ts';
import type { AlpacaAccess, RuntimeConfig } from '#app/contracts/config.ts';
import { IDEMPOTENCY_HEADER } from '#app/contracts/http.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { callCommand } from '#chassis/commands.ts';
import { brokenInvariants } from '../support/execution-stack.ts';
import { startBook, startWire, until, type Book, type Wire } from '../support/servers.ts';
import { freePorts, simulatorAccess, simulatorSettings, startWorker, testConfig, type TestWorker } from '../support/worker.ts';

const TRADERS = ['execution', 'risk_management', 'gateway'] as const;
type Trader = (typeof TRADERS)[number];
const API_TOKEN = 'f'.repeat(64);
const HOUR = 3_600_000;
const REFUSED = { outcome: 'denied', code: 'LIVE_DISARMED' } as const;

let book: Book;
let wire: Wire;
let units: RuntimeConfig['units'];
let access: AlpacaAccess;
let simulator: TestWorker;
const workers = new Map<Trader, TestWorker>();
let armedUntil: number | null = null;
let keys = 0;

/** The supervisor's part: starts a worker with what holds now. */
async function start(unit: Trader): Promise<void> {
  const more: Partial<RuntimeConfig> = {
    mode: 'live', live: { armedUntil }, ...(unit === 'execution' ? { alpaca: access } : {}),
    ...(unit === 'gateway' ? { gateway: { apiToken: API_TOKEN, sessionSecret: 's'.repeat(64) } } : {}),
  };
  const worker = startWorker(testConfig(unit, { book, wire }, units, more));
  workers.set(unit, worker);
  await worker.ready(40_000);
}
const worker = (unit: Trader): TestWorker => {
  const found = workers.get(unit);
  if (!found) throw new Error(`${unit} was not started`);
  return found;
};
/** Arms or disarms as the supervisor does: every worker that must know is told. */
function arm(end: number | null): void {
  armedUntil = end;
  for (const unit of TRADERS) worker(unit).send({ type: 'arming', armedUntil });
}
/** Kills with no word, and starts again with what holds now. */
async function crash(...which: Trader[]): Promise<void> {
  for (const unit of which) await worker(unit).kill();
  for (const unit of which) await start(unit);
}

/** A request of the window's page. */
async function page<Output>(method: string, path: string, body?: object): Promise<Output> {
  keys += 1;
  const response = await fetch(`http://127.0.0.1:${units.gateway?.port}${path}`, {
    method, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { origin: SHELL_ORIGIN, authorization: `Bearer ${API_TOKEN}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), [IDEMPOTENCY_HEADER]: `press-${keys}-abc` },
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Output;
}
type Reply = RouteOutput<'placeOrder'>;
const ticket = (side: 'buy' | 'sell', qty = '1') => page<Reply>('POST', '/api/orders', { symbol: 'AAPL', side, type: 'market', timeInForce: 'day', qty, limitPrice: null });
const verdict = async (name = 'Live trading') => (await page<RouteOutput<'stack'>>('GET', '/api/health')).verdict.checks.find((check) => check.name === name);
/** What the shell asks of risk, past the gateway. */
const command = <N extends CommandName>(name: N, input: CommandAsk<N>): Promise<CommandOutput<N>> => callCommand(testConfig('gateway', { book, wire }, units), name, input);

async function sim(path: string, body: object = {}): Promise<void> {
  const response = await fetch(`${access.tradingUrl}/sim/${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json', authorization: `Bearer ${testConfig('simulator', { book, wire }, units).internalToken}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}
const statusOf = async (reply: Reply): Promise<{ status: string; denial_code: string | null } | undefined> =>
  (await book.sql<{ status: string; denial_code: string | null }>('SELECT status, denial_code FROM execution.orders WHERE decision_id = $1', [reply.decisionId]))[0];
const becomes = (reply: Reply, status: string) => until(async () => (await statusOf(reply))?.status === status, `the order to be ${status}`, 20_000);
async function isFilled(reply: Reply): Promise<void> {
  expect(reply).toMatchObject({ outcome: 'approved' });
  await becomes(reply, 'accepted');
  await sim('step', { count: 1 });
  await becomes(reply, 'filled');
}

beforeAll(async () => {
  [book, wire, units] = await Promise.all([startBook(), startWire(), freePorts()]);
  // A minute of a session, whenever the test runs: outside of it a market order of a person is denied.
  const now = '2024-03-05T15:00:00.000Z';
  await book.sql('SELECT data_ingestion.ensure_month($1::date)', [now]);
  await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ('AAPL', 'Apple', 'NASDAQ', true, true, false)`);
  await book.sql(`INSERT INTO data_ingestion.market_data VALUES ('AAPL', '1Min', $1, 100, 100, 100, 100, 1, 'test', now())`, [now]);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status VALUES ('AAPL', '1Min', $1, 100, 1, 0, now())`, [now]);
  access = { ...simulatorAccess(units), keyId: 'AKTEST' };
  simulator = startWorker(testConfig('simulator', { book, wire }, units, { simulator: { ...simulatorSettings(), keyId: 'AKTEST' } }));
  await simulator.ready();
  await sim('pause');
  for (const unit of TRADERS) await start(unit);
}, 120_000);
afterAll(async () => {
  for (const each of [...workers.values(), simulator]) await each.kill();
  await wire.stop();
  await book.stop();
});

describe('trading with real money', () => {
  it('begins disarmed: an entry is denied with the reason in its story, and the health page says why', async () => {
    const reply = await ticket('buy');
    expect(reply).toMatchObject(REFUSED);
    const story = await page<RouteOutput<'orderStory'>>('GET', `/api/decisions/${encodeURIComponent(reply.decisionId)}/story`);
    expect(story.order).toBeNull();
    expect(story.decision?.rules.find(({ rule }) => rule === 'live_armed')).toMatchObject({ passed: false, observed: 'disarmed', code: 'LIVE_DISARMED' });
    expect(await verdict()).toMatchObject({ ok: false, level: 'hindrance' });
  });

  it('armed, entries go; a crash of both gates keeps what the supervisor says', async () => {
    arm(Date.now() + HOUR);
    await isFilled(await ticket('buy', '10'));
    expect(await verdict()).toMatchObject({ ok: true });
    expect(await verdict('Orders to the broker')).toMatchObject({ ok: true, observed: 'go out' });
    await sim('faults', { kind: 'refuse_streams', ms: 60_000, streams: 'trading' });
    await until(async () => (await verdict('Orders to the broker'))?.observed.includes('stream'), 'the verdict to say that orders wait');
    await sim('faults', { kind: 'clear' });
    await crash('execution', 'risk_management');
    await isFilled(await ticket('buy'));
  });

  it('disarmed, also across a crash, entries are denied and exits pass', async () => {
    arm(null);
    expect(await ticket('buy')).toMatchObject(REFUSED);
    await crash('execution', 'risk_management');
    expect(await ticket('buy')).toMatchObject(REFUSED);
    await isFilled(await ticket('sell'));
    const { decisions } = await page<RouteOutput<'flatten'>>('POST', '/api/flatten', { symbol: 'AAPL' });
    const [closing] = decisions;
    if (!closing) throw new Error('Nothing was closed');
    await isFilled(closing);
  });

  it('the arming runs out by itself, everywhere', async () => {
    const end = Date.now() + 8_000;
    arm(end);
    await isFilled(await ticket('buy'));
    await until(() => Date.now() > end, 'the time to be over');
    expect(await ticket('buy')).toMatchObject(REFUSED);
    expect(await verdict()).toMatchObject({ ok: false });
    await isFilled(await ticket('sell'));
  });

  it('execution does not take the word of risk: an approval that was given while armed is denied at the gate', async () => {
    armedUntil = Date.now() + HOUR;
    worker('risk_management').send({ type: 'arming', armedUntil });
    await until(async () => (await command('previewOrder', { idempotencyKey: 'preview-1', actor: 'test', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', limitPrice: null })).outcome === 'approved', 'risk to know');
    const reply = await ticket('buy');
    expect(reply.outcome).toBe('approved');
    await becomes(reply, 'denied');
    expect(await statusOf(reply)).toMatchObject({ denial_code: 'LIVE_DISARMED' });
  });
});

describe('HALT from the shell, past the gateway', () => {
  it('takes effect within a second while the gateway is stopped and Redis is gone', async () => {
    arm(Date.now() + HOUR);
    expect(await worker('gateway').stop()).toBe(0);
    await wire.kill();
    const took: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const key = `halt-${round}-abcdef`;
      const began = performance.now();
      expect(await command('setTradingState', { idempotencyKey: key, actor: 'desktop', state: 'HALTED', reason: 'test' })).toMatchObject({ state: 'HALTED' });
      took.push(performance.now() - began);
      const ask = { actor: 'desktop', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', limitPrice: null } as const;
      expect(await command('manualOrder', { ...ask, idempotencyKey: `buy-${round}-abcdef` })).toMatchObject({ outcome: 'denied', code: 'TRADING_HALTED' });
      await command('setTradingState', { idempotencyKey: `resume-${round}-abcdef`, actor: 'desktop', state: 'ACTIVE', reason: 'test' });
    }
    took.sort((a, b) => a - b);
    console.info(`HALT past the gateway, without Redis: median ${took[5]?.toFixed(1)} ms, worst ${took.at(-1)?.toFixed(1)} ms`);
    expect(took.at(-1)).toBeLessThan(1_000);
  });

  it('stops at execution what risk had approved before, and the record names the desktop', async () => {
    // Without the stream of updates execution holds what is approved: the order waits in front of the gate until after the HALT.
    await sim('faults', { kind: 'refuse_streams', ms: 60_000, streams: 'trading' });
    await until(async () => ((await (await fetch(`http://127.0.0.1:${units.execution?.port}/health`)).json()) as { reasons: string[] }).reasons.some((reason) => reason.includes('stream')), 'the stream to be down');
    const waits = await command('manualOrder', { idempotencyKey: 'waits-abcdef', actor: 'desktop', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', limitPrice: null });
    await becomes(waits, 'initialized');
    await command('setTradingState', { idempotencyKey: 'halt-waits-abcdef', actor: 'desktop', state: 'HALTED', reason: 'test' });
    await sim('faults', { kind: 'clear' });
    await becomes(waits, 'denied');
    expect(await statusOf(waits)).toEqual({ status: 'denied', denial_code: 'TRADING_HALTED' });
    expect(await book.sql(`SELECT actor FROM risk_management.trading_state ORDER BY version DESC LIMIT 1`)).toEqual([{ actor: 'desktop' }]);
    expect(await brokenInvariants(book)).toEqual([]);
  });
});
