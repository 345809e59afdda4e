/** The official SDK's own examples, as its package ships them (README.md), run unchanged as programs against `npm run simulator`: only environment variables tell them where. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../tests/support/servers.ts';
import { startSimulatorTool, type SimulatorTool } from '../../tests/support/simulator-tool.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const README = readFileSync(path.join(ROOT, 'node_modules/@alpacahq/alpaca-trade-api/README.md'), 'utf8');
const KEYS = { APCA_API_KEY_ID: 'PKEXAMPLES', APCA_API_SECRET_KEY: 'examples-secret' };

/** The first TypeScript block under a heading, to the letter. */
function example(heading: string): string {
  const at = README.indexOf(`\n${heading}\n`);
  const block = at < 0 ? undefined : /```ts\n([\s\S]*?)```/.exec(README.slice(at))?.[1];
  if (block === undefined) throw new Error(`The README has no example under ${heading}`);
  return block;
}
/** Where a reader of the README stands when an example says `alpaca`: its lines under "Environment variables". */
const CLIENT = `import { Alpaca } from "@alpacahq/alpaca-trade-api";\n${example('### Environment variables')}`;
const call = (name: string): string => example(`##### \`alpaca.trading.${name}\``);
const bracket = /await alpaca\.trading\.orders\.bracket\(\{[\s\S]*?\n\}\);/.exec(example('## Placing orders'))?.[0] ?? '';

type Program = { readonly child: ChildProcess; output(): string; exit: Promise<number | null> };
const running: ChildProcess[] = [];
function start(args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const child = spawn(process.execPath, args, { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { child, output: () => text, exit: new Promise((resolve) => child.once('exit', (code) => resolve(code))) };
}

let folder = '';
let tool: SimulatorTool;
let url = '';
let redirect = '';
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'examples-'));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  tool = await startSimulatorTool(['--key', KEYS.APCA_API_KEY_ID, '--secret', KEYS.APCA_API_SECRET_KEY, '--speed', '120', '--partial-fills', '0']);
  const told = await until(() => /ALPACA_SIMULATOR_URL=(\S+) NODE_OPTIONS="([^"]+)"/.exec(tool.output()), 'the simulator to tell its addresses');
  [url, redirect] = [told[1] ?? '', told[2] ?? ''];
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  tool.kill();
  rmSync(folder, { recursive: true, force: true });
});

let programs = 0;
/** Runs an example as a program of its own. */
function run(source: string): Program {
  programs += 1;
  const file = path.join(folder, `example${programs}.mjs`);
  writeFileSync(file, source);
  return start([file], { ...KEYS, ALPACA_SIMULATOR_URL: url, NODE_OPTIONS: redirect });
}
async function finishes(program: Program): Promise<void> {
  const code = await program.exit;
  expect(`${code} ${code === 0 ? '' : program.output()}`).toBe('0 ');
}
type Seen = { readonly client_order_id: string; readonly status: string; readonly symbol: string; readonly legs: { readonly status: string; readonly type: string }[] | null };
const ask = async <T>(target: string, method = 'GET', body?: object): Promise<T> => (await (await fetch(`${url}${target}`, {
  method, headers: { 'apca-api-key-id': KEYS.APCA_API_KEY_ID, 'apca-api-secret-key': KEYS.APCA_API_SECRET_KEY, ...(body ? { 'content-type': 'application/json' } : {}) }, ...(body ? { body: JSON.stringify(body) } : {}),
})).json()) as T;
const orders = (): Promise<Seen[]> => ask('/v2/orders?status=all&nested=true');

describe("the SDK's own examples", () => {
  it('place and stream: the quick start buys and hears bars', async () => {
    const program = run(example('## Quick start: the `Alpaca` client'));
    await until(() => /^(AAPL|MSFT) \d/m.test(program.output()), `a bar; heard ${program.output()}`);
    program.child.kill('SIGKILL');
    const bought = await until(async () => (await orders()).find((order) => order.client_order_id.startsWith('quickstart-') && order.status === 'filled'), 'the order to fill');
    expect(bought.symbol).toBe('AAPL');
  });
  it('stream: updates of orders and bars on two streams', async () => {
    const program = run(`${CLIENT}\nconst pushToClients = (bar) => console.log('bar', bar.symbol);\n${example('## Real-time streaming')}`);
    await until(() => /bar (AAPL|MSFT)/.test(program.output()), 'a bar');
    await finishes(run(`${CLIENT}\n${call('orders.postOrder')}`));
    await until(() => /^fill AAPL /m.test(program.output()), `a fill; heard ${program.output()}`);
    expect(program.output()).toMatch(/^new AAPL /m);
    program.child.kill('SIGKILL');
  });
  it('place, with legs: the bracket; cancel: everything that is open', async () => {
    await finishes(run(`${CLIENT}\n${bracket}`));
    const made = (await orders()).find((order) => order.legs !== null);
    expect([made?.status, made?.legs?.map((leg) => `${leg.type} ${leg.status}`)]).toEqual(['new', ['limit held', 'stop_limit held']]);
    await finishes(run(`${CLIENT}\n${call('orders.deleteAllOrders')}`));
    expect((await orders()).filter((order) => order.status !== 'filled').map((order) => [order.status, order.legs?.map((leg) => leg.status)])).toEqual([['canceled', ['canceled', 'canceled']]]);
  });
  it('close: half of a position, then everything', async () => {
    await ask('/v2/orders', 'POST', { symbol: 'AAPL', qty: '10', side: 'buy', type: 'market', time_in_force: 'day' });
    await until(async () => (await ask<{ qty?: string }>('/v2/positions/AAPL')).qty === '12', 'a position of 12');
    await finishes(run(`${CLIENT}\n${call('positions.deleteOpenPosition')}`));
    await until(async () => (await ask<{ qty?: string }>('/v2/positions/AAPL')).qty === '6', 'half of it');
    await finishes(run(`${CLIENT}\n${call('positions.deleteAllOpenPositions')}`));
    await until(async () => (await ask<unknown[]>('/v2/positions')).length === 0, 'no position');
  });
  it('the whole workflow: check, price, close, place and wait for the fill', async () => {
    const program = run(`${CLIENT}\n${example('## Workflow helpers')}`);
    await finishes(program);
    expect(program.output()).toMatch(/^filled \d+(\.\d+)?$/m);
  });
  it('and the tool ends cleanly', async () => {
    expect(await tool.stop()).toBe(0);
    expect(tool.output()).toContain('The simulator has ended.');
  });
});
