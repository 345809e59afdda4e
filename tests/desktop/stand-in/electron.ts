/** The module that takes the place of `electron`: what main/desktop uses, and nothing else. */
export { app } from './app.ts';
export { crashReporter, dialog, nativeImage, powerMonitor, shell, StandInNotification as Notification, StandInTray as Tray } from './desktop-parts.ts';
export { ipcMain } from './ipc.ts';
export { StandInMenu as Menu, StandInMenuItem as MenuItem } from './menu.ts';
export { protocol } from './protocol.ts';
export { safeStorage } from './safe-storage.ts';
export { screen } from './screen.ts';
export { session } from './session.ts';
export { utilityProcess } from './utility-process.ts';
export { StandInWindow as BrowserWindow } from './window.ts';
