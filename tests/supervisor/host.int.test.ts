/** The host: starts, stops and markets one after the other; keys that reach two workers alone; the arming of the real account. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RuntimeConfigSchema } from '#app/contracts/config.ts';
import type { Mode, RuntimeConfig } from '#app/contracts/config.ts';
import type { UnitId, WorkerId } from '#app/contracts/health.ts';
import { LIVE_PHRASE } from '#app/contracts/shell.ts';
import { createHost } from '#main/host.ts';
import type { Host } from '#main/host.ts';
import type { Stack } from '#main/boot.ts';
import { openHome } from '#main/store/data-folder.ts';
import { openSecrets, plainSealer } from '#main/store/secrets.ts';
import type { Sealer } from '#main/store/secrets.ts';
import { askDoor } from '#main/supervisor/door.ts';
import { nodeSpawner } from '#main/supervisor/node-spawner.ts';
import { behave, eventually, fakeLayout, freshFolder, isAlive, ownPorts, removeFolder } from '../support/fake-stack.ts';

const PAPER = { keyId: 'PKPLANTED0PAPER0KEY', secretKey: 'planted0paper0secret0key' };
const LIVE = { keyId: 'AKPLANTED0LIVE0KEY', secretKey: 'planted0live0secret0key' };
const WITH_KEYS: readonly WorkerId[] = ['data_ingestion', 'execution'];
const WORKERS: readonly WorkerId[] = ['orchestrator', 'data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification', 'gateway'];

/** A key store: what lies on the disk shows nothing of what it seals. */
const sealer: Sealer = {
  keptBy: 'system',
  seal: (text) => Promise.resolve(Buffer.from(text).toString('hex')),
  unseal: (sealed) => Promise.resolve(Buffer.from(sealed, 'hex').toString()),
};

const folder = freshFolder();
const home = openHome(path.join(folder, 'home'));
const phases: string[] = [];
const logged: string[] = [];
const configFile = (mode: Mode, id: WorkerId): string => path.join(folder, `config-${mode}-${id}.json`);
let host: Host;
const wish = (mode: Mode, more: Partial<Record<WorkerId, object>> = {}): void =>
  behave(home.dataDirOf(mode), Object.fromEntries(WORKERS.map((id) => [id, { keepConfig: configFile(mode, id), ...(id === 'risk_management' ? { commands: { '/commands/setTradingState': { version: 7, state: 'HALTED' } } } : {}), ...more[id] }])));

beforeAll(async () => {
  for (const mode of ['demo', 'paper', 'live'] as const) {
    mkdirSync(home.dataDirOf(mode), { recursive: true });
    wish(mode);
  }
  execFileSync('chmod', ['755', folder, home.homeDir]);
  host = createHost({
    home, sealer, mode: 'demo', layout: fakeLayout(path.join(folder, 'no-migrations')), env: await ownPorts(), spawner: nodeSpawner(),
    log: (level, text) => logged.push(`${level} ${text}`), events: {},
  });
  host.onChange(() => {
    const { phase } = host.state();
    if (phases.at(-1) !== phase) phases.push(phase);
  });
});
afterAll(async () => {
  await host.stop('the tests are over');
  removeFolder(folder);
});

const running = (): Promise<void> => eventually('everything runs', () => host.state().phase === 'running', 40_000);
function stack(): Stack {
  const found = host.state().stack;
  if (found === null) throw new Error(`Nothing runs: ${host.state().problem?.message ?? 'no problem'}`);
  return found;
}
const pidsOf = (): number[] => stack().health().units.flatMap(({ pid }) => (pid === null ? [] : [pid]));
/** What a unit writes from now on. */
function logFromNow(id: UnitId): () => string {
  const last = stack().unitLogs(id, 1).at(-1)?.seq ?? 0;
  return () => stack().unitLogs(id, 500, last).map(({ text }) => `${text}\n`).join('');
}
const logOf = (id: UnitId): string => stack().unitLogs(id, 500).map(({ text }) => text).join('\n');
const toldTo = (mode: Mode, id: WorkerId): RuntimeConfig => RuntimeConfigSchema.parse(JSON.parse(readFileSync(configFile(mode, id), 'utf8')));

