/** The live market as a person starts it: the whole stack under its host, with a simulator in place of the real account. */
import { chmodSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CommandAsk } from '#app/contracts/commands.ts';
import type { UnitId } from '#app/contracts/health.ts';
import { IDEMPOTENCY_HEADER } from '#app/contracts/http.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { LIVE_PHRASE } from '#app/contracts/shell.ts';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { MINUTE_MS } from '#app/domain/time.ts';
import type { Stack } from '#main/boot.ts';
import { createHost, type Host } from '#main/host.ts';
import { findLayout } from '#main/layout.ts';
import { openHome } from '#main/store/data-folder.ts';
import { plainSealer } from '#main/store/secrets.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import { startTestSimulator, removeTestFolder, type TestSimulator } from '../../services/simulator/testing.ts';
import { eventually, freshFolder, ownPorts, removeFolder } from '../support/fake-stack.ts';

const START_LIMIT_MS = 120_000;
const KEYS = { keyId: 'AKSIMULATED0KEY', secretKey: 'simulated0secret0key' };
const root = path.resolve(import.meta.dirname, '..', '..');
const folder = freshFolder();
const home = openHome(path.join(folder, 'home'));
const phases: string[] = [];
let simulator: TestSimulator;
let host: Host;
let keys = 0;

function stack(): Stack {
  const found = host.state().stack;
  if (found === null) throw new Error(`Nothing runs: ${host.state().problem?.message ?? 'no problem'}`);
  return found;
}
const nextKey = (): string => `live-host-${(keys += 1)}-key`;
const ready = (...ids: UnitId[]) => eventually(`${ids.join(', ')} to be ready`, () => ids.every((id) => stack().supervisor.statusOf(id).state === 'ready'), 60_000);

