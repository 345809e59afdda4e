/** The entry of the desktop application. */
import path from 'node:path';
import { app, BrowserWindow, protocol } from 'electron';
import { findLayout } from '../layout.ts';
import { handleScheme } from './protocol.ts';
import { registerScheme } from './scheme.ts';
import { openWindow, PAGE_ADDRESS } from './window.ts';

process.umask(0o077);
app.enableSandbox();
registerScheme(protocol);
const layout = findLayout(import.meta.url);

async function run(): Promise<void> {
  handleScheme(protocol, { folder: path.join(layout.root, 'dist', 'renderer'), gatewayPort: () => null });
  const window = openWindow((settings) => new BrowserWindow(settings), {
    preloadFile: path.join(layout.root, 'dist', 'main', 'preload.cjs'),
    iconFile: path.join(layout.root, 'assets', 'icon-256.png'),
    bounds: { width: 1360, height: 860 },
  }, false);
  await window.loadURL(PAGE_ADDRESS);
}

// Never awaited at the top: Electron is not ready before this module has been evaluated.
void app.whenReady().then(run);
