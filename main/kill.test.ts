/** The kill switch: memory first, then book, broker and positions; kept over restarts; tried again; given up when the wish is old. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KillLevel, KillWish } from '#app/contracts/kill.ts';
import { AppError } from '#app/domain/errors.ts';
import { openKillSwitch, type KillPorts, type KillSwitch } from './kill.ts';

let sent: string[];
let asked: string[];
let told: string[];
let kept: string | null;
/** Commands that fail now, with their error. */
let failing: Map<string, AppError>;
let isRunning: boolean;
let isAnswering: boolean;
let now: number;
let kill: KillSwitch;

const away = (): AppError => new AppError('UNIT_TIMEOUT', 'The part does not answer.');
const wish = (level: KillLevel, key = 'key-0001'): KillWish => ({ key, level, reason: 'test', actor: 'tester' });
const ports = (): KillPorts => ({
  store: { kept: () => kept, keep: (_name, text) => void (kept = text) },
  send(unit, message) {
    sent.push(`${unit} ${message.type}`);
    if (message.type === 'latch' && unit === 'execution' && isAnswering) queueMicrotask(() => kill.latched('execution', message.latch.key, false));
  },
  hasProcess: () => isRunning,
  command: (name, input) => {
    const error = failing.get(name);
    asked.push(`${name} ${'state' in input ? input.state : ''}`.trim());
    if (error) return Promise.reject(error);
    return Promise.resolve((name === 'setTradingState' ? { version: 7, state: 'HALTED' } : name === 'cancelOrder' ? { requested: ['a', 'b'] } : { decisions: [{ outcome: 'approved' }, { outcome: 'denied' }] }) as never);
  },
  tell: (level, text) => void told.push(`${level}: ${text}`),
  wall: () => now,
  monotonic: () => now,
});
const settle = async (ms: number): Promise<void> => {
  now += ms;
  await vi.advanceTimersByTimeAsync(ms);
};

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  asked = [];
  told = [];
  kept = null;
  failing = new Map();
  isRunning = true;
  isAnswering = true;
  now = 1_000_000;
  kill = openKillSwitch(ports());
});
afterEach(() => {
  kill.close();
  vi.useRealTimers();
});

