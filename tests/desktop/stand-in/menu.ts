/** `Menu` and `MenuItem`: templates become items whose clicks do what the template says. */
import type { Menu, MenuItemConstructorOptions } from 'electron';
import { app } from './app.ts';
import { StandInWindow } from './window.ts';

/** Stands in for `MenuItem`. */
export class StandInMenuItem {
  readonly id: string | undefined;
  readonly type: string;
  readonly role: string | undefined;
  readonly sublabel: string | undefined;
  readonly accelerator: string | undefined;
  readonly icon: unknown;
  readonly submenu: StandInMenu | null;
  label: string;
  enabled: boolean;
  visible: boolean;
  checked: boolean;
  /** What choosing the item does, as Electron calls it. */
  readonly click: () => void;

  constructor(options: MenuItemConstructorOptions) {
    this.id = options.id;
    this.role = options.role;
    this.type = options.type ?? (options.submenu === undefined ? 'normal' : 'submenu');
    this.label = options.label ?? options.role ?? '';
    this.sublabel = options.sublabel;
    this.accelerator = typeof options.accelerator === 'string' ? options.accelerator : undefined;
    this.icon = options.icon;
    this.enabled = options.enabled ?? true;
    this.visible = options.visible ?? true;
    this.checked = options.checked ?? false;
    this.submenu = Array.isArray(options.submenu) ? StandInMenu.buildFromTemplate(options.submenu) : null;
    this.click = () => {
      if (!this.enabled) return;
      if (this.type === 'checkbox') this.checked = !this.checked;
      const { click } = options;
      if (click) click(this as never, StandInWindow.getFocusedWindow() as never, {} as never);
      else if (this.role === 'quit') app.quit();
      else if (this.role === 'close') StandInWindow.getFocusedWindow()?.close();
    };
  }
}

/** Stands in for `Menu`. */
export class StandInMenu implements Pick<Menu, 'closePopup'> {
  static #application: StandInMenu | null = null;
  readonly items: StandInMenuItem[];

  constructor(items: StandInMenuItem[] = []) {
    this.items = items;
  }

  static buildFromTemplate(template: readonly MenuItemConstructorOptions[]): StandInMenu {
    return new StandInMenu(template.map((options) => new StandInMenuItem(options)));
  }

  static setApplicationMenu(menu: StandInMenu | null): void {
    StandInMenu.#application = menu;
  }

  static getApplicationMenu(): StandInMenu | null {
    return StandInMenu.#application;
  }

  getMenuItemById(id: string): StandInMenuItem | null {
    for (const item of this.items) {
      const found = item.id === id ? item : item.submenu?.getMenuItemById(id);
      if (found) return found;
    }
    return null;
  }

  popup(): void {
    // A headless desktop shows no menus.
  }

  closePopup(): void {
    // A headless desktop shows no menus.
  }
}
