/** Vault, single instance, power and the start with the system, with forged parts. */
import { EventEmitter } from 'node:events';
import type { App, BrowserWindow, PowerMonitor } from 'electron';
import { beforeEach, describe, expect, it } from 'vitest';
import { runValue } from '../../tests/desktop/stand-in/run-value.ts';
import { setStartWithSystem, startsWithSystem } from './login-item.ts';
import type { LoginItemApp } from './login-item.ts';
import { followSessionEnd, followSleep } from './power.ts';
import { endRunningInstance, hearLaterStarts, takeInstance } from './single-instance.ts';
import { holdsKey, openSealer } from './vault.ts';
import type { KeyPorts, KeyStore } from './vault.ts';

describe('the vault', () => {
  const store = (change: Partial<KeyStore> = {}): KeyStore => ({
    isAsyncEncryptionAvailable: () => Promise.resolve(true),
    encryptStringAsync: (text) => Promise.resolve(Buffer.from(text).reverse()),
    decryptStringAsync: (bytes) => Promise.resolve({ shouldReEncrypt: false, result: Buffer.from(bytes).reverse().toString() }),
    getSelectedStorageBackend: () => 'gnome_libsecret',
    ...change,
  });
  let slept = 0;
  const ports = (change: Partial<KeyPorts> = {}): KeyPorts => ({
    platform: 'win32', readLocalState: () => Promise.resolve('{"os_crypt":{"encrypted_key":"RFBBUEk="}}'), sleep: (ms) => Promise.resolve(void (slept += ms)), ...change,
  });
  beforeEach(() => {
    slept = 0;
  });

  it('seals with the system', async () => {
    const { sealer, warning } = await openSealer(store(), ports());
    expect([sealer.keptBy, warning]).toEqual(['system', null]);
    const sealed = await sealer.seal('secret');
    expect(sealed).not.toContain('secret');
    expect(await sealer.unseal(sealed)).toBe('secret');
  });

  it.each<[string, Partial<KeyStore>, NodeJS.Platform]>([
    ['a desktop without a key ring', { getSelectedStorageBackend: () => 'basic_text' }, 'linux'],
    ['a key store that does not answer', { isAsyncEncryptionAvailable: () => Promise.resolve(false) }, 'win32'],
    ['a key store that fails', { isAsyncEncryptionAvailable: () => Promise.reject(new Error('locked')) }, 'darwin'],
  ])('says that %s leaves a file', async (_name, change, platform) => {
    const { sealer, warning } = await openSealer(store(change), ports({ platform }));
    expect(sealer.keptBy).toBe('file');
    expect(warning).toContain('not sealed');
  });

  it('asks again after the key was rotated, but not for ever', async () => {
    let asked = 0;
    const { sealer } = await openSealer(store({ decryptStringAsync: () => Promise.resolve({ shouldReEncrypt: true, result: `turn ${(asked += 1)}` }) }), ports());
    expect(await sealer.unseal('AAAA')).toBe('turn 2');
  });

  it('asks a busy key store again, and takes another refusal for what it is', async () => {
    let busy = 3;
    const decryptStringAsync: KeyStore['decryptStringAsync'] = () => ((busy -= 1) >= 0 ? Promise.reject(new Error('Decryption is temporarily unavailable')) : Promise.resolve({ shouldReEncrypt: false, result: 'opened' }));
    const { sealer } = await openSealer(store({ decryptStringAsync }), ports());
    expect(await sealer.unseal('AAAA')).toBe('opened');
    expect(slept).toBe(1_750);
    busy = 100;
    await expect(sealer.unseal('AAAA')).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message: expect.stringContaining('is busy') as string });
    slept = 0;
    const other = await openSealer(store({ decryptStringAsync: () => Promise.reject(new Error('not our seal')) }), ports());
    await expect(other.sealer.unseal('AAAA')).rejects.toThrow('not our seal');
    expect(slept).toBe(0);
  });

  it('gives nothing sealed to Windows before the key is on the disk, but waits once and not for ever', async () => {
    const states = [null, '{"os_cr', '{}', '{"os_crypt":{"encrypted_key":"RFBBUEk="}}'];
    const first = await openSealer(store(), ports({ readLocalState: () => Promise.resolve(states.shift() ?? null) }));
    await first.sealer.seal('secret');
    await first.sealer.seal('another');
    expect([slept, states]).toEqual([750, []]);
    slept = 0;
    const never = ports({ readLocalState: () => Promise.resolve(null) });
    await (await openSealer(store(), never)).sealer.seal('secret');
    expect(slept).toBe(15_000);
    await (await openSealer(store(), { ...never, platform: 'linux' })).sealer.seal('secret');
    expect(slept).toBe(15_000);
  });

  it.each([[null, false], ['', false], ['{"os_crypt":{}}', false], ['{"os_crypt":{"encrypted_key":""}}', false], ['[]', false], ['{"os_crypt":{"encrypted_key":"x"},"else":1}', true]])('knows the key in %s', (text, isThere) => expect(holdsKey(text)).toBe(isThere));
});

