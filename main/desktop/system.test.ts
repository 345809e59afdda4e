/** Vault, single instance, power and the start with the system, with forged parts. */
import { EventEmitter } from 'node:events';
import type { App, BrowserWindow, PowerMonitor } from 'electron';
import { describe, expect, it, vi } from 'vitest';
import { setStartWithSystem, startsWithSystem } from './login-item.ts';
import type { LoginItemApp } from './login-item.ts';
import { followSessionEnd, followSleep } from './power.ts';
import { endRunningInstance, hearLaterStarts, takeInstance } from './single-instance.ts';
import { openSealer } from './vault.ts';
import type { KeyStore } from './vault.ts';

describe('the vault', () => {
  const store = (change: Partial<KeyStore> = {}): KeyStore => ({
    isAsyncEncryptionAvailable: () => Promise.resolve(true),
    encryptStringAsync: (text) => Promise.resolve(Buffer.from(text).reverse()),
    decryptStringAsync: (bytes) => Promise.resolve({ shouldReEncrypt: false, result: Buffer.from(bytes).reverse().toString() }),
    getSelectedStorageBackend: () => 'gnome_libsecret',
    ...change,
  });

  it('seals with the system', async () => {
    const { sealer, warning } = await openSealer(store(), 'win32');
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
    const { sealer, warning } = await openSealer(store(change), platform);
    expect(sealer.keptBy).toBe('file');
    expect(warning).toContain('not sealed');
  });

  it('asks again after the key was rotated, but not for ever', async () => {
    let asked = 0;
    const { sealer } = await openSealer(store({ decryptStringAsync: () => Promise.resolve({ shouldReEncrypt: true, result: `turn ${(asked += 1)}` }) }), 'win32');
    expect(await sealer.unseal('AAAA')).toBe('turn 2');
  });
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

  it('stops at the question of Windows, leaves at its word, and starts again when the session stays', async () => {
    vi.useFakeTimers();
    try {
      const window = new EventEmitter();
      const monitor = new EventEmitter();
      const told: string[] = [];
      followSessionEnd(window as unknown as BrowserWindow, monitor as unknown as PowerMonitor, { stopAtOnce: (reason) => Promise.resolve(void told.push(reason)), leave: () => told.push('leave'), startAgain: () => told.push('start again') });
      window.emit('query-session-end');
      await vi.advanceTimersByTimeAsync(31_000);
      expect(told).toEqual(['Windows ends the session', 'start again']);
      window.emit('query-session-end');
      window.emit('session-end');
      await vi.advanceTimersByTimeAsync(60_000);
      expect(told.slice(2)).toEqual(['Windows ends the session', 'Windows ends the session', 'leave']);
      monitor.emit('shutdown', { preventDefault: () => told.push('wait for us') });
      await vi.advanceTimersByTimeAsync(0);
      expect(told.slice(5)).toEqual(['wait for us', 'the computer shuts down', 'leave']);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the start with the system', () => {
  const app = (isPackaged: boolean): LoginItemApp & { set: unknown[] } => {
    const set: unknown[] = [];
    return {
      set, isPackaged, getPath: () => 'C:\\Program Files\\Mainspring.exe', setLoginItemSettings: (settings) => set.push(settings),
      getLoginItemSettings: () => ({ openAtLogin: true, executableWillLaunchAtLogin: false }) as ReturnType<App['getLoginItemSettings']>,
    };
  };

  it('begins hidden, in the same data folder', () => {
    const own = app(true);
    setStartWithSystem(own, 'win32', { isWanted: true, dataDir: 'D:\\my data' });
    setStartWithSystem(own, 'win32', { isWanted: false, dataDir: null });
    expect(own.set).toEqual([
      { openAtLogin: true, enabled: true, path: 'C:\\Program Files\\Mainspring.exe', args: ['--hidden', '--data', '"D:\\my data"'] },
      { openAtLogin: false, enabled: false, path: 'C:\\Program Files\\Mainspring.exe', args: ['--hidden'] },
    ]);
  });

  it('is what the system says, not what was once chosen', () => {
    expect(startsWithSystem(app(true), 'win32', null)).toBe(false);
    expect(startsWithSystem(app(true), 'darwin', null)).toBe(true);
    expect(startsWithSystem(app(false), 'win32', null)).toBeNull();
  });

  it('is refused where it cannot be', () => {
    expect(() => setStartWithSystem(app(false), 'win32', { isWanted: true, dataDir: null })).toThrow('Only the installed application');
    expect(() => setStartWithSystem(app(true), 'linux', { isWanted: true, dataDir: null })).toThrow('on Windows and macOS');
    expect(() => setStartWithSystem(app(true), 'linux', { isWanted: false, dataDir: null })).not.toThrow();
  });
});