/** A request of the window's page. */
async function page<Output>(method: string, route: string, body?: object): Promise<Output> {
  const { baseUrl, token } = stack().access();
  const response = await fetch(`${baseUrl}${route}`, {
    method, ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { origin: SHELL_ORIGIN, authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }), [IDEMPOTENCY_HEADER]: nextKey() },
  });
  if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Output;
}
type Reply = RouteOutput<'placeOrder'>;
/** The broker's clock, EpochMs. */
async function brokerNow(): Promise<number> {
  const response = await fetch(`${simulator.url}/v2/clock`, { headers: { 'APCA-API-KEY-ID': KEYS.keyId, 'APCA-API-SECRET-KEY': KEYS.secretKey } });
  return Date.parse(((await response.json()) as { timestamp: string }).timestamp);
}
const ticket = (side: 'buy' | 'sell') => page<Reply>('POST', '/api/orders', { symbol: 'AAPL', side, type: 'market', timeInForce: 'day', qty: '1', limitPrice: null });
const storyOf = (reply: Reply) => page<RouteOutput<'orderStory'>>('GET', `/api/decisions/${encodeURIComponent(reply.decisionId)}/story`);
async function isFilled(reply: Reply): Promise<void> {
  expect(reply).toMatchObject({ outcome: 'approved' });
  await eventually('the fill', async () => {
    const { order } = await storyOf(reply);
    if (order?.isClosed === true && order.status !== 'filled') throw new Error(`The order ended as ${order.status}: ${order.denialCode ?? ''} ${order.reason ?? ''}`);
    return order?.status === 'filled';
  }, 30_000);
}
/** What the shell asks of risk, past the gateway. */
const halt = (state: 'HALTED' | 'ACTIVE') => stack().command('setTradingState', { idempotencyKey: nextKey(), actor: 'desktop', state, reason: 'the test' });
const buyPastGateway = (): Promise<Reply> =>
  stack().command('manualOrder', { idempotencyKey: nextKey(), actor: 'desktop', symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', limitPrice: null } satisfies CommandAsk<'manualOrder'>);
function kill(id: UnitId): void {
  const pid = stack().health().units.find((unit) => unit.id === id)?.pid ?? null;
  if (pid === null) throw new Error(`${id} has no process`);
  process.kill(pid, 'SIGKILL');
}

beforeAll(async () => {
  // An approval is good for 120 s of market time: that is four seconds here, enough for a busy computer.
  simulator = await startTestSimulator({ isRunning: true, settings: { ...KEYS, speed: 30 } });
  host = createHost({
    home, sealer: plainSealer, mode: 'live', layout: findLayout(pathToFileURL(path.join(root, 'main', 'headless.ts')).href), spawner: nodeSpawner(),
    env: { ...(await ownPorts()), ALPACA_BASE_URL: simulator.url }, log: () => undefined, events: {},
  });
  chmodSync(folder, 0o755);
  host.onChange(() => phases.push(host.state().phase));
  await host.setBrokerKeys('live', KEYS);
  await host.start('live');
  await eventually('the live market to run', () => host.state().phase === 'running', START_LIMIT_MS).catch((error: unknown) => {
    throw new Error(JSON.stringify({ ...host.state(), stack: host.state().stack?.health().units.map((unit) => [unit.id, unit.state, unit.reasons, unit.lastExit?.lastLines.slice(-3)]) }), { cause: error });
  });
}, START_LIMIT_MS + 10_000);
afterAll(async () => {
  await host.stop('the test is over');
  await simulator.close();
  removeTestFolder(simulator.folder);
  removeFolder(folder);
}, 60_000);

it('opens nothing before it is armed, closes at any time, and a crash of any part neither arms nor disarms', async () => {
  // While older bars are still fetched the market's clock leaps, and an approval of a moment ago is rightly too old.
  await eventually('prices of now', async () => ((await page<RouteOutput<'symbols'>>('GET', '/api/symbols?query=AAPL')).symbols[0]?.priceMarketAt ?? 0) > (await brokerNow()) - 2 * MINUTE_MS, 60_000);
  expect(await ticket('buy')).toMatchObject({ outcome: 'denied', code: 'LIVE_DISARMED' });

  host.armLive(LIVE_PHRASE, 60);
  await eventually('the verdict to know', async () => (await page<RouteOutput<'stack'>>('GET', '/api/health')).verdict.checks.some((check) => check.name === 'Live trading' && check.ok));
  await isFilled(await ticket('buy'));

  for (const id of ['execution', 'risk_management', 'gateway'] as const) kill(id);
  await eventually('the kills to be noticed', () => stack().supervisor.statusOf('execution').state !== 'ready');
  await ready('execution', 'risk_management', 'gateway');
  await isFilled(await ticket('buy'));

  host.disarmLive();
  await eventually('risk to know', async () => (await page<Reply>('POST', '/api/orders/preview', { symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', limitPrice: null })).code === 'LIVE_DISARMED');
  expect(await ticket('buy')).toMatchObject({ outcome: 'denied', code: 'LIVE_DISARMED' });
  await isFilled(await ticket('sell'));
  kill('execution');
  await eventually('the kill to be noticed', () => stack().supervisor.statusOf('execution').state !== 'ready');
  await ready('execution');
  expect(await ticket('buy')).toMatchObject({ outcome: 'denied', code: 'LIVE_DISARMED' });
}, 180_000);

it('HALT reaches risk past a gateway that is stopped, while Redis dies, and the next order is refused at once', async () => {
  host.armLive(LIVE_PHRASE, 60);
  await eventually('risk to know', async () => (await page<Reply>('POST', '/api/orders/preview', { symbol: 'AAPL', side: 'buy', type: 'market', timeInForce: 'day', qty: '1', limitPrice: null })).outcome === 'approved');
  stack().supervisor.command('gateway', 'stop', 'the test');
  await eventually('the gateway to be down', () => stack().supervisor.statusOf('gateway').state === 'stopped', 30_000);
  kill('redis');
  const began = performance.now();
  expect(await halt('HALTED')).toMatchObject({ state: 'HALTED' });
  const took = performance.now() - began;
  expect(await buyPastGateway()).toMatchObject({ outcome: 'denied', code: 'TRADING_HALTED' });
  console.info(`HALT past the gateway took ${took.toFixed(1)} ms`);
  expect(took).toBeLessThan(1_000);
  await ready('redis', 'execution', 'risk_management');
  await halt('ACTIVE');
}, 120_000);

it('a new launch begins disarmed', async () => {
  expect(stack().armedUntil()).not.toBeNull();
  await host.restart('the test');
  await eventually('the live market to run again', () => host.state().phase === 'running', START_LIMIT_MS);
  expect(stack().armedUntil()).toBeNull();
  expect(await ticket('buy')).toMatchObject({ outcome: 'denied', code: 'LIVE_DISARMED' });
}, START_LIMIT_MS + 30_000);
