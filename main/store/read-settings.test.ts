/** Reading the settings of a home: file and environment, the market they decide, and a file that others can read. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { marketOfSettings, readSettings } from './read-settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-env-'));
const envFile = path.join(folder, '.env');
const KEYS = 'ALPACA_API_KEY=PKPLANTED123\nALPACA_SECRET_KEY=planted-secret\n';
const CHOICE = { mode: 'live', keys: { keyId: 'AKCHOSEN1234', secretKey: 'chosen-secret' } } as const;

beforeEach(() => writeFileSync(envFile, '', { mode: 0o600 }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the settings of a home', () => {
  it('let the environment win over the file, and keys over a choice', () => {
    expect(marketOfSettings(envFile, {})).toBeNull();
    expect(readSettings({ envFile, env: {}, choice: CHOICE }).settings.mode).toBe('live');
    writeFileSync(envFile, `${KEYS}LOG_LEVEL=debug\n`);
    expect(marketOfSettings(envFile, {})).toBe('paper');
    const { settings } = readSettings({ envFile, env: { LOG_LEVEL: 'warn' }, choice: CHOICE });
    expect(settings).toMatchObject({ mode: 'paper', logLevel: 'warn', alpaca: { keyId: 'PKPLANTED123' } });
    const live = { ALPACA_API_KEY: 'AKPLANTED123', ALPACA_SECRET_KEY: 'planted', ALPACA_BASE_URL: 'https://api.alpaca.markets' };
    expect(marketOfSettings(envFile, live)).toBe('live');
  });

  it('are without a broker for replays and tools, whatever keys lie about and even when they are wrong', () => {
    writeFileSync(envFile, 'ALPACA_API_KEY=half\n');
    expect(readSettings({ envFile, env: {}, choice: CHOICE, isWithoutBroker: true }).settings).toMatchObject({ mode: 'demo', alpaca: null });
    expect(() => readSettings({ envFile, env: {} })).toThrow(/ALPACA_SECRET_KEY is missing/);
    expect(() => marketOfSettings(envFile, {})).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }) as Error);
  });

  it('tell of a file with keys that others can read', () => {
    writeFileSync(envFile, KEYS);
    expect(readSettings({ envFile, env: {} }).warnings).toEqual([]);
    chmodSync(envFile, 0o644);
    expect(readSettings({ envFile, env: {} }).warnings).toEqual([expect.stringContaining(`chmod 600 ${envFile}`)]);
    writeFileSync(envFile, 'LOG_LEVEL=info\n');
    expect(readSettings({ envFile, env: {} }).warnings).toEqual([]);
    chmodSync(envFile, 0o600);
  });
});
