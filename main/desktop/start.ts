/** What every part of a start knows. */
import type * as ElectronModule from 'electron';
import type { Layout } from '../layout.ts';
import type { Wishes } from './argv.ts';
import type { ShellHome } from './home.ts';
import type { ShellLog } from './shell-log.ts';
import type { hearLaterStarts } from './single-instance.ts';

/** What of Electron the application is made of. */
export type Electron = Pick<
  typeof ElectronModule,
  'app' | 'BrowserWindow' | 'dialog' | 'ipcMain' | 'Menu' | 'nativeImage' | 'Notification' | 'powerMonitor' | 'protocol' | 'safeStorage' | 'screen' | 'session' | 'shell' | 'Tray' | 'utilityProcess'
>;

/** One start of the application. */
export type Start = { readonly electron: Electron; readonly layout: Layout; readonly wishes: Wishes; readonly place: ShellHome; readonly log: ShellLog; readonly laterStarts: ReturnType<typeof hearLaterStarts> };
