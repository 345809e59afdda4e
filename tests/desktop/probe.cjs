/** Looks and acts inside the application's main process for the tests: loaded before it with `-r` (Electron) or by the stand-in. Uses Electron's public API alone. */
'use strict';
const electron = require('electron');
const { app, BrowserWindow, crashReporter, dialog, ipcMain, Menu, nativeImage, Notification, powerMonitor, shell, Tray } = electron;

const MOST_RECORDS = 500;
/** @type {Map<object, { tooltip: string, image: string | null, menu: any, isDestroyed: boolean }>} */
const trays = new Map();
/** @type {any[]} */
const notifications = [];
/** @type {{ method: string, options: any }[]} */
const dialogs = [];
/** @type {{ method: string, result: any }[]} */
const answers = [];
/** @type {{ method: string, target: string }[]} */
const opened = [];
const imagePaths = new WeakMap();
const handlers = new Map();
const permission = { request: null, check: null, device: null };
let crashOptions = null;

/** Puts a function around a method; `around(original, self, args)`. */
function wrap(owner, name, around) {
  const original = owner[name];
  owner[name] = function (...args) {
    return around(original, this, args);
  };
}

function keep(list, entry) {
  list.push(entry);
  if (list.length > MOST_RECORDS) list.shift();
}

const trayOf = (tray) => {
  if (!trays.has(tray)) trays.set(tray, { tooltip: '', image: null, menu: null, isDestroyed: false });
  return trays.get(tray);
};
wrap(nativeImage, 'createFromPath', (original, self, [file]) => {
  const image = original.call(self, file);
  imagePaths.set(image, file);
  return image;
});
wrap(Tray.prototype, 'setImage', (original, self, [image]) => {
  trayOf(self).image = typeof image === 'string' ? image : (imagePaths.get(image) ?? null);
  return original.call(self, image);
});
wrap(Tray.prototype, 'setToolTip', (original, self, [text]) => {
  trayOf(self).tooltip = text;
  return original.call(self, text);
});
wrap(Tray.prototype, 'setContextMenu', (original, self, [menu]) => {
  trayOf(self).menu = menu;
  return original.call(self, menu);
});
wrap(Tray.prototype, 'destroy', (original, self) => {
  trayOf(self).isDestroyed = true;
  return original.call(self);
});
wrap(Notification.prototype, 'show', (original, self) => {
  keep(notifications, self);
  return original.call(self);
});
wrap(ipcMain, 'handle', (original, self, [channel, listener]) => {
  handlers.set(channel, listener);
  return original.call(self, channel, listener);
});
wrap(crashReporter, 'start', (original, self, [options]) => {
  crashOptions = options;
  return original.call(self, options);
});
app.on('session-created', (session) => {
  wrap(session, 'setPermissionRequestHandler', (original, self, [handler]) => {
    permission.request = handler;
    return original.call(self, handler);
  });
  wrap(session, 'setPermissionCheckHandler', (original, self, [handler]) => {
    permission.check = handler;
    return original.call(self, handler);
  });
  wrap(session, 'setDevicePermissionHandler', (original, self, [handler]) => {
    permission.device = handler;
    return original.call(self, handler);
  });
});

/** Dialogs are answered by the test: the next answer for that method, else as if the person had pressed Escape. */
function answered(method, otherwise) {
  dialog[method] = (...args) => {
    const options = args.at(-1);
    keep(dialogs, { method, options: method === 'showErrorBox' ? { title: args[0], message: args[1] } : JSON.parse(JSON.stringify(options)) });
    const at = answers.findIndex((answer) => answer.method === method);
    return at < 0 ? otherwise(options) : Promise.resolve(answers.splice(at, 1)[0].result);
  };
}
const escape = (options) => ({ response: options.cancelId ?? Math.max(0, (options.buttons ?? []).length - 1), checkboxChecked: false });
answered('showMessageBox', (options) => Promise.resolve(escape(options)));
answered('showSaveDialog', () => Promise.resolve({ canceled: true, filePath: '' }));
answered('showErrorBox', () => undefined);
for (const method of ['openExternal', 'openPath', 'showItemInFolder']) {
  shell[method] = (target) => {
    keep(opened, { method, target });
    return Promise.resolve('');
  };
}

const nodeOf = (item) => ({
  id: item.id ?? null, label: item.label, type: item.type, role: item.role ?? null, enabled: item.enabled, visible: item.visible, checked: item.checked,
  accelerator: item.accelerator ?? null, sublabel: item.sublabel ?? null, submenu: item.submenu ? item.submenu.items.map(nodeOf) : null,
});

/** Finds an item by its id or label, at any depth. */
function itemOf(menu, wanted) {
  for (const item of menu?.items ?? []) {
    if (item.id === wanted || item.label === wanted) return item;
    const inner = item.submenu ? itemOf(item.submenu, wanted) : null;
    if (inner) return inner;
  }
  return null;
}

