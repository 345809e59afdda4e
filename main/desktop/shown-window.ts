/** The window with what it shows: its page files, its guards, its title, and the status that the page hears. */
import path from 'node:path';
import type { WebContents } from 'electron';
import { SHELL_EVENTS } from '#app/contracts/shell.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { describeError } from '#app/domain/errors.ts';
import type { PreferencesStore } from '../store/preferences.ts';
import type { Core } from './core.ts';
import type { Dialogs } from './dialogs.ts';
import { guardDownloads } from './navigation.ts';
import { denyPermissions } from './permissions.ts';
import { handleScheme } from './protocol.ts';
import type { Quit } from './quit.ts';
import type { Start } from './start.ts';
import { gatewayPortOf } from './status.ts';
import { freshBrief } from './tray-menu.ts';
import { createMainWindow } from './window.ts';
import type { MainWindow } from './window.ts';
import { gain } from './words.ts';

const CLOSED_MESSAGE = 'Mainspring goes on beside the clock';
const CLOSED_DETAIL = 'What trades goes on trading while the window is closed. Open it again from the symbol in the tray; Quit there ends everything.';

/** The window, and how it follows the status. */
export type ShownWindow = MainWindow & { show(status: ShellStatus): void; contents(): WebContents | null };

/** What the window works with. */
export type WindowWork = { readonly start: Start; readonly preferences: PreferencesStore; readonly core: Core; readonly quit: Quit; readonly dialogs: Dialogs };

/** What stands in the window's frame: the market, and the day while it is known. */
export function windowTitle({ mode, trading }: Pick<ShellStatus, 'mode' | 'trading'>, now: number): string {
  const brief = freshBrief(trading, now);
  return [`Mainspring ${mode.toUpperCase()}`, ...(brief === null ? [] : [brief.dayPnl === null ? brief.state : `${brief.state}, today ${gain(brief.dayPnl)}`])].join(': ');
}

function closing({ preferences, core, quit, dialogs }: WindowWork): { mayClose: () => boolean; onHidden: () => void } {
  return {
    mayClose() {
      if (quit.isLeaving()) return true;
      // Nothing was ever chosen, so nothing goes on in the tray.
      if (preferences.read().isWelcomeDone || core.host.state().phase !== 'stopped') return false;
      void quit.request('the welcome was closed');
      return true;
    },
    onHidden() {
      if (preferences.read().isCloseExplained || core.host.state().stack === null) return;
      preferences.update({ isCloseExplained: true });
      void dialogs.tell(CLOSED_MESSAGE, CLOSED_DETAIL);
    },
  };
}

/** Opens the window, hidden, with its guards. */
export function openShownWindow(work: WindowWork): ShownWindow {
  const { start: { electron, layout, log }, preferences, core } = work;
  const { BrowserWindow, screen, session, protocol } = electron;
  let servedPort: number | null = null;
  let reloadedFor: number | null = null;
  const contents = (): WebContents | null => (main.window.isDestroyed() ? null : main.window.webContents);
  denyPermissions(session.defaultSession, contents);
  guardDownloads(session.defaultSession);
  handleScheme(protocol, { folder: path.join(layout.root, 'dist', 'renderer'), gatewayPort: () => (servedPort = gatewayPortOf(core.host)) });
  const primary = screen.getPrimaryDisplay();
  const main = createMainWindow({
    create: (settings) => new BrowserWindow(settings),
    preloadFile: path.join(layout.root, 'dist', 'main', 'preload.cjs'),
    iconFile: path.join(layout.root, 'assets', process.platform === 'win32' ? 'icon.ico' : 'icon-256.png'),
    place: preferences.read().window,
    screens: [primary, ...screen.getAllDisplays().filter(({ id }) => id !== primary.id)].map(({ workArea }) => workArea),
    savePlace: (place) => void preferences.update({ window: place }),
    onLoadFailure: (error) => log('error', `The page could not be loaded: ${describeError(error)}`),
    ...closing(work),
  });
  return {
    ...main,
    contents,
    show(status) {
      if (main.window.isDestroyed()) return;
      main.window.setTitle(windowTitle(status, status.at));
      const checked = SHELL_EVENTS.status.safeParse(status);
      // The page shows by itself that it hears nothing; an old status would not be the truth.
      if (checked.success) main.tell('status', checked.data);
      else log('error', `A status breaks the contract: ${checked.error.message}`);
      // The page's policy names one port: another gateway needs the page anew.
      const port = gatewayPortOf(core.host);
      if (port === null || port === servedPort || port === reloadedFor) return;
      reloadedFor = port;
      main.reload();
    },
  };
}
