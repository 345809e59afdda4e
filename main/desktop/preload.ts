/** The bridge in the window: functions of the contract, and nothing of Electron. Runs sandboxed, hence bundled as CommonJS. */
import { contextBridge, ipcRenderer } from 'electron';
import type { IpcRendererEvent } from 'electron';
import type { ShellBridge } from '#app/contracts/shell.ts';
import { SHELL_BRIDGE, SHELL_CALL_NAMES, SHELL_CHANNEL_PREFIX, SHELL_EVENT_NAMES } from '#app/contracts/shell-names.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const call = {} as Mutable<ShellBridge['call']>;
for (const name of SHELL_CALL_NAMES) call[name] = (input) => ipcRenderer.invoke(`${SHELL_CHANNEL_PREFIX}${name}`, input);

const on = {} as Mutable<ShellBridge['on']>;
for (const name of SHELL_EVENT_NAMES) {
  on[name] = (listener) => {
    // Electron's event stays here: it carries the sender, and with it the whole of IPC.
    const relay = (_event: IpcRendererEvent, payload: unknown): void => listener(payload);
    ipcRenderer.on(`${SHELL_CHANNEL_PREFIX}${name}`, relay);
    return () => {
      ipcRenderer.removeListener(`${SHELL_CHANNEL_PREFIX}${name}`, relay);
    };
  };
}

contextBridge.exposeInMainWorld(SHELL_BRIDGE, { call, on } satisfies ShellBridge);
