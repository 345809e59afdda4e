/** Window, tray, menu, notifications and dialogs over forged Electron objects. */
import { EventEmitter } from 'node:events';
import type { BrowserWindow, NativeImage, NotificationConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../store/preferences.ts';
import { windowMenu } from './app-menu.ts';
import type { MenuActs } from './app-menu.ts';
import { openDialogs } from './dialogs.ts';
import { notificationShower } from './notifications.ts';
import { windowTitle } from './shown-window.ts';
import { keepTold } from './status.ts';
import { openTray } from './tray.ts';
import type { TrayAction, TrayFacts } from './tray-menu.ts';
import { createMainWindow } from './window.ts';
import type { WindowPlace } from './window-state.ts';

const SCREEN = { x: 0, y: 0, width: 1_920, height: 1_040 };

/** A window of which everything is written down. */
class FakeWindow extends EventEmitter {
  readonly log: string[] = [];
  isShown = false;
  readonly webContents = { send: (channel: string, payload: unknown) => this.log.push(`${channel} ${JSON.stringify(payload)}`), reload: () => this.log.push('reload') };
  loadURL(url: string): Promise<void> {
    this.log.push(`load ${url}`);
    return Promise.resolve();
  }
  show(): void {
    this.isShown = true;
    this.log.push('show');
  }
  hide(): void {
    this.isShown = false;
    this.log.push('hide');
  }
  focus = (): void => undefined;
  maximize = (): unknown => this.log.push('maximize');
  isMinimized = (): boolean => false;
  isMaximized = (): boolean => false;
  isVisible = (): boolean => this.isShown;
  isFocused = (): boolean => this.isShown;
  isDestroyed = (): boolean => false;
  getNormalBounds = (): object => ({ x: 5, y: 6, width: 1_000, height: 700 });
}

function scene(change: { place?: WindowPlace; mayClose?: boolean } = {}) {
  const fake = new FakeWindow();
  const saved: WindowPlace[] = [];
  const main = createMainWindow({
    create: () => fake as unknown as BrowserWindow, preloadFile: 'p', iconFile: 'i', place: change.place ?? DEFAULTS.window, screens: [SCREEN],
    savePlace: (place) => saved.push(place), mayClose: () => change.mayClose ?? false, onHidden: () => fake.log.push('explain'), onLoadFailure: () => undefined,
  });
  return { fake, saved, main };
}

function close(fake: FakeWindow): boolean {
  let isPrevented = false;
  fake.emit('close', { preventDefault: () => (isPrevented = true) });
  return !isPrevented;
}

describe('the window', () => {
  it('loads nothing before it is shown for the first time, and only once', () => {
    const { fake, main } = scene();
    expect(fake.log).toEqual([]);
    main.open();
    main.open();
    expect(fake.log).toEqual(['load app://mainspring/', 'show', 'show']);
  });

  it('leads the page as soon as it listens', () => {
    const { fake, main } = scene();
    main.open('health');
    main.open('about');
    expect(fake.log.filter((line) => line.includes('navigate'))).toEqual([]);
    main.pageListens();
    main.pageListens();
    main.open('keys');
    expect(fake.log.filter((line) => line.includes('navigate'))).toEqual(['mainspring:navigate {"to":"about"}', 'mainspring:navigate {"to":"keys"}']);
  });

  it('is hidden instead of closed, and remembers its place', () => {
    const { fake, main, saved } = scene();
    main.open();
    expect(close(fake)).toBe(false);
    expect(fake.log.slice(-2)).toEqual(['hide', 'explain']);
    expect(saved).toEqual([{ x: 5, y: 6, width: 1_000, height: 700, isMaximized: false }]);
    expect(main.isWatched()).toBe(false);
  });

  it('closes when everything ends', () => {
    const { fake, main } = scene({ mayClose: true });
    main.open();
    expect(close(fake)).toBe(true);
  });

  it('is as large as the screen again, and keeps its place when it was never shown', () => {
    const { fake, main, saved } = scene({ place: { x: 0, y: 0, width: 1_000, height: 700, isMaximized: true } });
    main.savePlace();
    expect(saved).toEqual([]);
    main.open();
    expect(fake.log[0]).toBe('maximize');
  });

  it('reloads a page that is there', () => {
    const { fake, main } = scene();
    main.reload();
    main.open();
    main.reload();
    expect(fake.log.filter((line) => line === 'reload')).toHaveLength(1);
  });
});

describe('the title', () => {
  it('says which market, and the day while it is known', () => {
    const trading = { state: 'ACTIVE', equity: '1', dayPnl: '-2.5', openOrders: 0, positions: 0, at: 10_000 } as const;
    expect(windowTitle({ mode: 'live', trading }, 10_000)).toBe('Mainspring LIVE: ACTIVE, today -$2.50');
    expect(windowTitle({ mode: 'live', trading }, 20_000)).toBe('Mainspring LIVE');
    expect(windowTitle({ mode: 'demo', trading: null }, 0)).toBe('Mainspring DEMO');
  });
});

describe('the tray', () => {
  const facts: TrayFacts = { phase: 'stopped', mode: 'demo', stack: null, trading: null, armedUntil: null, problem: null, isWelcomeDone: true };

  it('changes only what changed, and opens with a click', () => {
    const log: string[] = [];
    const emitter = new EventEmitter();
    const acts = Object.fromEntries((['open', 'start', 'stop', 'restart', 'halt', 'cancelAll', 'flatten', 'about', 'quit'] as TrayAction[]).map((name) => [name, () => log.push(`act ${name}`)])) as unknown as Record<TrayAction, () => void>;
    let items: { id?: string; click?: () => void }[] = [];
    const tray = openTray({
      create: (image) => (log.push(`create ${image as unknown as string}`), Object.assign(emitter, { setImage: (given: unknown) => log.push(`image ${String(given)}`), setToolTip: (text: string) => log.push(text), setContextMenu: () => log.push('menu'), destroy: () => log.push('destroy') }) as never),
      imageOf: (file) => file.replaceAll('\\', '/') as unknown as NativeImage,
      buildMenu: (template) => (items = template as typeof items) as never,
      iconFolder: '/tray', platform: 'win32', acts,
    });
    tray.show(facts, 0);
    tray.show(facts, 0);
    expect(log).toEqual(['create /tray/stopped.ico', 'Mainspring (DEMO)\nStopped: nothing trades', 'menu']);
    tray.show({ ...facts, phase: 'starting' }, 0);
    expect(log.slice(3)).toEqual(['image /tray/starting.ico', 'Mainspring (DEMO)\nStarting 0/0', 'menu']);
    emitter.emit('click');
    items.find(({ id }) => id === 'halt')?.click?.();
    expect(log.slice(6)).toEqual(['act open', 'act halt']);
  });
});

describe('the menu of the window', () => {
  const acts = new Proxy({}, { get: () => () => undefined }) as MenuActs;
  const labels = (facts: Parameters<typeof windowMenu>[0]): string[] =>
    windowMenu(facts, acts).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : [])).filter(({ enabled, label }) => enabled !== false && label !== undefined).map(({ label }) => label ?? '');

  it('enables what makes sense', () => {
    expect(labels({ phase: 'running', isWelcomeDone: true, isPackaged: true })).toEqual(['Stop', 'Restart', 'HALT trading', 'HALT and cancel all orders...', 'Close all positions...', 'Quit', 'Portfolio', 'Health', 'Application settings', 'Broker keys', 'Save diagnostics…', 'Open the data folder', 'About Mainspring']);
    expect(labels({ phase: 'stopped', isWelcomeDone: false, isPackaged: true })).not.toContain('Start');
  });

  it('has tools for developers only where developers are', () => {
    const roles = (isPackaged: boolean): unknown[] => windowMenu({ phase: 'running', isWelcomeDone: true, isPackaged }, acts).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : [])).map(({ role }) => role);
    expect(roles(true)).not.toContain('toggleDevTools');
    expect(roles(false)).toContain('toggleDevTools');
  });

  it('gives each key to one thing', () => {
    const keys = windowMenu({ phase: 'running', isWelcomeDone: true, isPackaged: true }, acts).flatMap(({ submenu }) => (Array.isArray(submenu) ? submenu : [])).flatMap(({ accelerator }) => (accelerator === undefined ? [] : [String(accelerator)]));
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('notifications', () => {
  it('lead where they belong, stay alive until they are gone, and are few', () => {
    const opened: string[] = [];
    const shown: (EventEmitter & { isClosed?: boolean })[] = [];
    const show = notificationShower({
      isSupported: () => true,
      create: (_options: NotificationConstructorOptions) => {
        const one = Object.assign(new EventEmitter(), { show: () => undefined, close: () => Object.assign(one, { isClosed: true }) });
        shown.push(one);
        return one as never;
      },
      open: (to) => opened.push(to),
    });
    for (let index = 0; index < 12; index += 1) show({ title: `${index}`, body: '', to: 'health' });
    expect(shown.filter(({ isClosed }) => isClosed)).toHaveLength(2);
    shown[11]?.emit('click');
    expect(opened).toEqual(['health']);
  });
});

describe('dialogs', () => {
  it('keep running when in doubt', async () => {
    const asked: { buttons?: string[]; defaultId?: number; cancelId?: number }[] = [];
    let response = 1;
    const dialogs = openDialogs({ showMessageBox: ((options: (typeof asked)[number]) => (asked.push(options), Promise.resolve({ response, checkboxChecked: false }))) as never, showSaveDialog: (() => Promise.resolve({ canceled: true, filePath: '' })) as never }, () => null);
    expect(await dialogs.askToStop({ message: 'm', detail: 'd' }, 'Quit')).toBe(false);
    response = 0;
    expect(await dialogs.askToStop({ message: 'm', detail: 'd' }, 'Quit')).toBe(true);
    expect(asked[0]).toMatchObject({ buttons: ['Quit anyway', 'Keep running'], defaultId: 1, cancelId: 1 });
    expect(await dialogs.askWhereToSave('x.zip')).toBeNull();
  });
});

describe('the status', () => {
  it('is told once for changes that come together', async () => {
    let told = 0;
    const teller = keepTold(() => (told += 1), () => false);
    for (let index = 0; index < 50; index += 1) teller.changed();
    expect(told).toBe(0);
    const deadline = performance.now() + 5_000;
    while (told === 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told).toBe(1);
    teller.changed();
    teller.close();
  });
});
