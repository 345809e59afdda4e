/** The one way in: forged senders, wrong arguments, broken answers. */
import type { IpcMainInvokeEvent, WebContents, WebFrameMain } from 'electron';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { SHELL_CALL_NAMES } from '#app/contracts/shell-names.ts';
import type { ShellCallName } from '#app/contracts/shell-names.ts';
import type { ShellAnswer } from '#app/contracts/shell.ts';
import { AppError } from '#app/domain/errors.ts';
import { serveCalls } from './ipc.ts';
import type { ShellHandlers } from './ipc.ts';

type Listener = (event: IpcMainInvokeEvent, ...args: unknown[]) => Promise<ShellAnswer>;

const MAIN = { parent: null, processId: 7, frameToken: 'main', origin: 'app://mainspring', url: 'app://mainspring/portfolio' } as unknown as WebFrameMain;
const OURS = { id: 1, mainFrame: MAIN } as unknown as WebContents;
const GENUINE = { sender: OURS, senderFrame: MAIN } as unknown as IpcMainInvokeEvent;

let calls: { name: string; input: unknown }[] = [];
let defects: string[] = [];
let result: unknown = { accepted: true };
let contents: WebContents | null = OURS;
const channels = new Map<string, Listener>();

const handlers = Object.fromEntries(SHELL_CALL_NAMES.map((name) => [name, async (input: unknown): Promise<unknown> => {
  calls.push({ name, input });
  if (result instanceof Error) throw result;
  const value: unknown = await result;
  return value;
}])) as unknown as ShellHandlers;
serveCalls({ handle: (channel, listener) => void channels.set(channel, listener as Listener) }, { handlers, ours: () => contents, onDefect: (name) => defects.push(name) });

const send = (name: ShellCallName, event: IpcMainInvokeEvent, ...args: unknown[]): Promise<ShellAnswer> => {
  const listener = channels.get(`mainspring:${name}`);
  if (!listener) throw new Error(`no channel ${name}`);
  return listener(event, ...args);
};
const frame = (change: Partial<WebFrameMain>): IpcMainInvokeEvent => ({ ...GENUINE, senderFrame: { ...MAIN, ...change } as WebFrameMain });

beforeEach(() => {
  calls = [];
  defects = [];
  result = { accepted: true };
  contents = OURS;
});

