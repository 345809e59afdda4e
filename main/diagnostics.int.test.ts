/** The diagnostics of a planted installation: everything that helps is in it, and not one of the planted secrets. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UnitIncident } from '#app/contracts/health.ts';
import { LOG_LINES, collectDiagnostics, diagnosticsName } from './diagnostics.ts';
import type { Sealer } from './store/secrets.ts';
import { openSecrets, plainSealer } from './store/secrets.ts';

let homeDir: string;
let dataDir: string;

beforeEach(() => {
  homeDir = mkdtempSync(path.join(tmpdir(), 'ms-diagnostics-'));
  dataDir = path.join(homeDir, 'paper');
  mkdirSync(path.join(dataDir, 'logs', 'crashes'), { recursive: true });
});
afterEach(() => rmSync(homeDir, { recursive: true, force: true }));

/** A key store that only turns letters around: what it sealed cannot be found by looking. */
const rot: Sealer = {
  keptBy: 'system',
  seal: (text) => Promise.resolve(Buffer.from(text).toString('base64').split('').reverse().join('')),
  unseal: (sealed) => Promise.resolve(Buffer.from(sealed.split('').reverse().join(''), 'base64').toString()),
};

const PLANTED = {
  keyId: 'PKTESTTESTTESTTEST12', secretKey: 'two words and "quotes"', database: 'gänse-füßchen', redis: 'r3d%21s', settingKey: 'key-of-the-settings', token: 'c0ffee'.repeat(11).slice(0, 64), login: 'bG9naW4tdG9rZW4tb2YtdG9kYXk0Mjc4',
};

async function plant(sealer: Sealer): Promise<string[]> {
  const keys = await openSecrets(path.join(homeDir, 'keys.json'), sealer);
  await keys.put('alpaca.paper.keyId', PLANTED.keyId);
  await keys.put('alpaca.paper.secretKey', PLANTED.secretKey);
  const vault = await openSecrets(path.join(dataDir, 'vault.json'), sealer);
  const made = await Promise.all(['postgres', 'redis', 'session'].map((name) => vault.ensure(name)));
  writeFileSync(path.join(dataDir, '.env'), `POSTGRES_PASSWORD=${PLANTED.database}\nREDIS_URL=redis://user:${PLANTED.redis}@10.0.0.1:6379/0\nLOG_LEVEL=debug\nMY_OWN=${PLANTED.settingKey}\n`);
  const lines = [...Object.values(PLANTED), ...made].flatMap((secret) => [`told plainly: ${secret}`, JSON.stringify({ msg: `inside ${secret}`, deep: JSON.stringify({ secret }) }), `encoded ${encodeURIComponent(secret)}`]);
  const all = [...Array.from({ length: LOG_LINES + 500 }, (_, index) => `line ${index}`), ...lines, `GET /login?token=${PLANTED.login}`, 'authorization: Bearer of-this-launch'].join('\n');
  for (const name of ['execution.log', 'postgres.log', 'execution.log.1', 'crashes/2026-03-04T10-00-00.000Z-execution.log']) writeFileSync(path.join(dataDir, 'logs', name), `${all}\n`);
  mkdirSync(path.join(homeDir, 'logs'), { recursive: true });
  writeFileSync(path.join(homeDir, 'logs', 'audit.log'), `${all}\n`);
  writeFileSync(path.join(homeDir, 'preferences.json'), JSON.stringify({ mode: 'paper', isWelcomeDone: true }));
  return made;
}

function historyWith(secrets: readonly string[]): UnitIncident[] {
  const lastLines = secrets.map((secret) => `last words: ${secret}`);
  return [{ at: 1, unit: 'execution', state: 'backoff', reason: `refused: ${secrets[0] ?? ''}`, exit: { at: 1, code: 70, signal: null, reason: 'an invariant broke', firstLines: ['started'], lastLines } }];
}

