/** Parts of a desktop that a headless machine does not have: tray, notifications, dialogs, power. The probe records what reaches them. */
import { existsSync, readFileSync } from 'node:fs';
import type { CrashReporter, CrashReporterStartOptions, Dialog, NativeImage, Notification, NotificationConstructorOptions, PowerMonitor, Shell, Tray } from 'electron';
import { app } from './app.ts';
import { Emitter } from './emitter.ts';
import type { StandInMenu } from './menu.ts';

/** What a picture is asked for here. */
export type StandInImage = Pick<NativeImage, 'isEmpty' | 'getSize' | 'toPNG' | 'setTemplateImage'>;

const PNG_SIZE_AT = 16;

/** Stands in for `nativeImage`: a file that is missing is an empty picture, not an error. */
export const nativeImage = {
  createFromPath(file: string): StandInImage {
    const bytes = existsSync(file) ? readFileSync(file) : null;
    const isPng = bytes?.subarray(1, 4).toString('latin1') === 'PNG';
    return {
      isEmpty: () => bytes === null,
      getSize: () => (bytes !== null && isPng ? { width: bytes.readUInt32BE(PNG_SIZE_AT), height: bytes.readUInt32BE(PNG_SIZE_AT + 4) } : { width: 0, height: 0 }),
      toPNG: () => bytes ?? Buffer.alloc(0),
      setTemplateImage: () => undefined,
    };
  },
  createEmpty: (): StandInImage => ({ isEmpty: () => true, getSize: () => ({ width: 0, height: 0 }), toPNG: () => Buffer.alloc(0), setTemplateImage: () => undefined }),
};

/** Stands in for `Tray`. */
export class StandInTray extends Emitter<{ click: []; 'double-click': []; 'right-click': [] }> implements Pick<Tray, 'setToolTip' | 'destroy' | 'isDestroyed' | 'closeContextMenu'> {
  #isDestroyed = false;

  constructor(image: StandInImage | string) {
    super();
    app.assertReady('Cannot create Tray');
    this.setImage(image);
  }

  setImage(image: StandInImage | string): void {
    if (typeof image === 'string' ? !existsSync(image) : image.isEmpty()) process.stderr.write('The picture of the tray is empty: the symbol cannot be seen\n');
  }

  setToolTip(text: string): void {
    if (text === '') throw new Error('A symbol without a tooltip says nothing');
  }

  setContextMenu(_menu: StandInMenu | null): void {
    if (this.#isDestroyed) throw new Error('Tray is destroyed');
  }

  popUpContextMenu(): void {
    // A headless desktop shows no menus.
  }

  closeContextMenu(): void {
    // A headless desktop shows no menus.
  }

  destroy(): void {
    this.#isDestroyed = true;
  }

  isDestroyed(): boolean {
    return this.#isDestroyed;
  }
}

/** Stands in for `Notification`. */
export class StandInNotification extends Emitter<{ click: []; show: []; close: [] }> implements Pick<Notification, 'show' | 'close' | 'title' | 'body'> {
  title: string;
  body: string;
  readonly silent: boolean;

  constructor(options: NotificationConstructorOptions = {}) {
    super();
    this.title = options.title ?? '';
    this.body = options.body ?? '';
    this.silent = options.silent ?? false;
  }

  static isSupported(): boolean {
    return true;
  }

  show(): void {
    this.tell('show');
  }

  close(): void {
    this.tell('close');
  }
}

const nobody = (what: string) => (): never => {
  throw new Error(`Nobody is there to answer ${what}; the probe should have been loaded`);
};

/** Stands in for `dialog`: the probe answers. */
export const dialog = {
  showMessageBox: nobody('a message box'),
  showSaveDialog: nobody('a save dialog'),
  showErrorBox: nobody('an error box'),
} satisfies Pick<Dialog, 'showMessageBox' | 'showSaveDialog' | 'showErrorBox'>;

/** Stands in for `shell`: the probe records. */
export const shell = {
  openExternal: nobody('a link'),
  openPath: nobody('a folder'),
  showItemInFolder: nobody('a file'),
} satisfies Pick<Shell, 'openExternal' | 'openPath' | 'showItemInFolder'>;

/** Stands in for `powerMonitor`. */
export class StandInPower extends Emitter<{ suspend: []; resume: []; shutdown: [event: unknown]; 'lock-screen': []; 'unlock-screen': [] }> implements Pick<PowerMonitor, 'getSystemIdleTime' | 'isOnBatteryPower'> {
  getSystemIdleTime(): number {
    return 0;
  }

  isOnBatteryPower(): boolean {
    return false;
  }
}

/** Stands in for `powerMonitor`. */
export const powerMonitor = new StandInPower();

let crashOptions: CrashReporterStartOptions | null = null;

/** Stands in for `crashReporter`. */
export const crashReporter = {
  start(options) {
    crashOptions = options;
  },
  getUploadToServer: () => crashOptions?.uploadToServer ?? false,
} satisfies Pick<CrashReporter, 'start' | 'getUploadToServer'>;
