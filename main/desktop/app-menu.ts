/** The menu of the window, with the keyboard's shortcuts. */
import type { MenuItemConstructorOptions } from 'electron';
import type { ShellEvent, ShellPhase } from '#app/contracts/shell.ts';

/** Everything that a person can order from menu or tray. */
export type MenuActs = {
  readonly open: () => void;
  readonly start: () => void;
  readonly stop: () => void;
  readonly restart: () => void;
  readonly halt: () => void;
  readonly cancelAll: () => void;
  readonly flatten: () => void;
  readonly quit: () => void;
  readonly about: () => void;
  readonly go: (to: ShellEvent<'navigate'>['to']) => void;
  readonly saveDiagnostics: () => void;
  readonly openDataFolder: () => void;
};

/** What the menu looks at. */
export type MenuFacts = { readonly phase: ShellPhase; readonly isWelcomeDone: boolean; readonly isPackaged: boolean };

const SEPARATOR: MenuItemConstructorOptions = { type: 'separator' };

/** The menu for a phase; what makes no sense now is there and disabled. */
export function windowMenu({ phase, isWelcomeDone, isPackaged }: MenuFacts, acts: MenuActs): MenuItemConstructorOptions[] {
  const isResting = phase === 'stopped' || phase === 'failed';
  const isUp = phase === 'running' || phase === 'starting';
  return [
    {
      label: '&Mainspring',
      submenu: [
        { label: 'Start', click: acts.start, enabled: isResting && isWelcomeDone },
        { label: 'Stop', click: acts.stop, enabled: isUp },
        { label: 'Restart', click: acts.restart, enabled: phase === 'running' },
        SEPARATOR,
        { label: 'HALT trading', accelerator: 'CommandOrControl+Shift+H', click: acts.halt, enabled: isUp },
        { label: 'HALT and cancel all orders...', click: acts.cancelAll, enabled: isUp },
        { label: 'Close all positions...', click: acts.flatten, enabled: isUp },
        SEPARATOR,
        { label: phase === 'stopping' ? 'Quit by force' : 'Quit', accelerator: 'CommandOrControl+Q', click: acts.quit },
      ],
    },
    { label: '&Edit', submenu: [{ role: 'undo' }, { role: 'redo' }, SEPARATOR, { role: 'cut' }, { role: 'copy' }, { role: 'paste' }, { role: 'selectAll' }] },
    {
      label: '&View',
      submenu: [
        { role: 'reload' }, SEPARATOR, { role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, SEPARATOR, { role: 'togglefullscreen' },
        ...(isPackaged ? [] : [SEPARATOR, { role: 'toggleDevTools' } as const]),
      ],
    },
    {
      label: '&Go',
      submenu: [
        { label: 'Portfolio', accelerator: 'CommandOrControl+1', click: () => acts.go('portfolio') },
        { label: 'Health', accelerator: 'CommandOrControl+2', click: () => acts.go('health') },
        SEPARATOR,
        { label: 'Application settings', accelerator: 'CommandOrControl+,', click: () => acts.go('application') },
        { label: 'Broker keys', click: () => acts.go('keys') },
      ],
    },
    {
      label: '&Help',
      submenu: [
        { label: 'Save diagnostics…', click: acts.saveDiagnostics },
        { label: 'Open the data folder', click: acts.openDataFolder },
        SEPARATOR,
        { label: 'About Mainspring', click: acts.about },
      ],
    },
  ];
}
