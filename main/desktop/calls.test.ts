/** What each call of the page does, and what it refuses. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { BrokerKeys } from '#app/contracts/broker-keys.ts';
import type { Preferences, ShellStatus } from '#app/contracts/shell.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Stack } from '../boot.ts';
import type { Host, HostState } from '../host.ts';
import { DEFAULTS } from '../store/preferences.ts';
import type { Stored } from '../store/preferences.ts';
import { createCalls } from './calls.ts';
import type { ShellHandlers } from './ipc.ts';
import type { Standing } from './quit.ts';
import type { Updater } from './updater.ts';

const NO_KEYS: BrokerKeys = { paper: { isSet: false, ending: null, savedAt: null }, live: { isSet: false, ending: null, savedAt: null }, keptBy: 'system' };

let log: unknown[];
let state: HostState;
let stored: Stored;
let keys: BrokerKeys;
let standing: Standing;
let refuses: AppError | null;
let calls: ShellHandlers;

const stack = {
  supervisor: { unitIds: ['gateway'], statusOf: () => ({ state: 'ready' }), command: (...args: unknown[]) => log.push(args) },
  access: () => ({ baseUrl: 'http://127.0.0.1:8000', token: 't' }),
  kill: (wish: unknown) => Promise.resolve(void log.push(['kill', wish])).then(() => ({ stoppedAfterMs: 3, steps: [] })),
  unitLogs: () => [{ seq: 1, at: 1, unit: 'redis', stream: 'stdout', text: 'x' }],
} as unknown as Stack;

beforeEach(() => {
  log = [];
  state = { phase: 'running', problem: null, stack, mode: 'demo' };
  stored = { ...DEFAULTS, isWelcomeDone: true };
  keys = NO_KEYS;
  standing = { phase: 'running', mode: 'demo', openOrders: 0, positions: 0 };
  refuses = null;
  const host = {
    home: { homeDir: '/h' }, state: () => state,
    start: (mode: string) => Promise.resolve(void log.push(`start ${mode}`)), stop: (reason: string) => Promise.resolve(void log.push(`stop ${reason}`)), restart: (reason: string) => Promise.resolve(void log.push(`restart ${reason}`)),
    testConnection: (account: string, typed: unknown) => Promise.resolve({ account, typed }), brokerKeys: () => Promise.resolve(keys), setBrokerKeys: (account: string, pair: unknown) => Promise.resolve(keys).then((known) => (log.push([account, pair]), known)),
  } as unknown as Host;
  calls = createCalls({
    host,
    preferences: { warning: null, read: () => stored, update: (change) => (stored = { ...stored, ...change }) },
    updater: { follow: () => log.push('updates follow') } as unknown as Updater,
    status: () => ({ phase: state.phase }) as ShellStatus,
    standing: () => standing,
    onPage: () => log.push('the page listens'),
    applyPreferences: (next: Preferences) => {
      if (refuses) throw refuses;
      log.push(['apply', next.startWithSystem]);
    },
    readPreferences: () => stored.application,
    history: () => [],
    saveDiagnostics: () => Promise.resolve(null),
    openDataFolder: () => Promise.resolve(),
    openLink: () => Promise.resolve(),
    about: () => Promise.reject(new Error('not here')),
  });
});

describe('testing a connection', () => {
  it('asks with typed keys or with the kept ones', async () => {
    const typed = { keyId: 'PKTYPED', secretKey: 'secret' };
    expect([await calls.testConnection({ account: 'paper', typed }), await calls.testConnection({ account: 'live', typed: null })]).toEqual([{ account: 'paper', typed }, { account: 'live', typed: null }]);
  });
});

describe('choosing a market', () => {
  it('is remembered and begins there', async () => {
    stored = { ...stored, isWelcomeDone: false };
    expect(await calls.finishWelcome({ mode: 'demo' })).toEqual({ accepted: true });
    expect(stored).toMatchObject({ mode: 'demo', isWelcomeDone: true });
    expect(log).toEqual(['start demo']);
    await expect(calls.finishWelcome({ mode: 'demo' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('needs the keys of that account, not of the other one', async () => {
    keys = { ...NO_KEYS, paper: { isSet: true, ending: 'ABCD', savedAt: 1 } };
    await expect(calls.setMode({ mode: 'live', isSure: true })).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: 'There are no keys for the live account yet. Enter them first.' });
    expect(stored.mode).toBe('demo');
    expect(log).toEqual([]);
    await calls.setMode({ mode: 'paper', isSure: false });
    expect(stored.mode).toBe('paper');
  });

  it('is refused over open orders, or while they are not known, unless the person is sure', async () => {
    keys = { ...NO_KEYS, paper: { isSet: true, ending: 'ABCD', savedAt: 1 } };
    for (const openOrders of [3, null]) {
      standing = { ...standing, openOrders };
      await expect(calls.setMode({ mode: 'paper', isSure: false })).rejects.toMatchObject({ code: 'ORDERS_OPEN', family: 'denied' });
    }
    expect([log, stored.mode]).toEqual([[], 'demo']);
    await calls.setMode({ mode: 'paper', isSure: true });
    expect(log).toEqual(['start paper']);
  });
});

describe('the trading', () => {
  it.each(['stop_entries', 'halt', 'cancel_all', 'flatten'] as const)('is stopped by the kill switch as far as asked (%s), in the name of the desktop', async (level) => {
    expect(await calls.kill({ level, reason: 'too wild', idempotencyKey: 'page-12345678' })).toEqual({ stoppedAfterMs: 3, steps: [] });
    expect(log).toEqual([['kill', { level, reason: 'too wild', key: 'page-12345678', actor: 'desktop' }]]);
  });

  it('is not started before a market was chosen', () => {
    stored = { ...stored, isWelcomeDone: false };
    expect(() => calls.start({})).toThrow('Choose a market first.');
    expect(log).toEqual([]);
  });

  it('starts, stops and restarts in the background', () => {
    for (const name of ['start', 'stop', 'restart'] as const) expect(calls[name]({})).toEqual({ accepted: true });
    expect(log).toEqual(['start demo', 'stop asked for in the window', 'restart asked for in the window']);
  });
});

describe('while nothing runs', () => {
  beforeEach(() => {
    state = { phase: 'stopped', problem: null, stack: null, mode: 'demo' };
  });

  it('units are not there, in words', async () => {
    expect(() => calls.startUnit({ unitId: 'redis' })).toThrow('Nothing runs now');
    await expect(calls.kill({ level: 'halt', reason: 'x', idempotencyKey: 'page-12345678' })).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
  });

  it('looking is possible', async () => {
    expect(await calls.access({})).toBeNull();
    expect(await calls.unitLogs({ unitId: 'redis', lines: 10 })).toEqual({ lines: [] });
    expect(await calls.unitHistory({ unitId: null, limit: 10 })).toEqual({ incidents: [] });
    expect(await calls.status({})).toEqual({ phase: 'stopped' });
    expect(log).toEqual(['the page listens']);
  });
});

describe('the gateway', () => {
  it('is told to the page only while it serves', async () => {
    expect(await calls.access({})).toEqual({ baseUrl: 'http://127.0.0.1:8000', token: 't' });
    state = { ...state, stack: { ...stack, supervisor: { ...stack.supervisor, unitIds: ['gateway'], statusOf: () => ({ state: 'backoff' }) } } as unknown as Stack };
    expect(await calls.access({})).toBeNull();
  });
});

describe('preferences', () => {
  it('are applied first, then kept', async () => {
    expect(await calls.setPreferences({ updates: true })).toMatchObject({ updates: true, notifyFills: true });
    expect(log).toEqual([['apply', false], 'updates follow']);
    refuses = new AppError('INPUT_INVALID', 'Only the installed application can start with the system.');
    expect(() => calls.setPreferences({ startWithSystem: true })).toThrow('Only the installed');
    expect(stored.application).toMatchObject({ startWithSystem: false, updates: true });
  });
});

describe('keys', () => {
  it('go in and never come out', async () => {
    const answer = await calls.setBrokerKeys({ account: 'paper', keyId: 'PKTESTKEY', secretKey: 'very-secret' });
    expect(log).toEqual([['paper', { keyId: 'PKTESTKEY', secretKey: 'very-secret' }]]);
    expect(JSON.stringify(answer)).not.toContain('very-secret');
  });
});
