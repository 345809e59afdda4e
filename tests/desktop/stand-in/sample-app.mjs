/** A small application on the stand-in, with one of each thing that the stand-in's own tests look at. */
import { app, BrowserWindow, ipcMain, Menu, nativeImage, Notification, powerMonitor, protocol, safeStorage, session, Tray } from 'electron';
import { fileURLToPath } from 'node:url';

const log = (line) => process.stdout.write(`${line}\n`);
const POLICY = (port) => `default-src 'none'; script-src 'self'; connect-src 'self' http://127.0.0.1:${port} ws://127.0.0.1:${port}`;
const port = process.env.SAMPLE_PORT ?? '1';

protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } }]);
app.enableSandbox();
if (!app.requestSingleInstanceLock({ wish: 'show' })) {
  log('second');
  app.exit(7);
}
for (const event of ['window-all-closed', 'before-quit', 'will-quit', 'quit']) app.on(event, () => log(event));
app.on('second-instance', (_event, argv, _directory, data) => log(`first hears ${argv.at(-1)} ${data.wish}`));
for (const event of ['suspend', 'resume']) powerMonitor.on(event, () => log(event));

void app.whenReady().then(async () => {
  session.defaultSession.setPermissionRequestHandler((_contents, permission, answer) => answer(permission === 'fullscreen'));
  protocol.handle('app', (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/script.js') return new Response('globalThis.isLoaded = true;', { headers: { 'content-type': 'text/javascript' } });
    if (pathname === '/echo') return new Response(JSON.stringify({ url: request.url, origin: request.headers.get('origin') }));
    return new Response('<!doctype html><title>Sample</title><script src="/script.js"></script>', { headers: { 'content-type': 'text/html', 'content-security-policy': POLICY(port) } });
  });
  ipcMain.handle('sample:echo', (event, value) => ({ value, url: event.senderFrame.url, origin: event.senderFrame.origin, isMain: event.senderFrame === event.sender.mainFrame }));
  ipcMain.handle('sample:function', () => () => 1);
  ipcMain.handle('sample:seal', async (_event, text) => {
    const sealed = await safeStorage.encryptStringAsync(text);
    return { hasPlain: sealed.includes(text), text: (await safeStorage.decryptStringAsync(sealed)).result };
  });
  const window = new BrowserWindow({ show: false, width: 900, height: 700, webPreferences: { preload: fileURLToPath(new URL('sample-preload.cjs', import.meta.url)), sandbox: true, contextIsolation: true } });
  window.once('ready-to-show', () => window.show());
  window.webContents.setWindowOpenHandler(({ url }) => {
    log(`open ${url}`);
    return { action: 'deny' };
  });
  for (const name of ['will-navigate', 'will-frame-navigate', 'will-redirect']) {
    window.webContents.on(name, (details) => {
      log(`${name} ${details.url}`);
      if (!details.url.startsWith('app://sample/')) details.preventDefault();
    });
  }
  let isStubborn = true;
  window.on('close', (event) => {
    if (isStubborn) event.preventDefault();
    isStubborn = false;
    log('close');
  });
  const tray = new Tray(nativeImage.createFromPath(fileURLToPath(import.meta.url)));
  tray.setToolTip('Sample');
  tray.setContextMenu(Menu.buildFromTemplate([{ id: 'tell', label: 'Tell', click: () => window.webContents.send('sample:told', { at: 1 }) }, { label: 'Off', enabled: false }]));
  new Notification({ title: 'Ready', body: 'now' }).show();
  await window.loadURL('app://sample/start?x=1');
  log('loaded');
});
