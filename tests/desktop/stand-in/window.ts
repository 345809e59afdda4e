/** `BrowserWindow`: its size, its visibility, and the page within. */
import type { BaseWindowConstructorOptions, BrowserWindow, BrowserWindowConstructorOptions, Event, Rectangle, WindowSessionEndEvent } from 'electron';
import { app } from './app.ts';
import { startChromium } from './chromium.ts';
import type { ChromiumProcess } from './chromium.ts';
import { Emitter, preventable } from './emitter.ts';
import type { PreventableEvent } from './emitter.ts';
import { answerFrame } from './ipc.ts';
import { handlers } from './protocol.ts';
import { WORK_AREA } from './screen.ts';
import { StandInContents } from './web-contents.ts';

/** What a window emits here. */
export type WindowEvents = {
  close: [event: PreventableEvent];
  closed: [];
  'ready-to-show': [];
  show: [];
  hide: [];
  focus: [];
  blur: [];
  resize: [];
  move: [];
  maximize: [];
  unmaximize: [];
  minimize: [];
  restore: [];
  'query-session-end': [event: WindowSessionEndEvent];
  'session-end': [event: WindowSessionEndEvent];
  'page-title-updated': [event: Event, title: string, explicitSet: boolean];
};

const windows = new Set<StandInWindow>();
let running: Promise<ChromiumProcess> | null = null;

/** Starts Chromium with the first window; it lives until the application ends. */
async function ensureChromium(): Promise<ChromiumProcess> {
  running ??= (async () => {
    const started = await startChromium(handlers);
    await started.context.exposeBinding('__standInIpc', ({ page, frame }, channel: string, args: unknown[]) =>
      answerFrame({ sender: [...windows].find((window) => window.webContents.isPage(page))?.webContents ?? null, frame }, channel, args));
    process.send?.({ event: 'browser', endpoint: started.endpoint });
    app.endings.push(() => started.close());
    return started;
  })();
  return running;
}

/** Stands in for `BrowserWindow`. */
export class StandInWindow extends Emitter<WindowEvents> implements Pick<BrowserWindow, 'id' | 'loadURL' | 'show' | 'showInactive' | 'hide' | 'focus' | 'isFocused' | 'isVisible' | 'isMinimized' | 'minimize' | 'restore' | 'isMaximized' | 'maximize' | 'unmaximize' | 'isDestroyed' | 'destroy' | 'close' | 'getBounds' | 'getNormalBounds' | 'setBounds' | 'setTitle' | 'getTitle' | 'moveTop' | 'flashFrame' | 'setMenuBarVisibility'> {
  readonly webContents: StandInContents;
  readonly settings: BrowserWindowConstructorOptions;
  #bounds: Rectangle;
  #title: string;
  #isVisible: boolean;
  #isFocused = false;
  #isMaximized = false;
  #isMinimized = false;
  #isDestroyed = false;
  #isShowable = false;

  constructor(settings: BrowserWindowConstructorOptions = {}) {
    super();
    app.assertReady('Cannot create BrowserWindow');
    this.settings = settings;
    this.#bounds = boundsOf(settings);
    this.#title = settings.title ?? 'Electron';
    this.#isVisible = settings.show ?? true;
    const page = ensureChromium().then(async ({ context }) => {
      const made = await context.newPage();
      await made.setViewportSize({ width: this.getBounds().width, height: this.getBounds().height });
      return made;
    });
    this.webContents = new StandInContents(page, settings.webPreferences ?? {});
    this.webContents.on('page-title-updated', (event: PreventableEvent, title: string, isExplicit: boolean) => {
      if (this.emit('page-title-updated', event, title, isExplicit) && event.defaultPrevented) return;
      this.#title = title;
    });
    this.webContents.on('did-finish-load', () => {
      if (!this.#isShowable) this.tell('ready-to-show');
      this.#isShowable = true;
    });
    windows.add(this);
    app.windows.add(this);
    app.tell('browser-window-created', preventable({}), this as never);
  }

  static getAllWindows(): StandInWindow[] {
    return [...windows];
  }

  static getFocusedWindow(): StandInWindow | null {
    return [...windows].find((window) => window.isFocused()) ?? null;
  }

  get id(): number {
    return this.webContents.id;
  }

  #assertAlive(): void {
    if (this.#isDestroyed) throw new TypeError('Object has been destroyed');
  }

  async loadURL(address: string): Promise<void> {
    this.#assertAlive();
    await this.webContents.loadURL(address);
  }

  show(): void {
    this.#assertAlive();
    const wasVisible = this.#isVisible;
    this.#isVisible = true;
    if (!wasVisible) this.tell('show');
    this.focus();
  }

  showInactive(): void {
    this.#assertAlive();
    this.#isVisible = true;
    this.tell('show');
  }

  hide(): void {
    this.#assertAlive();
    this.#isVisible = false;
    this.#isFocused = false;
    this.tell('hide');
  }

  focus(): void {
    this.#assertAlive();
    if (!this.#isVisible || this.#isMinimized || this.#isFocused) return;
    this.#isFocused = true;
    this.tell('focus');
  }

  moveTop(): void {
    this.#assertAlive();
  }

  flashFrame(): void {
    this.#assertAlive();
  }

  setMenuBarVisibility(): void {
    this.#assertAlive();
  }

  isFocused(): boolean {
    return this.#isFocused;
  }

  isVisible(): boolean {
    return this.#isVisible && !this.#isDestroyed;
  }

  isMinimized(): boolean {
    return this.#isMinimized;
  }

  minimize(): void {
    this.#isMinimized = true;
    this.#isFocused = false;
    this.tell('minimize');
  }

  restore(): void {
    this.#isMinimized = false;
    this.tell('restore');
  }

  isMaximized(): boolean {
    return this.#isMaximized;
  }

  maximize(): void {
    this.#isMaximized = true;
    this.#fit();
    this.tell('maximize');
  }

  unmaximize(): void {
    this.#isMaximized = false;
    this.#fit();
    this.tell('unmaximize');
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }

  getBounds(): Rectangle {
    return this.#isMaximized ? WORK_AREA : this.#bounds;
  }

  getNormalBounds(): Rectangle {
    return this.#bounds;
  }

  setBounds(bounds: Partial<Rectangle>): void {
    this.#assertAlive();
    this.#bounds = { ...this.#bounds, ...bounds };
    this.#fit();
    this.tell('move');
  }

  #fit(): void {
    const { width, height } = this.getBounds();
    void this.webContents.page.then((page) => page.setViewportSize({ width, height })).catch((error: unknown) => process.stderr.write(`Size: ${String(error)}\n`));
    this.tell('resize');
  }

  setTitle(title: string): void {
    this.#assertAlive();
    this.#title = title;
  }

  getTitle(): string {
    return this.#title;
  }

  close(): void {
    if (this.#isDestroyed) return;
    if (this.ask('close', preventable({}))) this.destroy();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    windows.delete(this);
    this.webContents.destroy();
    this.tell('closed');
    app.forget(this);
  }
}

function boundsOf({ x, y, width = 800, height = 600 }: BaseWindowConstructorOptions): Rectangle {
  return { x: x ?? Math.round((WORK_AREA.width - width) / 2), y: y ?? Math.round((WORK_AREA.height - height) / 2), width, height };
}
