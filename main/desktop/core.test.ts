/** The application without its window: its status, and a start that is refused. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ShellStatusSchema } from '#app/contracts/shell.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { findLayout } from '../layout.ts';
import { openHome } from '../store/data-folder.ts';
import { openPreferences } from '../store/preferences.ts';
import { plainSealer } from '../store/secrets.ts';
import { createCore, replacement } from './core.ts';
import type { Core } from './core.ts';
import type { Announcement } from './notify.ts';

let folder: string;
let core: Core;
let shown: Announcement[];
let told: ShellStatus[];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'mainspring-core-'));
  const home = openHome(folder);
  // Where the data of the demo should be there is a file.
  writeFileSync(home.dataDirOf('demo'), 'in the way');
  shown = [];
  told = [];
  core = createCore({
    layout: findLayout(import.meta.url), env: {}, home, sealer: plainSealer, preferences: openPreferences(home.preferencesFile), log: () => undefined,
    spawner: {
      start: () => {
        throw new Error('Nothing may be started here');
      },
    },
    openSource: () => Promise.reject(new Error('no updates here')),
    show: (announcement) => shown.push(announcement),
    isWatched: () => false,
    onStatus: (status) => told.push(status),
    onStopAsked: () => undefined,
    replace: { stop: () => Promise.resolve(), leave: () => undefined, stay: () => undefined },
  });
});
afterEach(() => {
  core.close();
  rmSync(folder, { recursive: true });
});

describe('the core', () => {
  it('gives a status of the contract while nothing runs', () => {
    expect(ShellStatusSchema.parse(core.status())).toMatchObject({ phase: 'stopped', problem: null, stack: null, mode: 'demo', gatewayUrl: null, trading: null, armedUntil: null, isWelcomeDone: false, update: { state: 'off' } });
    expect(core.standing()).toEqual({ phase: 'stopped', mode: 'demo', openOrders: null, positions: null });
  });

  it('tells a start that was refused: in the status, and to somebody who does not look', async () => {
    await core.host.start('demo');
    expect(core.status()).toMatchObject({ phase: 'failed', stack: null, problem: { code: 'DATA_FOLDER_UNUSABLE' } });
    expect(shown).toEqual([{ title: 'Mainspring does not run', body: core.status().problem?.message, to: 'health' }]);
    const deadline = performance.now() + 5_000;
    while (told.length === 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(told.at(-1)).toMatchObject({ phase: 'failed' });
  });
});

describe('an update that was not installed', () => {
  const play = async (phase: 'starting' | 'stopped'): Promise<string[]> => {
    const log: string[] = [];
    let now: 'starting' | 'stopped' = phase;
    const host = { state: () => ({ phase: now, problem: null, mode: 'paper' as const, stack: null }), start: (mode: string) => Promise.resolve(void log.push(`start ${mode}`)) };
    const way = replacement(host, { stop: () => Promise.resolve(void (now = 'stopped')), leave: () => log.push('leave'), stay: () => log.push('stay') });
    await way.stop('update');
    way.stay();
    return log;
  };

  it('starts again what ran, in its market, and nothing else', async () => {
    expect(await play('starting')).toEqual(['stay', 'start paper']);
    expect(await play('stopped')).toEqual(['stay']);
  });
});
