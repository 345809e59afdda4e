/** The entry of the desktop application: what must happen before Electron is ready, then the application itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  app, BrowserWindow, crashReporter, dialog, ipcMain, Menu, nativeImage, Notification, powerMonitor, protocol, safeStorage, screen, session, shell, Tray, utilityProcess,
} from 'electron';
import { describeError } from '#app/domain/errors.ts';
import { findLayout } from '../layout.ts';
import { readArguments } from './argv.ts';
import { keepCrashDumps } from './crash-reports.ts';
import { openShellHome } from './home.ts';
import { APP_ID, TOAST_ACTIVATOR_CLSID } from './identity.ts';
import { guardNavigation } from './navigation.ts';
import { runDesktop } from './run.ts';
import { registerScheme } from './scheme.ts';
import { openShellLog } from './shell-log.ts';
import { endRunningInstance, hearLaterStarts, takeInstance } from './single-instance.ts';

// Everything that we write is for its owner alone.
process.umask(0o077);
const wishes = readArguments(process.argv, process.env['INIT_CWD'] ?? process.cwd());
const place = openShellHome(wishes, process.env);
if (place.profileFolder !== null) {
  app.setPath('userData', place.profileFolder);
  app.setPath('crashDumps', place.dumpFolder);
}
app.setAppUserModelId(APP_ID);
if (process.platform === 'win32') app.setToastActivatorCLSID(TOAST_ACTIVATOR_CLSID);
app.enableSandbox();
registerScheme(protocol);
app.on('web-contents-created', (_event, contents) => guardNavigation(contents));

function begin(): void {
  keepCrashDumps(crashReporter);
  const laterStarts = hearLaterStarts(app);
  const electron = { app, BrowserWindow, dialog, ipcMain, Menu, nativeImage, Notification, powerMonitor, protocol, safeStorage, screen, session, shell, Tray, utilityProcess };
  const log = openShellLog(place.home.homeDir);
  const failed = (error: unknown): void => {
    log('error', `The application could not begin: ${describeError(error)}`);
    dialog.showErrorBox('Mainspring cannot begin', `${describeError(error)}\n\nNothing was started. Install Mainspring again, or look into ${place.home.homeDir}.`);
    app.exit(1);
  };
  // Never awaited at the top of this module: Electron is not ready before the module has been evaluated.
  app.whenReady().then(() => runDesktop({ electron, layout: findLayout(import.meta.url), wishes, place, log, laterStarts })).catch(failed);
}

if (wishes.isQuit) {
  void endRunningInstance(app, { monotonic: () => performance.now(), sleep }).then((isEnded) => app.exit(isEnded ? 0 : 1));
} else if (takeInstance(app, wishes.isHidden)) begin();
else app.exit(0);
