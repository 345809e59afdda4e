/** The one window: every guard stated, shown when there is something to see. */
import type { BrowserWindow, BrowserWindowConstructorOptions } from 'electron';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';
import { LEAST_SIZE } from './window-state.ts';
import type { WindowBounds } from './window-state.ts';

/** What a window is made of. */
export type WindowOptions = {
  readonly preloadFile: string;
  readonly iconFile: string;
  readonly bounds: WindowBounds;
};

/** The window's settings. Each guard is stated although it is the default: a test reads them. */
export function windowSettings({ preloadFile, iconFile, bounds }: WindowOptions): BrowserWindowConstructorOptions {
  return {
    ...bounds,
    minWidth: LEAST_SIZE.width,
    minHeight: LEAST_SIZE.height,
    show: false,
    title: 'Mainspring',
    icon: iconFile,
    backgroundColor: '#0e1116',
    autoHideMenuBar: true,
    webPreferences: {
      preload: preloadFile,
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

/** Makes the window; it shows itself as soon as the page can be seen, unless it is to wait in the tray. */
export function openWindow(create: (settings: BrowserWindowConstructorOptions) => BrowserWindow, options: WindowOptions, isHidden: boolean): BrowserWindow {
  const window = create(windowSettings(options));
  if (!isHidden) window.once('ready-to-show', () => window.show());
  return window;
}

/** The address of the page. */
export const PAGE_ADDRESS = `${SHELL_ORIGIN}/`;
