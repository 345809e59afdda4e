/** The one window: every guard stated, shown when there is something to see. */
import type { BrowserWindow, BrowserWindowConstructorOptions } from 'electron';
import { SHELL_ORIGIN } from '#app/contracts/shell-names.ts';

/** What a window is made of. */
export type WindowOptions = {
  readonly preloadFile: string;
  readonly iconFile: string;
  readonly bounds: { readonly x?: number; readonly y?: number; readonly width: number; readonly height: number };
};

/** The window's settings. Each guard is stated although it is the default: a test reads them. */
export function windowSettings({ preloadFile, iconFile, bounds }: WindowOptions): BrowserWindowConstructorOptions {
  return {
    ...bounds,
    minWidth: 900,
    minHeight: 600,
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
