/** `app`: life of the application, single instance, paths. Events come in Electron's order. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import type { App, Event, LoginItemSettings, LoginItemSettingsOptions, RenderProcessGoneDetails, Session, Settings, WebContents } from 'electron';
import { Emitter, preventable } from './emitter.ts';
import type { PreventableEvent } from './emitter.ts';
import { runValue } from './run-value.ts';

/** What `app` emits here. */
export type AppEvents = {
  ready: [event: Event, launchInfo: Record<string, unknown>];
  'second-instance': [event: Event, argv: string[], workingDirectory: string, additionalData: unknown];
  'window-all-closed': [];
  'before-quit': [event: PreventableEvent];
  'will-quit': [event: PreventableEvent];
  quit: [event: Event, exitCode: number];
  activate: [event: Event, hasVisibleWindows: boolean];
  'web-contents-created': [event: Event, contents: WebContents];
  'session-created': [session: Session];
  'browser-window-created': [event: Event, window: never];
  'render-process-gone': [event: Event, contents: WebContents, details: RenderProcessGoneDetails];
  'child-process-gone': [event: Event, details: never];
};

/** A window, as far as its application must know it. */
export type LivingWindow = { close(): void; destroy(): void };

const LOCK_LIMIT_MS = 5_000;
const TEXT_LIMIT = 1_000_000;
/** Runs in a process of its own: Electron's lock is synchronous, Node's sockets are not. */
const TELL_FIRST = `const s=require('node:net').connect(process.argv[1],()=>s.end(process.argv[2]));s.on('error',()=>process.exit(1));s.on('close',()=>process.exit(0));s.resume();`;

/** Where the stand-in keeps what belongs to the system: Chromium's profile, the key store, the lock. @throws Error when the driver named none */
export function standInFolder(): string {
  const folder = process.env['MAINSPRING_STAND_IN_FOLDER'];
  if (folder === undefined) throw new Error('The driver names the folder of the stand-in: MAINSPRING_STAND_IN_FOLDER');
  return folder;
}

/** Stands in for `app`. */
export class StandInApp extends Emitter<AppEvents> implements Pick<App, 'enableSandbox' | 'setAppUserModelId' | 'setToastActivatorCLSID' | 'getVersion' | 'getName' | 'setName' | 'getPath' | 'getAppPath' | 'isPackaged' | 'requestSingleInstanceLock' | 'hasSingleInstanceLock' | 'whenReady' | 'isReady' | 'quit' | 'exit' | 'getLoginItemSettings' | 'setLoginItemSettings' | 'relaunch' | 'focus'> {
  readonly isPackaged = false;
  /** The windows that are not destroyed. */
  readonly windows = new Set<LivingWindow>();
  /** What must end before the process does. */
  readonly endings: (() => Promise<void>)[] = [];
  isSandboxEnabled = false;

  #isReady = false;
  #isQuitting = false;
  #isEnding = false;
  #name = 'mainspring';
  readonly #paths = new Map<string, string>();
  #hasLock = false;
  readonly #login = runValue(process.execPath);
  readonly #ready = Promise.withResolvers<void>();
  #isWaitedFor = false;
  /** Electron lives without windows and sockets. */
  readonly #life = setInterval(() => undefined, 1 << 30);