function choose(menu, wanted) {
  const item = itemOf(menu, wanted);
  if (!item) throw new Error(`There is no item ${wanted}`);
  if (!item.enabled) throw new Error(`The item ${wanted} cannot be chosen`);
  item.click({}, BrowserWindow.getFocusedWindow() ?? undefined, undefined);
}

const livingTray = () => [...trays.entries()].find(([, facts]) => !facts.isDestroyed) ?? [null, null];
const theWindow = () => {
  const [window] = BrowserWindow.getAllWindows();
  if (!window) throw new Error('There is no window');
  return window;
};
const portable = (value) => JSON.parse(JSON.stringify(value ?? null));

function windowFacts(window) {
  return {
    id: window.id, title: window.getTitle(), isVisible: window.isVisible(), isFocused: window.isFocused(), isMaximized: window.isMaximized(), isMinimized: window.isMinimized(),
    bounds: window.getNormalBounds(), url: window.webContents.getURL(), webPreferences: portable(window.webContents.getLastWebPreferences?.() ?? {}),
  };
}

const COMMANDS = {
  snapshot() {
    const [, tray] = livingTray();
    return {
      tray: tray && { tooltip: tray.tooltip, image: tray.image, menu: tray.menu ? tray.menu.items.map(nodeOf) : [] },
      menu: Menu.getApplicationMenu()?.items.map(nodeOf) ?? [],
      windows: BrowserWindow.getAllWindows().map(windowFacts),
      notifications: notifications.map(({ title, body }) => ({ title, body })),
      dialogs, opened, crashOptions: portable(crashOptions),
      opensAtLogin: app.getLoginItemSettings().openAtLogin,
      channels: [...handlers.keys()],
      isPackaged: app.isPackaged,
    };
  },
  chooseTray: ({ item }) => choose(livingTray()[1]?.menu, item),
  chooseMenu: ({ item }) => choose(Menu.getApplicationMenu(), item),
  clickTray: () => livingTray()[0]?.emit('click', {}, {}, {}),
  clickNotification: ({ index }) => notifications.at(index).emit('click', {}),
  answer: ({ method, result }) => void answers.push({ method, result }),
  forgetAnswers: () => void answers.splice(0),
  power: ({ event }) => powerMonitor.emit(event, { preventDefault() {} }),
  /** As Windows does: it asks; who does not object is told, and killed right after. True when the application objected. */
  endSession() {
    let isPrevented = false;
    const event = { reasons: ['shutdown'], preventDefault: () => (isPrevented = true) };
    theWindow().emit('query-session-end', event);
    if (!isPrevented) {
      theWindow().emit('session-end', event);
      process.kill(process.pid, 'SIGKILL');
    }
    return isPrevented;
  },
  closeWindow: () => theWindow().close(),
  setBounds: ({ bounds }) => theWindow().setBounds(bounds),
  maximize: () => theWindow().maximize(),
  askPermission({ name }) {
    let granted = null;
    permission.request?.(theWindow().webContents, name, (isGranted) => (granted = isGranted), { requestingUrl: theWindow().webContents.getURL(), isMainFrame: true });
    const check = permission.check?.(theWindow().webContents, name, 'app://mainspring', { isMainFrame: true, requestingUrl: theWindow().webContents.getURL() }) ?? null;
    return { request: granted, check, device: permission.device?.({ deviceType: 'usb', origin: 'app://mainspring', device: {} }) ?? null };
  },
  attachWebview() {
    let isPrevented = false;
    theWindow().webContents.emit('will-attach-webview', { preventDefault: () => (isPrevented = true) }, {}, {});
    return isPrevented;
  },
  /** Calls a handler as a frame that is not ours would. `frame`: what is forged of it; `main` takes the real main frame. */
  async forge({ channel, args, frame, isOtherWindow }) {
    const { webContents } = theWindow();
    const handler = handlers.get(channel);
    if (!handler) return { thrown: 'no handler' };
    const sender = isOtherWindow ? { id: -1, isDestroyed: () => false, mainFrame: webContents.mainFrame } : webContents;
    // Everything but what is forged is as in the real one: each check must bite by itself.
    const { processId, frameToken, routingId } = webContents.mainFrame;
    const senderFrame = frame === 'main' ? webContents.mainFrame : frame && { processId, frameToken, routingId, parent: null, detached: false, isDestroyed: () => false, ...frame };
    try {
      return { answer: await handler({ type: 'frame', sender, senderFrame, frameId: 1, processId: 1, preventDefault() {}, defaultPrevented: false }, ...args) };
    } catch (error) {
      return { thrown: String(error) };
    }
  },
  quit: () => app.quit(),
};

/** Runs one command; the answer can be copied to another process. */
async function run(name, args) {
  return portable(await COMMANDS[name](args ?? {}));
}

globalThis.__mainspringProbe = run;
if (process.send) {
  process.on('message', ({ id, name, args }) => {
    if (id === undefined) return;
    run(name, args).then((result) => process.send({ id, result }), (error) => process.send({ id, error: error instanceof Error ? error.message : String(error) }));
  });
  // Nobody watches any more: nothing is to stay behind.
  process.on('disconnect', () => process.exit(1));
}