describe('pulling', () => {
  it.each<[KillLevel, string[]]>([
    ['stop_entries', ['setTradingState REDUCING']],
    ['halt', ['setTradingState HALTED']],
    ['cancel_all', ['setTradingState HALTED', 'cancelOrder']],
    ['flatten', ['setTradingState REDUCING', 'cancelOrder', 'flatten']],
  ])('%s tells execution and risk first, then asks in order, and lets go when the book has it', async (level, commands) => {
    const outcome = await kill.pull(wish(level));
    expect(asked).toEqual(commands);
    expect(sent).toEqual(['execution latch', 'risk_management latch', 'execution unlatch', 'risk_management unlatch']);
    expect(outcome).toMatchObject({ stoppedAfterMs: 0, steps: commands.map(() => ({ ok: true })) });
    expect([kept, kill.latches()]).toEqual([null, []]);
  });

  it('holds while the book does not answer, says so, and tries again until it does', async () => {
    failing.set('setTradingState', away());
    const pulled = kill.pull(wish('halt'));
    await settle(0);
    expect(await pulled).toMatchObject({ stoppedAfterMs: 0, steps: [{ ok: false, message: expect.stringContaining('does not answer') as string }] });
    expect(kill.latches()).toMatchObject([{ key: 'key-0001', state: 'HALTED', isCanceling: false }]);
    failing.clear();
    await settle(2_000);
    expect([kept, kill.latches(), sent.slice(2)]).toEqual([null, [], ['execution unlatch', 'risk_management unlatch']]);
  });

  it('is let go when risk has stored it by itself', async () => {
    failing.set('setTradingState', away());
    await kill.pull(wish('halt'));
    kill.latched('risk_management', 'key-0001', true);
    expect([kept, kill.latches()]).toEqual([null, []]);
  });

  it('a pull that is done is not done again under its key', async () => {
    const first = await kill.pull(wish('cancel_all'));
    expect(await kill.pull(wish('cancel_all'))).toEqual(first);
    expect([asked, sent.filter((line) => line === 'execution latch')]).toEqual([['setTradingState HALTED', 'cancelOrder'], ['execution latch']]);
  });

  it('asked again while the cancels are left, latches nobody again: the book has the state, and a person may have resumed', async () => {
    failing.set('cancelOrder', away());
    const first = await kill.pull(wish('cancel_all'));
    expect(first.steps).toMatchObject([{ ok: true }, { ok: false }]);
    expect(await kill.pull(wish('cancel_all'))).toEqual(first);
    expect(sent.filter((line) => line === 'execution latch')).toHaveLength(1);
    failing.clear();
    expect((await kill.pull(wish('cancel_all'))).steps).toMatchObject([{ ok: true }, { ok: true }]);
    expect([asked.filter((line) => line.startsWith('set')), sent.filter((line) => line === 'execution latch')]).toEqual([['setTradingState HALTED'], ['execution latch']]);
  });

  it('lets go of a latch that a worker has stored, also when it was told late of a pull that is done', async () => {
    await kill.pull(wish('halt'));
    sent = [];
    kill.latched('risk_management', 'key-0001', true);
    expect(sent).toEqual(['execution unlatch', 'risk_management unlatch']);
  });

  it('closes positions only after the state and the cancels', async () => {
    failing.set('cancelOrder', away());
    await kill.pull(wish('flatten'));
    expect(asked).toEqual(['setTradingState REDUCING', 'cancelOrder']);
    failing.clear();
    await settle(2_000);
    expect(asked.slice(2)).toEqual(['cancelOrder', 'flatten']);
  });

  it('names a refusal once, and holds the latch until the book has the state: trading does not go on because of it', async () => {
    failing.set('setTradingState', new AppError('INPUT_INVALID', 'No.'));
    const { steps } = await kill.pull(wish('halt'));
    expect(steps).toMatchObject([{ ok: false, message: expect.stringContaining('No.') as string }]);
    await settle(10_000);
    expect(told.filter((line) => line.startsWith('error'))).toEqual(['error: Trading state in the book: refused. No.']);
    expect([kill.latches().length, sent.includes('execution unlatch')]).toEqual([1, false]);
    failing.clear();
    await settle(2_000);
    expect([kill.latches(), sent.includes('execution unlatch')]).toEqual([[], true]);
  });

  it('names cancels that were refused for good and does not repeat them', async () => {
    failing.set('cancelOrder', new AppError('INPUT_INVALID', 'No.'));
    expect((await kill.pull(wish('cancel_all'))).steps).toMatchObject([{ ok: true }, { ok: true, message: 'No.' }]);
    await settle(10_000);
    expect(asked).toEqual(['setTradingState HALTED', 'cancelOrder']);
  });

  it('takes no key for another level: a halt under the key of a milder pull would be answered and not done', async () => {
    await kill.pull(wish('stop_entries'));
    await expect(kill.pull(wish('halt'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
    failing.set('setTradingState', away());
    await kill.pull(wish('cancel_all', 'key-0002'));
    await expect(kill.pull(wish('flatten', 'key-0002'))).rejects.toMatchObject({ code: 'IDEMPOTENCY_CONFLICT' });
  });

  it('says null when execution does not run, and fails when neither it nor the book answers', async () => {
    isRunning = false;
    expect(await kill.pull(wish('halt'))).toMatchObject({ stoppedAfterMs: null });
    isRunning = true;
    isAnswering = false;
    failing.set('setTradingState', away());
    const pulled = kill.pull(wish('halt', 'key-0002')).catch((error: unknown) => error);
    await settle(1_500);
    expect(await pulled).toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
    expect(kill.latches()).toHaveLength(1);
  });
});

describe('over a restart', () => {
  it('what the book does not have is told to those who start, and carried on with; old wishes touch no positions', async () => {
    for (const name of ['setTradingState', 'cancelOrder', 'flatten']) failing.set(name, away());
    await kill.pull(wish('flatten'));
    kill.close();
    now += 20 * 60_000;
    asked = [];
    failing.clear();
    kill = openKillSwitch(ports());
    expect(kill.latches()).toMatchObject([{ key: 'key-0001', state: 'REDUCING', isCanceling: true }]);
    await settle(2_000);
    expect(asked).toEqual(['setTradingState REDUCING']);
    expect(told.filter((line) => line.includes('given up'))).toHaveLength(2);
    expect(kept).toBeNull();
  });

  it('says that a pull may be lost when it cannot be read back', () => {
    kill.close();
    kept = '{"broken';
    kill = openKillSwitch(ports());
    expect(told).toEqual([expect.stringContaining('could not be read back')]);
  });
});