describe('a host', () => {
  it('makes one start of two, is running once every part was up, and leaves nothing after a stop', async () => {
    const both = [host.start('demo'), host.start('demo')];
    await Promise.all(both);
    const first = stack();
    await running();
    expect(phases).toEqual(['starting', 'running']);
    expect(first.health()).toMatchObject({ mode: 'demo', dataDir: home.dataDirOf('demo') });
    expect(first.access()).toMatchObject({ baseUrl: `http://127.0.0.1:${first.health().units.find(({ id }) => id === 'gateway')?.port ?? 0}`, token: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    const pids = pidsOf();
    expect(pids.length).toBeGreaterThan(8);
    await host.stop('the test asked');
    expect([host.state().phase, host.state().stack, pids.filter(isAlive)]).toEqual(['stopped', null, []]);
    expect(phases).toEqual(['starting', 'running', 'stopping', 'stopped']);
    expect(host.history({ unitId: 'gateway', limit: 50 }).map(({ state }) => state)).toContain('ready');
  });

  it('lets a start wait for a stop that goes on, and a stop for a start', async () => {
    void host.start('demo');
    const stopped = host.stop('at once again');
    const again = host.start('demo');
    await stopped;
    await again;
    await running();
    expect(phases.slice(-5)).toEqual(['starting', 'stopping', 'stopped', 'starting', 'running']);
    const before = pidsOf();
    await host.restart('the test asked');
    expect(before.filter(isAlive)).toEqual([]);
    await running();
  });

  it('says why a market cannot start, and that nothing runs', async () => {
    await host.start('paper');
    expect(host.state()).toMatchObject({ phase: 'failed', stack: null, mode: 'paper', problem: { code: 'CONFIG_INVALID', message: expect.stringContaining('mainspring keys set paper') as string } });
    writeFileSync(home.envFile, 'ALPACA_API_KEY=PKOTHER123\nALPACA_SECRET_KEY=othersecret\n');
    await host.start('demo');
    expect(host.state()).toMatchObject({ phase: 'failed', problem: { code: 'CONFIG_INVALID', message: expect.stringContaining('say paper') as string } });
    writeFileSync(home.envFile, '');
  });

  it('starts in the other market with the keys of its account, told to two workers alone', async () => {
    await host.setBrokerKeys('live', LIVE);
    const keys = await host.setBrokerKeys('paper', PAPER);
    expect(keys).toMatchObject({ keptBy: 'system', paper: { isSet: true, ending: '0KEY' }, live: { isSet: true } });
    await host.start('demo');
    await running();
    await host.start('paper');
    await running();
    expect(stack().health()).toMatchObject({ mode: 'paper', dataDir: home.dataDirOf('paper') });
    for (const id of WORKERS) {
      const config = toldTo('paper', id);
      expect([id, config.mode, config.live]).toEqual([id, 'paper', undefined]);
      expect(config.alpaca === undefined, id).toBe(!WITH_KEYS.includes(id));
      expect(JSON.stringify(config), id).not.toContain(LIVE.secretKey);
      if (WITH_KEYS.includes(id)) expect(config.alpaca).toMatchObject({ ...PAPER, tradingUrl: 'https://paper-api.alpaca.markets' });
    }
    expect(() => host.armLive(LIVE_PHRASE, 60)).toThrow(expect.objectContaining({ code: 'LIVE_REFUSED' }) as Error);
  });

  it('reaches risk past the gateway, and says so when risk is down', async () => {
    const input = { state: 'HALTED', reason: 'the test', idempotencyKey: 'host-test-halt-1', actor: 'desktop' } as const;
    stack().supervisor.command('gateway', 'stop', 'the test');
    await eventually('the gateway is down', () => stack().supervisor.statusOf('gateway').state === 'stopped');
    expect(await stack().command('setTradingState', input)).toEqual({ version: 7, state: 'HALTED' });
    stack().supervisor.command('risk_management', 'stop', 'the test');
    await eventually('risk is down', () => stack().supervisor.statusOf('risk_management').state === 'stopped');
    await expect(stack().command('setTradingState', input)).rejects.toMatchObject({ code: 'UNIT_TIMEOUT', family: 'temporary' });
    await expect(stack().command('setTradingState', { ...input, idempotencyKey: 'short' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('begins in the live market disarmed; the phrase arms it until it stops, also for a worker that starts again', async () => {
    await host.start('live');
    expect(() => host.armLive(LIVE_PHRASE, 60)).toThrow(expect.objectContaining({ code: 'LIVE_REFUSED' }) as Error);
    await running();
    for (const id of WORKERS) {
      const config = toldTo('live', id);
      expect(config.live, id).toEqual(['execution', 'risk_management', 'gateway'].includes(id) ? { armedUntil: null } : undefined);
      expect(JSON.stringify(config), id).not.toContain(PAPER.secretKey);
      if (WITH_KEYS.includes(id)) expect(config.alpaca).toMatchObject({ ...LIVE, tradingUrl: 'https://api.alpaca.markets' });
    }
    expect(() => host.armLive('trade real money', 60)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }) as Error);
    const { armedUntil } = host.armLive(LIVE_PHRASE, 60);
    expect(armedUntil - Date.now()).toBeGreaterThan(59 * 60_000);
    for (const id of ['execution', 'risk_management', 'gateway'] as const) await eventually(`${id} is told`, () => logOf(id).includes(`arming ${armedUntil}`));
    expect(logOf('analytics')).not.toContain('arming');
    stack().supervisor.command('execution', 'restart', 'the test');
    await eventually('execution is told at its start', () => (toldTo('live', 'execution').live?.armedUntil ?? 0) > Date.now());
    expect(toldTo('live', 'execution').live?.armedUntil).toBeLessThanOrEqual(armedUntil);
    await eventually('execution is up', () => stack().supervisor.statusOf('execution').state === 'ready');

    const log = logFromNow('execution');
    host.disarmLive();
    expect(stack().armedUntil()).toBeNull();
    await eventually('execution is told', () => log().includes('arming null'));
    host.armLive(LIVE_PHRASE, 240);
    stack().suspended();
    expect(stack().armedUntil()).toBeNull();
    stack().resumed(1_000);
    host.armLive(LIVE_PHRASE, 480);
    await host.setBrokerKeys('live', LIVE);
    expect(stack().armedUntil()).toBeNull();
    host.armLive(LIVE_PHRASE, 60);
    await host.restart('the test');
    await running();
    expect([stack().armedUntil(), toldTo('live', 'execution').live]).toEqual([null, { armedUntil: null }]);
    const record = readFileSync(path.join(home.dataDirOf('live'), 'logs', 'audit.log'), 'utf8');
    expect(record.match(/is ARMED/g)).toHaveLength(4);
    expect(record.match(/is disarmed/g)).toHaveLength(4);
  });

  it.each<'execution' | 'risk_management' | 'gateway'>(['execution', 'risk_management', 'gateway'])('tells %s of a disarming while it starts, and once more when it is up', async (id) => {
    const go = path.join(folder, `go-${id}`);
    const before = logFromNow(id);
    wish('live', { [id]: { startsWhen: go } });
    const { armedUntil } = host.armLive(LIVE_PHRASE, 60);
    await eventually('it to be told', () => before().includes(`arming ${armedUntil}`));
    const log = logFromNow(id);
    stack().supervisor.command(id, 'restart', 'the test');
    await eventually('it to be told in its configuration', () => /starting \d+/.test(log()));
    expect(stack().supervisor.statusOf(id).state).toBe('starting');
    expect(log()).not.toContain('arming');
    host.disarmLive();
    await eventually('it to hear of the disarming', () => log().includes('while starting: arming null'));
    expect(stack().supervisor.statusOf(id).state).toBe('starting');
    writeFileSync(go, '');
    await eventually('it to be up and told again', () => /^arming null/m.test(log()));
    expect(log()).not.toContain(`arming ${armedUntil}`);
  });

  it('tells a gateway that starts of an arming', async () => {
    const go = path.join(folder, 'go-late');
    const log = logFromNow('gateway');
    wish('live', { gateway: { startsWhen: go } });
    stack().supervisor.command('gateway', 'restart', 'the test');
    await eventually('it to start', () => log().includes('starting null'));
    const { armedUntil } = host.armLive(LIVE_PHRASE, 60);
    await eventually('it to hear of the arming', () => log().includes(`while starting: arming ${armedUntil}`));
    writeFileSync(go, '');
    await eventually('it to be up and told again', () => /^arming \d+/m.test(log()));
    host.disarmLive();
    wish('live');
  });

  it('arms at the control door with the phrase alone', async () => {
    const door = path.join(home.dataDirOf('live'), 'run', 'door.sock');
    await expect(askDoor(door, 'arm', 5_000, { phrase: 'please', minutes: 60 })).rejects.toThrow('typing exactly');
    await expect(askDoor(door, 'arm', 5_000)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(stack().armedUntil()).toBeNull();
    const answer = await askDoor(door, 'arm', 5_000, { phrase: LIVE_PHRASE, minutes: 60 });
    expect(answer?.result).toEqual({ armedUntil: expect.any(Number) as number });
    expect(stack().armedUntil()).not.toBeNull();
    expect((await askDoor(door, 'disarm', 5_000))?.result).toEqual({ armedUntil: null });
    expect(stack().armedUntil()).toBeNull();
  });

  it('has let no key out: not into a file, a log, an environment, an argument, or anything that is shown', async () => {
    const planted = [PAPER, LIVE].flatMap((pair) => Object.values(pair));
    const leaks = (text: string): string[] => planted.filter((secret) => text.includes(secret));
    const door = path.join(home.dataDirOf('live'), 'run', 'door.sock');
    const seen: Record<string, string> = {
      door: JSON.stringify(await askDoor(door, 'status', 5_000)), verify: JSON.stringify(await askDoor(door, 'verify', 15_000)),
      state: JSON.stringify({ ...host.state(), stack: null }), health: JSON.stringify(stack().health()), keys: JSON.stringify(await host.brokerKeys()),
      history: JSON.stringify(stack().history({ unitId: null, limit: 200 })), logged: logged.join('\n'),
      logs: stack().supervisor.unitIds.map(logOf).join('\n'),
    };
    for (const pid of [...pidsOf(), process.pid]) seen[`process ${pid}`] = readFileSync(`/proc/${pid}/cmdline`, 'utf8') + readFileSync(`/proc/${pid}/environ`, 'utf8');
    for (const [where, text] of Object.entries(seen)) expect(leaks(text), where).toEqual([]);
    await host.stop('the test looks at the files');
    for (const secret of planted) {
      const found = execFileSync('sh', ['-c', 'grep -rlaF -e "$1" "$2" || true', 'sh', secret, home.homeDir], { encoding: 'utf8' });
      expect(found.trim(), secret.slice(0, 4)).toBe('');
    }
    // They are there all the same, for their owner.
    expect((await openSecrets(home.keysFile, sealer)).get('alpaca.live.secretKey')).toBe(LIVE.secretKey);
    await expect(openSecrets(home.keysFile, plainSealer)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
  });

  it('ends at once when the session ends, and can be asked to twice', async () => {
    await host.start('demo');
    await running();
    const pids = pidsOf();
    const before = performance.now();
    void host.stop('an orderly stop');
    await host.stop('the session ends', true);
    expect(performance.now() - before).toBeLessThan(6_000);
    expect([pids.filter(isAlive), host.state().phase]).toEqual([[], 'stopped']);
    expect(existsSync(path.join(home.dataDirOf('demo'), 'run', 'door.sock'))).toBe(false);
  });

  it('gives a start up, and those that wait, when the session ends before the first part', async () => {
    const before = phases.length;
    const begun = host.start('demo');
    const waiting = host.restart('it waits for the start');
    // In the middle of the start: a moment later its parts would run.
    const ended = new Promise<void>((resolve) => {
      const forget = host.onChange(() => {
        forget();
        resolve(host.stop('the session ends', true));
      });
    });
    await Promise.all([begun, waiting, ended]);
    expect(host.state()).toMatchObject({ phase: 'stopped', stack: null, problem: null });
    expect(phases.slice(before)).toEqual(['starting', 'stopped']);
    expect(logged.at(-1)).toContain('The start was given up');
    expect(existsSync(path.join(home.dataDirOf('demo'), 'run', 'door.sock'))).toBe(false);
    // The folder was let go, and the next start is one again.
    await host.start('demo');
    await running();
    await host.stop('the test asked');
  });

  it('opens a vault that the command line wrote while a start and the window ask for it', async () => {
    rmSync(home.keysFile);
    const plain = await openSecrets(home.keysFile, plainSealer);
    await Promise.all([plain.put('alpaca.paper.keyId', PAPER.keyId), plain.put('alpaca.paper.secretKey', PAPER.secretKey)]);
    const [keys, again] = await Promise.all([host.brokerKeys(), host.brokerKeys(), host.start('paper')]);
    expect([keys, again]).toEqual([0, 1].map(() => expect.objectContaining({ keptBy: 'system', paper: expect.objectContaining({ isSet: true }) as object }) as object));
    expect(host.state().problem).toBeNull();
    await host.stop('the test asked');
  });

  it('refuses a folder that holds the book of another market', async () => {
    writeFileSync(path.join(home.dataDirOf('paper'), 'market.json'), '{"market":"demo","settings":"../.env"}');
    await host.start('paper');
    expect(host.state()).toMatchObject({ phase: 'failed', problem: { code: 'DATA_FOLDER_UNUSABLE' } });
  });
});
