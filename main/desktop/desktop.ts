/** Puts the application together: the core, one window, one tray, and the way out. */
import path from 'node:path';
import type { ShellStatus } from '#app/contracts/shell.ts';
import type { PreferencesStore } from '../store/preferences.ts';
import type { Sealer } from '../store/secrets.ts';
import { nodeSpawner } from '../supervisor/node-spawner.ts';
import { menuActs } from './acts.ts';
import type { MenuActs } from './app-menu.ts';
import { createCore } from './core.ts';
import type { Core } from './core.ts';
import { openDialogs } from './dialogs.ts';
import type { Dialogs } from './dialogs.ts';
import { fileActs } from './file-acts.ts';
import { keepPreferences } from './home.ts';
import { menuShower } from './menu-shower.ts';
import { notificationShower } from './notifications.ts';
import type { Announcement } from './notify.ts';
import { createQuit } from './quit.ts';
import type { Quit } from './quit.ts';
import { startSetup } from './setup-spawner.ts';
import { openShownWindow } from './shown-window.ts';
import type { ShownWindow } from './shown-window.ts';
import type { Start } from './start.ts';
import { openTray } from './tray.ts';
import { openUpdateSource } from './update-source.ts';
import { utilitySpawner } from './utility-spawner.ts';
import { openSealer, systemKeys } from './vault.ts';

const FORCED_LIMIT_MS = 15_000;
/** An orderly stop takes a minute at most. */
const STOP_LIMIT_MS = 75_000;

/** The application while it runs. */
export type Desktop = Start & { readonly preferences: PreferencesStore; readonly core: Core; readonly main: ShownWindow; readonly quit: Quit; readonly dialogs: Dialogs; readonly sealer: Sealer; readonly acts: MenuActs; readonly show: (announcement: Announcement) => void };

/** Resolves with the work, or after the limit: the way out is never blocked for ever. */
async function within(limitMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, limitMs)));
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Opens everything; nothing trades yet. Only when Electron is ready. */
export async function openDesktop(start: Start): Promise<Desktop> {
  const { electron, layout, place, log } = start;
  const { app, Notification } = electron;
  const preferences = keepPreferences(place.home.preferencesFile, log);
  const { sealer, warning } = await openSealer(electron.safeStorage, systemKeys(app));
  if (warning !== null) log('warn', warning);
  const show = notificationShower({ isSupported: () => Notification.isSupported(), create: (options) => new Notification(options), open: (to) => main.open(to) });
  const core = createCore({
    layout, env: process.env, home: place.home, sealer, preferences, log, show,
    spawner: utilitySpawner({ fork: electron.utilityProcess.fork, programs: nodeSpawner() }),
    openSource: () => openUpdateSource({ platform: process.platform, isPackaged: app.isPackaged, resourcesFolder: path.dirname(layout.root), log, startSetup: (file) => startSetup(file, start.wishes.dataDir) }),
    isWatched: () => main.isWatched(),
    onStatus: (status) => display(status),
    onStopAsked: () => void quit.inOrder('asked at the control door'),
    replace: { stop: (reason) => quit.stopFor(reason), leave: () => quit.leave(), stay: () => quit.stay() },
  });
  const dialogs = openDialogs(electron.dialog, () => main.window);
  const quit = createQuit({
    standing: () => core.standing(),
    ask: (question) => dialogs.askToStop(question, 'Quit'),
    stop: (reason, isAtOnce) => within(isAtOnce ? FORCED_LIMIT_MS : STOP_LIMIT_MS, core.host.stop(reason, isAtOnce)),
    leave: () => {
      main.savePlace();
      core.close();
      tray.destroy();
      app.exit(0);
    },
    monotonic: () => performance.now(),
  });
  const main = openShownWindow({ start, preferences, core, quit, dialogs });
  const acts = menuActs({ core, quit, dialogs, show, log, open: (to) => main.open(to), ...fileActs({ ...start, core, dialogs, sealer }) });
  const tray = openTray({
    create: (image) => new electron.Tray(image),
    imageOf: (file) => electron.nativeImage.createFromPath(file),
    buildMenu: (template) => electron.Menu.buildFromTemplate(template),
    iconFolder: path.join(layout.root, 'assets', 'tray'), platform: process.platform, acts,
  });
  const showMenu = menuShower({ start, preferences, acts });
  const display = (status: ShellStatus): void => {
    tray.show(status, Date.now());
    showMenu(status.phase);
    main.show(status);
  };
  display(core.status());
  return { ...start, preferences, core, main, quit, dialogs, sealer, acts, show };
}