describe('the single instance', () => {
  const instance = (answers: boolean[]): { app: Pick<App, 'requestSingleInstanceLock' | 'on'>; told: unknown[]; emitter: EventEmitter } => {
    const emitter = new EventEmitter();
    const told: unknown[] = [];
    return { told, emitter, app: { requestSingleInstanceLock: (data) => (told.push(data), answers.shift() ?? false), on: emitter.on.bind(emitter) as unknown as App['on'] } };
  };

  it('is shown by a second start, but not by a hidden one', () => {
    const { app, told } = instance([false, false, true]);
    expect([takeInstance(app, false), takeInstance(app, true), takeInstance(app, false)]).toEqual([false, false, true]);
    expect(told).toEqual([{ wish: 'show' }, { wish: 'wait' }, { wish: 'show' }]);
  });

  it('hears later starts, whatever they send', () => {
    const { app, emitter } = instance([]);
    const heard: string[] = [];
    hearLaterStarts(app)({ show: () => heard.push('show'), quit: () => heard.push('quit') });
    for (const data of [{ wish: 'show' }, { wish: 'quit' }, { wish: 'wait' }, null, { wish: 'format the disk' }, 'quit', undefined]) emitter.emit('second-instance', {}, [], '', data);
    expect(heard).toEqual(['show', 'quit', 'show', 'show', 'show', 'show']);
  });

  it('keeps what later starts want until it can be done', () => {
    const { app, emitter } = instance([]);
    const heard: string[] = [];
    const answer = hearLaterStarts(app);
    for (const wish of ['show', 'quit', 'show', 'wait']) emitter.emit('second-instance', {}, [], '', { wish });
    answer({ show: () => heard.push('show'), quit: () => heard.push('quit') });
    expect(heard).toEqual(['quit']);
  });

  it('is asked once to end and waited for, with an end to the patience', async () => {
    let now = 0;
    const clock = { monotonic: () => now, sleep: (ms: number) => Promise.resolve(void (now += ms)) };
    const patient = instance([false, false, false, true]);
    expect(await endRunningInstance(patient.app, clock)).toBe(true);
    expect(patient.told).toEqual([{ wish: 'quit' }, { wish: 'wait' }, { wish: 'wait' }, { wish: 'wait' }]);
    expect(await endRunningInstance(instance([]).app, clock)).toBe(false);
    expect(now).toBeGreaterThan(100_000);
  });
});