  constructor() {
    super();
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => this.quit());
  }

  #assertEarly(what: string): void {
    if (this.#isReady) throw new Error(`${what} can only be called before app is ready`);
  }

  /** @throws Error before `ready`, as Electron does */
  assertReady(what: string): void {
    if (!this.#isReady) throw new Error(`${what} before app is ready`);
  }

  enableSandbox(): void {
    this.#assertEarly('app.enableSandbox()');
    this.isSandboxEnabled = true;
  }

  /** As `protocol.registerSchemesAsPrivileged` needs it. */
  assertNotReady(what: string): void {
    this.#assertEarly(what);
  }

  setAppUserModelId(): void {
    // Only Windows knows it.
  }

  setToastActivatorCLSID(): void {
    // Only Windows knows it.
  }

  getVersion(): string {
    const manifest = JSON.parse(readFileSync(path.join(this.getAppPath(), 'package.json'), 'utf8')) as { version: string };
    return manifest.version;
  }

  getName(): string {
    return this.#name;
  }

  setName(name: string): void {
    this.#name = name;
  }

  getAppPath(): string {
    let folder = path.dirname(process.argv[1] ?? '.');
    while (!existsSync(path.join(folder, 'package.json')) && folder !== path.dirname(folder)) folder = path.dirname(folder);
    return folder;
  }

  getPath(name: Parameters<App['getPath']>[0]): string {
    const given = this.#paths.get(name);
    if (given !== undefined) return given;
    const appData = process.env['XDG_CONFIG_HOME'] ?? path.join(homedir(), '.config');
    if (name === 'exe' || name === 'module') return process.execPath;
    if (name === 'temp') return tmpdir();
    if (name === 'home') return homedir();
    if (name === 'appData') return appData;
    if (name === 'userData') return path.join(appData, this.#name);
    if (name === 'crashDumps') return path.join(this.getPath('userData'), 'Crashpad');
    if (name === 'sessionData' || name === 'logs') return path.join(this.getPath('userData'), name);
    return path.join(homedir(), name);
  }

  setPath(name: string, folder: string): void {
    if (!path.isAbsolute(folder)) throw new Error('Path must be absolute');
    this.#paths.set(name, folder);
  }

  #lockAddress(): string {
    const hash = createHash('sha256').update(this.getPath('userData')).digest('hex').slice(0, 12);
    return path.join(standInFolder(), `${hash}.lock`);
  }

  requestSingleInstanceLock(additionalData?: Record<string, unknown>): boolean {
    if (this.#hasLock) return true;
    mkdirSync(this.getPath('userData'), { recursive: true });
    const address = this.#lockAddress();
    const message = JSON.stringify({ argv: process.argv, directory: process.cwd(), data: additionalData ?? {} });
    if (existsSync(address)) {
      const told = spawnSync(process.execPath, ['-e', TELL_FIRST, address, message], { timeout: LOCK_LIMIT_MS, stdio: 'ignore' });
      if (told.status === 0) return false;
      rmSync(address, { force: true });
    }
    const server = createServer((socket) => {
      let text = '';
      socket.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(0, TEXT_LIMIT)));
      socket.on('error', () => socket.destroy());
      socket.on('end', () => {
        const heard = JSON.parse(text) as { argv: string[]; directory: string; data: unknown };
        this.tell('second-instance', preventable({}), heard.argv, heard.directory, heard.data);
      });
    });
    server.listen(address);
    server.unref();
    this.endings.push(async () => {
      await new Promise((closed) => server.close(closed));
    });
    this.#hasLock = true;
    return true;
  }

  hasSingleInstanceLock(): boolean {
    return this.#hasLock;
  }

  /** Ready comes after the entry module was evaluated: that ends in the turn in which somebody first asks. */
  whenReady(): Promise<void> {
    if (!this.#isWaitedFor) setImmediate(() => this.#begin());
    this.#isWaitedFor = true;
    return this.#ready.promise;
  }

  #begin(): void {
    this.#isReady = true;
    this.tell('ready', preventable({}), {});
    this.#ready.resolve();
  }

  isReady(): boolean {
    return this.#isReady;
  }

  getLoginItemSettings(options?: LoginItemSettingsOptions): LoginItemSettings {
    return this.#login.get(options);
  }

  setLoginItemSettings(settings: Settings): void {
    this.#login.set(settings);
  }

  relaunch(): void {
    // Nothing is to start by itself in a test.
  }

  focus(): void {
    // Nothing to be seen in a headless browser.
  }

  quit(): void {
    if (this.#isQuitting || this.#isEnding) return;
    if (!this.ask('before-quit', preventable({}))) return;
    this.#isQuitting = true;
    for (const window of this.windows) window.close();
    if (this.windows.size > 0 || !this.ask('will-quit', preventable({}))) {
      this.#isQuitting = false;
      return;
    }
    this.#end(0);
  }

  exit(code = 0): void {
    if (this.#isEnding) return;
    this.#isQuitting = true;
    for (const window of this.windows) window.destroy();
    this.#end(code);
  }

  /** A window has gone. */
  forget(window: LivingWindow): void {
    this.windows.delete(window);
    if (this.windows.size > 0 || this.#isQuitting) return;
    if (!this.tell('window-all-closed')) this.quit();
  }

  #end(code: number): void {
    this.#isEnding = true;
    this.tell('quit', preventable({}), code);
    clearInterval(this.#life);
    void Promise.allSettled(this.endings.map((end) => end())).then(() => process.exit(code));
  }
}

/** The application. */
export const app = new StandInApp();
