/** The bundled preload, run where only electron can be asked for. */
import path from 'node:path';
import vm from 'node:vm';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ShellBridge } from '#app/contracts/shell.ts';
import { SHELL_CALL_NAMES, SHELL_EVENT_NAMES } from '#app/contracts/shell-names.ts';

type Relay = (event: unknown, payload: unknown) => void;

const asked: string[] = [];
const exposed = new Map<string, unknown>();
const invoked: unknown[][] = [];
const relays = new Map<string, Set<Relay>>();
let bytes = 0;

/** Runs the bundled preload where only `electron` can be asked for, as in the sandbox. */
beforeAll(async () => {
  const { outputFiles } = await build({ entryPoints: [path.join(import.meta.dirname, 'preload.ts')], bundle: true, write: false, platform: 'browser', format: 'cjs', external: ['electron'], logLevel: 'silent' });
  const code = outputFiles[0]?.text ?? '';
  bytes = code.length;
  const electron = {
    contextBridge: { exposeInMainWorld: (name: string, api: unknown) => exposed.set(name, api) },
    ipcRenderer: {
      invoke: (...args: unknown[]) => Promise.resolve(invoked.push(args)),
      on: (channel: string, relay: Relay) => relays.set(channel, (relays.get(channel) ?? new Set()).add(relay)),
      removeListener: (channel: string, relay: Relay) => relays.get(channel)?.delete(relay),
    },
  };
  vm.runInNewContext(code, {
    require: (name: string) => {
      asked.push(name);
      if (name !== 'electron') throw new Error(`The sandbox has no ${name}`);
      return electron;
    },
    module: { exports: {} }, exports: {},
  });
});

describe('the bridge', () => {
  it('asks for electron alone and is small', () => {
    expect([...new Set(asked)]).toEqual(['electron']);
    expect(bytes).toBeLessThan(8_000);
  });

  it('exposes the functions of the contract and nothing else', () => {
    expect([...exposed.keys()]).toEqual(['mainspring']);
    const bridge = exposed.get('mainspring') as ShellBridge;
    expect(Object.keys(bridge).sort()).toEqual(['call', 'on']);
    expect(Object.keys(bridge.call).sort()).toEqual([...SHELL_CALL_NAMES].sort());
    expect(Object.keys(bridge.on).sort()).toEqual([...SHELL_EVENT_NAMES].sort());
    for (const value of [...Object.values(bridge.call), ...Object.values(bridge.on)]) expect(typeof value).toBe('function');
  });

  it('asks on the channel of the call with one argument, whatever the page adds', async () => {
    const bridge = exposed.get('mainspring') as { call: Record<string, (...args: unknown[]) => Promise<unknown>> };
    await bridge.call['stopUnit']?.({ unitId: 'redis' }, 'more', 'mainspring:other');
    expect(invoked).toEqual([['mainspring:stopUnit', { unitId: 'redis' }]]);
  });

  it("gives listeners the payload, never Electron's event, and lets them go", () => {
    const bridge = exposed.get('mainspring') as ShellBridge;
    const heard: unknown[][] = [];
    const end = bridge.on.status((...args: unknown[]) => heard.push(args));
    const channel = relays.get('mainspring:status');
    for (const relay of channel ?? []) relay({ sender: 'all of IPC' }, { phase: 'running' });
    expect(heard).toEqual([[{ phase: 'running' }]]);
    end();
    expect(channel?.size).toBe(0);
  });
});