const options = (history: UnitIncident[], sealer: Sealer) => ({ homeDir, dataDir, health: null, history, version: '0.1.0', versions: { electron: '45.4.1' }, env: { ALPACA_SECRET_KEY: PLANTED.settingKey, PATH: '/x' }, sealer, now: () => 1_770_000_000_000 });

describe.each([['plain', plainSealer], ['sealed', rot]] as const)('with %s vaults', (_kind, sealer) => {
  it('everything that helps is in it, and no secret in any spelling', async () => {
    const made = await plant(sealer);
    const secrets = [...Object.values(PLANTED), ...made];
    const files = Object.fromEntries(Object.entries(unzipSync(await collectDiagnostics(options(historyWith(secrets), sealer)))).map(([name, bytes]) => [name, strFromU8(bytes)]));
    expect(Object.keys(files).sort()).toEqual([
      'README.txt', 'about.json', 'disk.json', 'health.json', 'history.json', 'logs/crashes/2026-03-04T10-00-00.000Z-execution.log', 'logs/execution.log', 'logs/execution.log.1', 'logs/home/audit.log', 'logs/postgres.log',
      'ports.json', 'preferences.json', 'settings.json',
    ]);
    const everything = Object.values(files).join('\n');
    for (const secret of [...secrets, 'of-this-launch', 'r3d!s']) {
      for (const spelling of [secret, JSON.stringify(secret).slice(1, -1), JSON.stringify(JSON.stringify(secret)).slice(3, -3), encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) expect(everything).not.toContain(spelling);
    }
    expect(JSON.parse(files['about.json'] ?? '')).toMatchObject({ mainspring: '0.1.0', electron: '45.4.1', platform: process.platform, secrets: { vaultsThatCouldNotBeOpened: [] } });
    expect(JSON.parse(files['settings.json'] ?? '')).toMatchObject({ files: [{ settings: { POSTGRES_PASSWORD: '[secret]', LOG_LEVEL: 'debug', MY_OWN: '[unknown key]', REDIS_URL: 'redis://[secret]@10.0.0.1:6379/0' } }], environment: { ALPACA_SECRET_KEY: '[secret]' } });
    expect(JSON.parse(files['history.json'] ?? '')).toMatchObject([{ unit: 'execution', exit: { code: 70, firstLines: ['started'] } }]);
    expect(JSON.parse(files['preferences.json'] ?? '')).toEqual({ mode: 'paper', isWelcomeDone: true });
    expect(files['logs/execution.log']?.trimEnd().split('\n')).toHaveLength(LOG_LINES);
  });
});

describe('in bad times', () => {
  it('a vault that cannot be opened is named, and what looks like a secret still goes', async () => {
    await plant(rot);
    const broken: Sealer = { ...rot, unseal: () => Promise.reject(new Error('another user')) };
    const files = unzipSync(await collectDiagnostics(options([], broken)));
    const about = JSON.parse(strFromU8(files['about.json'] ?? new Uint8Array())) as { secrets: { vaultsThatCouldNotBeOpened: string[] } };
    expect(about.secrets.vaultsThatCouldNotBeOpened).toHaveLength(2);
    const log = strFromU8(files['logs/execution.log'] ?? new Uint8Array());
    for (const secret of [PLANTED.keyId, PLANTED.token, PLANTED.login]) expect(log).not.toContain(secret);
  });

  it('an empty or broken installation gives a file all the same', async () => {
    rmSync(dataDir, { recursive: true });
    writeFileSync(path.join(homeDir, 'preferences.json'), 'not JSON');
    writeFileSync(path.join(homeDir, 'keys.json'), 'not JSON either');
    const files = unzipSync(await collectDiagnostics(options([], plainSealer)));
    expect(strFromU8(files['preferences.json'] ?? new Uint8Array())).toMatch(/^could not be collected/);
    expect(JSON.parse(strFromU8(files['health.json'] ?? new Uint8Array()))).toBeNull();
  });

  it('the name tells when', () => {
    expect(diagnosticsName(Date.UTC(2026, 2, 4, 10, 5))).toBe('mainspring-diagnostics-2026-03-04-1005.zip');
  });
});
