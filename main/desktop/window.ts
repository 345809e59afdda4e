/** The one window: every guard stated, hidden rather than closed, back where it was. */
import type { BrowserWindow, BrowserWindowConstructorOptions, Rectangle } from 'electron';
import type { ShellEvent } from '#app/contracts/shell.ts';
import { SHELL_CHANNEL_PREFIX, SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import type { ShellEventName } from '#app/contracts/shell-names.ts';
import { LEAST_SIZE, restoredBounds } from './window-state.ts';
import type { WindowBounds, WindowPlace } from './window-state.ts';

/** The address of the page. */
const PAGE_ADDRESS = `${SHELL_ORIGIN}/`;

/** The window's settings. Each guard is stated although it is the default: a test reads them. */
export function windowSettings(options: { readonly preloadFile: string; readonly iconFile: string; readonly bounds: WindowBounds }): BrowserWindowConstructorOptions {
  return {
    ...options.bounds,
    minWidth: LEAST_SIZE.width,
    minHeight: LEAST_SIZE.height,
    show: false,
    title: 'Mainspring',
    icon: options.iconFile,
    backgroundColor: '#0e1116',
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preloadFile,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      safeDialogs: true,
      navigateOnDragDrop: false,
      // Dictionaries would be fetched from outside.
      spellcheck: false,
    },
  };
}

/** What the window is made of. */
export type WindowParts = {
  readonly create: (settings: BrowserWindowConstructorOptions) => BrowserWindow;
  readonly preloadFile: string;
  readonly iconFile: string;
  readonly place: WindowPlace | null;
  /** Work areas, the primary screen's first. */
  readonly screens: readonly Rectangle[];
  readonly savePlace: (place: WindowPlace) => void;
  /** The person closed the window: false = hide it and go on. */
  readonly mayClose: () => boolean;
  /** It was hidden instead of closed. */
  readonly onHidden: () => void;
  readonly onLoadFailure: (error: unknown) => void;
};

/** The window as the rest of the shell sees it. */
export type MainWindow = {
  readonly window: BrowserWindow;
  /** Shows it, and leads the page somewhere. */
  open(to?: ShellEvent<'navigate'>['to']): void;
  /** The page has loaded and listens. */
  pageListens(): void;
  /** Tells the page, if it is there. */
  tell<N extends ShellEventName>(name: N, payload: ShellEvent<N>): void;
  /** Loads the page anew, if it was loaded. */
  reload(): void;
  isWatched(): boolean;
  /** Remembers where it is. */
  savePlace(): void;
};

/** Makes the window. The page is loaded when the window is shown for the first time: a start in the tray needs none. */
export function createMainWindow(parts: WindowParts): MainWindow {
  const window = parts.create(windowSettings({ preloadFile: parts.preloadFile, iconFile: parts.iconFile, bounds: restoredBounds(parts.place, parts.screens) }));
  let isLoaded = false;
  let isListening = false;
  let goal: ShellEvent<'navigate'>['to'] | null = null;

  const savePlace = (): void => {
    // Never shown: nobody chose a place.
    if (isLoaded && !window.isDestroyed()) parts.savePlace({ ...window.getNormalBounds(), isMaximized: window.isMaximized() });
  };
  const send = <N extends ShellEventName>(name: N, payload: ShellEvent<N>): void => {
    if (!window.isDestroyed() && isListening) window.webContents.send(`${SHELL_CHANNEL_PREFIX}${name}`, payload);
  };
  const lead = (): void => {
    if (goal === null || !isListening) return;
    send('navigate', { to: goal });
    goal = null;
  };
  const load = (): void => {
    isLoaded = true;
    window.loadURL(PAGE_ADDRESS).catch(parts.onLoadFailure);
  };
  window.on('close', (event) => {
    savePlace();
    if (parts.mayClose()) return;
    event.preventDefault();
    window.hide();
    parts.onHidden();
  });
  // The title says which market; the page's own title would cover it.
  window.on('page-title-updated', (event) => event.preventDefault());

  return {
    window,
    open(to) {
      if (window.isDestroyed()) return;
      goal = to ?? goal;
      if (!isLoaded) {
        if (parts.place?.isMaximized === true) window.maximize();
        load();
      }
      if (window.isMinimized()) window.restore();
      window.show();
      window.focus();
      lead();
    },
    pageListens() {
      isListening = true;
      lead();
    },
    tell: send,
    reload() {
      if (!isLoaded || window.isDestroyed()) return;
      isListening = false;
      window.webContents.reload();
    },
    savePlace,
    isWatched: () => !window.isDestroyed() && window.isVisible() && window.isFocused(),
  };
}