describe('calls of the page', () => {
  it('have one channel each, and there are no others', () => {
    expect([...channels.keys()].sort()).toEqual(SHELL_CALL_NAMES.map((name) => `mainspring:${name}`).sort());
  });

  it('reach their handler with the parsed input', async () => {
    expect(await send('startUnit', GENUINE, { unitId: 'gateway', extra: 'dropped' })).toEqual({ ok: true, result: { accepted: true } });
    expect(calls).toEqual([{ name: 'startUnit', input: { unitId: 'gateway' } }]);
  });

  it('are refused from every forged sender', async () => {
    const forged: IpcMainInvokeEvent[] = [
      { ...GENUINE, sender: { id: 2, mainFrame: MAIN } as unknown as WebContents },
      { ...GENUINE, senderFrame: null } as IpcMainInvokeEvent,
      frame({ parent: MAIN }),
      frame({ frameToken: 'other' }),
      frame({ processId: 8 }),
      frame({ origin: 'null' }),
      frame({ origin: 'https://evil.example' }),
      frame({ url: 'https://evil.example/' }),
      frame({ url: 'app://mainspring.evil/' }),
      frame({ url: 'about:blank' }),
      frame({ url: '' }),
    ];
    for (const name of SHELL_CALL_NAMES) for (const event of forged) expect(await send(name, event, {})).toMatchObject({ ok: false, error: { code: 'AUTH_INVALID' } });
    expect(calls).toEqual([]);
    expect(defects).toHaveLength(SHELL_CALL_NAMES.length * forged.length);
    contents = null;
    expect(await send('stop', GENUINE, {})).toMatchObject({ ok: false, error: { code: 'AUTH_INVALID' } });
  });

  it('are refused with wrong arguments, without repeating them', async () => {
    const secret = 'SECRETSECRET';
    for (const args of [[], [{}, {}], [null], ['x'], [{ account: 'other', keyId: secret, secretKey: secret }], [{ account: 'paper', keyId: secret, secretKey: [secret] }]]) {
      const answer = await send('setBrokerKeys', GENUINE, ...args);
      expect(answer).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID', family: 'invalid' } });
      expect(JSON.stringify(answer)).not.toContain(secret);
    }
    expect(await send('setBrokerKeys', GENUINE, { account: 'paper', keyId: 'k'.repeat(50), secretKey: 's'.repeat(9_000) })).toMatchObject({ ok: false, error: { code: 'INPUT_TOO_LARGE' } });
    const cyclic: Record<string, unknown> = {};
    cyclic['self'] = cyclic;
    expect(await send('stop', GENUINE, cyclic)).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(await send('stop', GENUINE, { big: 1n })).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(calls).toEqual([]);
    expect(defects).toEqual([]);
  });

  it('arm nothing without the exact phrase', async () => {
    result = { armedUntil: 1 };
    for (const phrase of ['trade real money', 'TRADE REAL MONEY ', '', null]) expect(await send('armLive', GENUINE, { phrase, minutes: 60 })).toMatchObject({ ok: false });
    for (const minutes of [61, 0, -60, 1e9, '60']) expect(await send('armLive', GENUINE, { phrase: 'TRADE REAL MONEY', minutes })).toMatchObject({ ok: false });
    expect(calls).toEqual([]);
    expect(await send('armLive', GENUINE, { phrase: 'TRADE REAL MONEY', minutes: 60 })).toMatchObject({ ok: true });
  });

  it('always get an answer of the contract, whatever is sent', async () => {
    await fc.assert(fc.asyncProperty(fc.constantFrom(...SHELL_CALL_NAMES), fc.anything({ withBigInt: true, withMap: true, withDate: true, withTypedArray: true, withNullPrototype: true, withSparseArray: true }), async (name, input) => {
      const answer = await send(name, GENUINE, input);
      expect(typeof answer.ok).toBe('boolean');
    }), { numRuns: 3_000 });
  });

  it('give refusals as data', async () => {
    result = new AppError('ORDER_DENIED', 'Orders are open', { context: { secret: 'x' } });
    expect(await send('installUpdate', GENUINE, {})).toEqual({ ok: false, error: { code: 'ORDER_DENIED', family: 'denied', message: 'Orders are open' } });
    expect(defects).toEqual([]);
    result = new TypeError('x is not a function');
    expect(await send('installUpdate', GENUINE, {})).toMatchObject({ ok: false, error: { family: 'bug' } });
    expect(defects).toEqual(['installUpdate']);
  });

  it('give nothing away that the contract does not name', async () => {
    result = { paper: { isSet: true, ending: 'ABCD', savedAt: 1, secretKey: 'leak' }, live: { isSet: false, ending: null, savedAt: null }, keptBy: 'system', secretKey: 'leak' };
    const answer = await send('brokerKeys', GENUINE, {});
    expect(answer.ok).toBe(true);
    expect(JSON.stringify(answer)).not.toContain('leak');
    result = { accepted: 'yes' };
    expect(await send('stop', GENUINE, {})).toMatchObject({ ok: false, error: { family: 'bug' } });
  });

  it('are bounded in number', async () => {
    let open: (value: unknown) => void = () => undefined;
    result = new Promise((resolve) => (open = resolve));
    const waiting = Array.from({ length: 64 }, () => send('stop', GENUINE, {}));
    expect(await send('stop', GENUINE, {})).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
    open({ accepted: true });
    for (const answer of await Promise.all(waiting)) expect(answer.ok).toBe(true);
    expect(await send('stop', GENUINE, {})).toMatchObject({ ok: true });
  });
});
