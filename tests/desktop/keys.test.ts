/** Broker keys in the desktop application: in through one call, sealed at rest, and nowhere else. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { ShellCallName } from '#app/contracts/shell-names.ts';
import { removeTestFolder, startTestSimulator } from '../../services/simulator/testing.ts';
import { until } from '../support/servers.ts';
import { filesWith, openDesk, preparedHome, processesWith, SHOW_LIMIT_MS, START_LIMIT_MS } from './desk.ts';
import type { Desk } from './desk.ts';
import { cleanUp } from './launch.ts';
import { shoot } from './shots.ts';

const KEY_ID = 'PKPLANTEDKEYID424242';
const SECRET = 'planted0secret0that0must0never0be0seen42';
/** What a page can read of the application. */
const READS = ['access', 'status', 'preferences', 'brokerKeys', 'about'] as const satisfies readonly ShellCallName[];

let desk: Desk;
afterEach(async () => {
  if (desk.desktop.isRunning()) {
    await desk.desktop.probe('answer', { method: 'showMessageBox', result: { response: 0, checkboxChecked: false } });
    await desk.desktop.probe('chooseTray', { item: 'quit' });
    await desk.desktop.exited();
  }
});
afterAll(cleanUp);

async function quit(): Promise<void> {
  await desk.desktop.probe('chooseTray', { item: 'quit' });
  expect(await desk.desktop.exited()).toBe(0);
  await desk.nothingLeft();
}

/** Everything that the page may read, as one text. */
async function everythingTold(): Promise<string> {
  const told = await Promise.all(READS.map((name) => desk.ask(name, {})));
  const history = await desk.ask('unitHistory', { unitId: null, limit: 200 });
  return JSON.stringify([told, history]);
}

describe('keys', () => {
  it('are sealed on the disk, told by their last letters alone, and survive a restart', async () => {
    const home = await preparedHome();
    desk = await openDesk({ home });
    const stored = await desk.call('setBrokerKeys', { account: 'paper', keyId: KEY_ID, secretKey: SECRET });
    expect(stored).toMatchObject({ paper: { isSet: true, ending: KEY_ID.slice(-4) }, live: { isSet: false, ending: null }, keptBy: 'system' });
    expect(existsSync(path.join(home, 'keys.json'))).toBe(true);
    for (const secret of [SECRET, KEY_ID]) {
      expect(filesWith(path.dirname(home), secret)).toEqual([]);
      expect(processesWith(secret)).toEqual([]);
      expect(await everythingTold()).not.toContain(secret);
      expect(desk.desktop.output()).not.toContain(secret);
    }
    await quit();
    desk = await openDesk({ home });
    expect(await desk.call('brokerKeys', {})).toMatchObject({ paper: { isSet: true, ending: KEY_ID.slice(-4) } });
    expect(await desk.call('removeBrokerKeys', { account: 'paper' })).toMatchObject({ paper: { isSet: false, ending: null, savedAt: null } });
    await quit();
  });

  it('are tested at the broker: typed ones before they are kept, kept ones after, and nothing of either is told', async () => {
    const simulator = await startTestSimulator({ isRunning: true });
    desk = await openDesk({ home: await preparedHome({ ALPACA_BASE_URL: simulator.url }) });
    const { keyId, secretKey } = simulator.access;
    expect(await desk.call('testConnection', { account: 'paper', typed: { keyId: KEY_ID, secretKey: SECRET } })).toMatchObject({ keysFrom: 'typed', keyEnding: KEY_ID.slice(-4), tested: null, findings: [{ kind: 'keys_refused' }] });
    expect(await desk.call('testConnection', { account: 'paper', typed: null })).toMatchObject({ keyEnding: null, host: null, findings: [{ kind: 'no_keys' }] });
    await desk.call('setBrokerKeys', { account: 'paper', keyId, secretKey });
    const test = await desk.call('testConnection', { account: 'paper', typed: null });
    expect(test).toMatchObject({ keysFrom: 'stored', isStandIn: true, tested: { status: 'ACTIVE', equity: '100000' }, feed: 'iex', findings: [] });
    for (const secret of [SECRET, KEY_ID, keyId, secretKey]) {
      expect(JSON.stringify(test)).not.toContain(secret);
      expect(desk.desktop.output()).not.toContain(secret);
    }
    await quit();
    await simulator.close();
    removeTestFolder(simulator.folder);
  });

  it('of the other account, and broken ones, are refused without being repeated', async () => {
    desk = await openDesk({ home: await preparedHome() });
    const refused = await desk.ask('setBrokerKeys', { account: 'live', keyId: KEY_ID, secretKey: SECRET });
    expect(refused).toMatchObject({ ok: false });
    expect(JSON.stringify(refused)).not.toContain(SECRET);
    const broken = await desk.ask('setBrokerKeys', { account: 'paper', keyId: 'PK', secretKey: `${SECRET}\n${'x'.repeat(300)}` });
    expect(broken).toMatchObject({ ok: false, error: { code: 'INPUT_INVALID' } });
    expect(JSON.stringify(broken)).not.toContain(SECRET);
    await quit();
  });

  it('reach the workers by the channel alone: in no argument, environment, log, data file or diagnostics', async () => {
    const home = await preparedHome();
    desk = await openDesk({ home });
    await desk.call('setBrokerKeys', { account: 'paper', keyId: KEY_ID, secretKey: SECRET });
    await desk.call('finishWelcome', { mode: 'paper' });
    // There is no broker on a machine without a network; the workers that need the keys have them before they find out.
    await until(async () => {
      const execution = (await desk.status()).stack?.units.find(({ id }) => id === 'execution');
      return typeof execution?.pid === 'number' && (await desk.call('unitLogs', { unitId: 'execution', lines: 50 })).lines.length > 0;
    }, 'the execution worker to have its configuration', START_LIMIT_MS);
    const zip = path.join(path.dirname(home), 'diagnostics.zip');
    await desk.desktop.probe('answer', { method: 'showSaveDialog', result: { canceled: false, filePath: zip } });
    expect(await desk.call('saveDiagnostics', {})).toEqual({ path: zip });
    const inside = Object.entries(unzipSync(readFileSync(zip)));
    expect(inside.length).toBeGreaterThan(3);
    for (const secret of [SECRET, KEY_ID]) {
      expect(processesWith(secret)).toEqual([]);
      expect(filesWith(path.dirname(home), secret)).toEqual([]);
      expect(await everythingTold()).not.toContain(secret);
      expect(inside.filter(([, bytes]) => Buffer.from(bytes).includes(secret)).map(([name]) => name)).toEqual([]);
    }
    const { token } = (await desk.call('access', {})) ?? { token: 'no gateway yet' };
    expect(processesWith(token)).toEqual([]);
    expect(filesWith(home, token)).toEqual([]);
    await desk.desktop.probe('answer', { method: 'showMessageBox', result: { response: 0, checkboxChecked: false } });
    await quit();
  });
});

