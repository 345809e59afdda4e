/** The symbol beside the clock: an adapter that shows what tray-menu.ts decided, and only what changed. */
import path from 'node:path';
import type { Menu, MenuItemConstructorOptions, NativeImage, Tray } from 'electron';
import type { TrayAction, TrayFacts, TrayIcon, TrayLine } from './tray-menu.ts';
import { trayIcon, trayMenu, trayTooltip } from './tray-menu.ts';

/** What of Electron the tray is made of. */
export type TrayParts = {
  readonly create: (image: NativeImage) => Pick<Tray, 'setImage' | 'setToolTip' | 'setContextMenu' | 'on' | 'destroy'>;
  readonly imageOf: (file: string) => NativeImage;
  readonly buildMenu: (template: MenuItemConstructorOptions[]) => Menu;
  readonly iconFolder: string;
  readonly platform: NodeJS.Platform;
  readonly acts: Readonly<Record<TrayAction, () => void>>;
};

/** The tray of the application. */
export type ShellTray = { show(facts: TrayFacts, now: number): void; destroy(): void };

function itemOf(line: TrayLine, acts: TrayParts['acts']): MenuItemConstructorOptions {
  if (line.kind === 'separator') return { type: 'separator' };
  if (line.kind === 'text') return { label: line.label, enabled: false };
  return { id: line.action, label: line.label, enabled: line.isEnabled, click: acts[line.action] };
}

/** Puts the symbol there. */
export function openTray({ create, imageOf, buildMenu, iconFolder, platform, acts }: TrayParts): ShellTray {
  const image = (icon: TrayIcon): NativeImage => imageOf(path.join(iconFolder, `${icon}.${platform === 'win32' ? 'ico' : 'png'}`));
  let shown = { icon: 'stopped' as TrayIcon, tooltip: '', menu: '' };
  const tray = create(image(shown.icon));
  tray.on('click', acts.open);
  tray.on('double-click', acts.open);
  return {
    show(facts, now) {
      const lines = trayMenu(facts, now);
      const next = { icon: trayIcon(facts, now), tooltip: trayTooltip(facts, now), menu: JSON.stringify(lines) };
      if (next.icon !== shown.icon) tray.setImage(image(next.icon));
      if (next.tooltip !== shown.tooltip) tray.setToolTip(next.tooltip);
      if (next.menu !== shown.menu) tray.setContextMenu(buildMenu(lines.map((line) => itemOf(line, acts))));
      shown = next;
    },
    destroy: () => tray.destroy(),
  };
}