describe('power', () => {
  it('tells of sleep, and of waking with the time that passed', () => {
    const monitor = new EventEmitter();
    const told: string[] = [];
    let now = 1_000;
    followSleep(monitor as unknown as PowerMonitor, { suspended: () => told.push('suspended'), resumed: (ms) => told.push(`resumed ${ms}`), now: () => now });
    monitor.emit('suspend');
    now = 61_000;
    monitor.emit('resume');
    monitor.emit('resume');
    expect(told).toEqual(['suspended', 'resumed 60000', 'resumed 0']);
  });

  const session = () => {
    const [window, monitor] = [new EventEmitter(), new EventEmitter()];
    const told: string[] = [];
    const world = { isRunning: true };
    followSessionEnd(window as unknown as BrowserWindow, monitor as unknown as PowerMonitor, { hasStack: () => world.isRunning, endAtOnce: (reason) => told.push(reason), tell: ({ body }) => told.push(body) });
    const event = (...reasons: string[]) => ({ reasons, preventDefault: () => told.push('wait for us') });
    return { window, monitor, told, event, world };
  };

  it('makes Windows wait while something runs, says so, and ends once everything has stopped', () => {
    const { window, told, event } = session();
    window.emit('query-session-end', event('logoff'));
    expect(told).toEqual(['wait for us', expect.stringContaining('until you start Mainspring again'), 'Windows ends the session']);
    window.emit('query-session-end', event('shutdown'));
    window.emit('session-end', event('shutdown'));
    expect(told.slice(3)).toEqual(['wait for us']);
  });

  it('does not keep Windows when nothing runs, and ends with the session', () => {
    const { window, told, event, world } = session();
    world.isRunning = false;
    window.emit('query-session-end', event('shutdown'));
    expect(told).toEqual([]);
    window.emit('session-end', event('shutdown'));
    expect(told).toEqual(['Windows ends the session']);
  });

  it('stops what it can at a critical end, which takes no objection', () => {
    const { window, told, event } = session();
    window.emit('query-session-end', event('logoff', 'critical'));
    expect(told).toEqual(['Windows ends the session']);
  });

  it('makes the other systems wait', () => {
    const { monitor, told, event } = session();
    monitor.emit('shutdown', event());
    expect(told).toEqual(['wait for us', 'the computer shuts down']);
  });
});

describe('the start with the system', () => {
  const EXE = 'C:\\Program Files\\Mainspring\\Mainspring.exe';
  const app = (isPackaged: boolean): LoginItemApp & { entry: () => string | null } => {
    const run = runValue(EXE);
    return { isPackaged, entry: run.text, getPath: () => EXE, setLoginItemSettings: run.set, getLoginItemSettings: run.get };
  };

  it('begins hidden, in the same data folder, and is known again', () => {
    const own = app(true);
    setStartWithSystem(own, 'win32', { isWanted: true, dataDir: 'D:\\my data' });
    expect(own.entry()).toBe(`"${EXE}" --hidden --data "D:\\my data"`);
    expect(startsWithSystem(own, 'win32', 'D:\\my data')).toBe(true);
    setStartWithSystem(own, 'win32', { isWanted: false, dataDir: 'D:\\my data' });
    expect([own.entry(), startsWithSystem(own, 'win32', 'D:\\my data')]).toEqual([null, false]);
  });

  it('is what the system says, not what was once chosen', () => {
    const disabled: LoginItemApp = { ...app(true), getLoginItemSettings: () => ({ openAtLogin: true, executableWillLaunchAtLogin: false }) as ReturnType<App['getLoginItemSettings']> };
    expect([startsWithSystem(disabled, 'win32', null), startsWithSystem(disabled, 'darwin', null)]).toEqual([false, true]);
    expect(startsWithSystem(app(false), 'win32', null)).toBeNull();
  });

  it('is refused where it cannot be', () => {
    expect(() => setStartWithSystem(app(false), 'win32', { isWanted: true, dataDir: null })).toThrow('Only the installed application');
    expect(() => setStartWithSystem(app(true), 'linux', { isWanted: true, dataDir: null })).toThrow('on Windows and macOS');
    expect(() => setStartWithSystem(app(true), 'linux', { isWanted: false, dataDir: null })).not.toThrow();
  });
});