describe('without a key store', () => {
  it.each(['basic_text', 'unavailable'] as const)('(%s) keys are kept in a file for its owner alone, and the application says so', async (keyring) => {
    const home = await preparedHome();
    desk = await openDesk({ home, keyring });
    expect(await desk.call('setBrokerKeys', { account: 'paper', keyId: KEY_ID, secretKey: SECRET })).toMatchObject({ keptBy: 'file' });
    expect((statSync(path.join(home, 'keys.json')).mode & 0o077).toString(8)).toBe('0');
    expect(await everythingTold()).not.toContain(SECRET);
    await quit();
  });
});

describe('a damaged vault', () => {
  const damaged = '{"format":2,';

  it('of the broker keys is refused, with what to do, and left as it is', async () => {
    const home = await preparedHome();
    writeFileSync(path.join(home, 'keys.json'), damaged, { mode: 0o600 });
    desk = await openDesk({ home });
    const refused = await desk.ask('setBrokerKeys', { account: 'paper', keyId: KEY_ID, secretKey: SECRET });
    expect(refused).toMatchObject({ ok: false, error: { code: 'CONFIG_UNREADABLE', message: expect.stringContaining('keys.json') as string } });
    expect(await desk.ask('finishWelcome', { mode: 'paper' })).toMatchObject({ ok: false });
    expect(readFileSync(path.join(home, 'keys.json'), 'utf8')).toBe(damaged);
    await quit();
  });

  it('of a market stops the start with a page that says what to do', async () => {
    const home = await preparedHome();
    mkdirSync(path.join(home, 'demo'), { mode: 0o711 });
    writeFileSync(path.join(home, 'demo', 'vault.json'), damaged, { mode: 0o600 });
    desk = await openDesk({ home });
    await desk.call('finishWelcome', { mode: 'demo' });
    await desk.page.getByRole('heading', { name: 'Mainspring did not start' }).waitFor({ timeout: SHOW_LIMIT_MS });
    const { phase, problem, stack } = await desk.status();
    expect({ phase, code: problem?.code, stack }).toEqual({ phase: 'failed', code: 'CONFIG_UNREADABLE', stack: null });
    expect(await desk.page.getByRole('alert').textContent()).toContain('vault.json');
    expect((await desk.desktop.look()).tray?.image).toMatch(/failed/);
    await shoot(desk, 'desktop-failed');
    expect(readFileSync(path.join(home, 'demo', 'vault.json'), 'utf8')).toBe(damaged);
    await quit();
  });
});
