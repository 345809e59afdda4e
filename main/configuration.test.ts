/** Settings that are changed while everything runs: where they come from, what is refused, what counts at once, and what never leaves. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { SETTING_FACTS, WRITABLE_KEYS } from '#app/contracts/configuration.ts';
import type { ChangeOutlook, SettingChanges, SettingView } from '#app/contracts/configuration.ts';
import { SETTING_KEYS } from '#app/contracts/setting-reader.ts';
import type { Settings } from '#app/contracts/settings.ts';
import { openConfiguration } from './configuration.ts';
import type { ConfigurationKeeper } from './configuration.ts';
import { entriesOf, readSettings } from './store/read-settings.ts';
import { readSaved, savedFileOf } from './store/saved-settings.ts';
import { plainSealer } from './store/secrets.ts';
import type { Sealer } from './store/secrets.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-settings-'));
const envFile = path.join(folder, '.env');
const savedFile = savedFileOf(envFile);
const SEALER: Sealer = { keptBy: 'system', seal: (text) => Promise.resolve(Buffer.from(text).toString('base64')), unseal: (sealed) => Promise.resolve(Buffer.from(sealed, 'base64').toString()) };
const MAIL = { SMTP_HOST: 'mail.example.com', SMTP_USER: 'desk', SMTP_PASSWORD: 'planted-password', MAIL_FROM: 'desk@example.com', MAIL_TO: 'me@example.com' } as const;

let applied: { readonly settings: Settings; readonly isLevelChanged: boolean; readonly restarts: readonly string[] }[] = [];
let notes: string[] = [];

async function open(sealer: Sealer = SEALER, env: Record<string, string> = {}): Promise<ConfigurationKeeper> {
  const { entries: saved } = await readSaved(envFile, sealer);
  const started = entriesOf({ envFile, env, saved }).entries;
  const ports = { envFile, env, sealer, choice: undefined, isWithoutBroker: false, now: Date.now };
  return openConfiguration({ ...ports, apply: (settings, change) => void applied.push({ settings, ...change }), note: (text) => void notes.push(text) }, started);
}
/** Saves as a person does who looks first. */
const save = async (keeper: ConfigurationKeeper, changes: SettingChanges, actor: string): Promise<ChangeOutlook> => keeper.save({ changes, base: (await keeper.view()).savedAt, actor });
const one = async (keeper: ConfigurationKeeper, key: string): Promise<SettingView | undefined> => (await keeper.view()).settings.find((setting) => setting.key === key);

beforeEach(() => {
  rmSync(savedFile, { force: true });
  writeFileSync(envFile, '');
  applied = [];
  notes = [];
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the list of settings', () => {
  it('knows every key but those of the broker', () => {
    expect(Object.keys(SETTING_KEYS).filter((key) => !Object.hasOwn(SETTING_FACTS, key)).sort()).toEqual(['ALPACA_API_KEY', 'ALPACA_BASE_URL', 'ALPACA_SECRET_KEY']);
  });

  it('says where each value comes from: what a person wrote elsewhere wins, and is changed there', async () => {
    await save(await open(), { LOG_LEVEL: 'debug', WEB_SERVER_PORT: '8123' }, 'me');
    writeFileSync(envFile, '# mine\nLOG_LEVEL=warn\n');
    const keeper = await open(SEALER, { REDIS_PORT: '6400' });
    expect(await one(keeper, 'LOG_LEVEL')).toMatchObject({ value: 'warn', origin: 'file', place: `${envFile} line 2`, isLocked: true });
    expect(await one(keeper, 'REDIS_PORT')).toMatchObject({ value: '6400', origin: 'environment', isLocked: true });
    expect(await one(keeper, 'WEB_SERVER_PORT')).toMatchObject({ value: '8123', origin: 'saved', place: null, isLocked: false, isPending: false });
    expect(await one(keeper, 'SMTP_HOST')).toMatchObject({ value: null, isSet: false, origin: 'default' });
    expect((await keeper.check({ LOG_LEVEL: 'info' })).problems).toEqual([{ key: 'LOG_LEVEL', problem: `is set in ${envFile} line 2, which wins`, remedy: 'change it there, or delete it there first' }]);
  });
});

describe('a change of settings', () => {
  it('counts at once where that can be, and starts the one part that needs it', async () => {
    const keeper = await open();
    expect(await save(keeper, { LOG_LEVEL: 'debug' }, 'me')).toMatchObject({ diff: [{ key: 'LOG_LEVEL', before: 'info', after: 'debug' }], restarts: [], needsRestart: false });
    expect(applied).toMatchObject([{ isLevelChanged: true, restarts: [], settings: { logLevel: 'debug' } }]);
    expect(await one(keeper, 'LOG_LEVEL')).toMatchObject({ value: 'debug', isPending: false });
    expect(await save(keeper, MAIL, 'me')).toMatchObject({ restarts: ['notification'], needsRestart: false });
    expect(applied[1]).toMatchObject({ isLevelChanged: false, restarts: ['notification'], settings: { notification: { email: { host: 'mail.example.com', password: 'planted-password' } } } });
    expect(readSettings({ envFile, env: {}, saved: (await readSaved(envFile, SEALER)).entries }).settings.notification.email?.to).toEqual(['me@example.com']);
  });

  it('of a port waits for the next start, and says so until then; taken back, nothing waits', async () => {
    const keeper = await open();
    expect(await save(keeper, { WEB_SERVER_PORT: '8123' }, 'me')).toMatchObject({ needsRestart: true, restarts: [] });
    expect(await one(keeper, 'WEB_SERVER_PORT')).toMatchObject({ value: '8123', isPending: true });
    expect(await one(await open(), 'WEB_SERVER_PORT')).toMatchObject({ isPending: false });
    await save(keeper, { WEB_SERVER_PORT: null }, 'me');
    expect(await one(keeper, 'WEB_SERVER_PORT')).toMatchObject({ value: null, isPending: false });
  });

  it('that cannot work is refused with every reason, and nothing is written', async () => {
    const keeper = await open();
    const { problems } = await keeper.check({ WEB_SERVER_PORT: '8001', LOG_LEVEL: 'loud', SMTP_HOST: 'mail.example.com' });
    expect(problems.map(({ key }) => key).sort()).toEqual(expect.arrayContaining(['LOG_LEVEL', 'MAIL_TO']));
    expect(problems.some(({ problem }) => problem.includes('which data_ingestion has') || problem.includes('which gateway has'))).toBe(true);
    await expect(save(keeper, { LOG_LEVEL: 'loud' }, 'me')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(save(keeper, { SMTP_HOST: 'a\nLOG_LEVEL=debug' }, 'me')).rejects.toMatchObject({ code: 'INPUT_INVALID', message: expect.stringContaining('one line') as string });
    expect([existsSync(savedFile), applied, notes]).toEqual([false, [], []]);
  });

  it('that changes nothing writes nothing', async () => {
    const keeper = await open();
    expect((await save(keeper, { LOG_LEVEL: null }, 'me')).diff).toEqual([]);
    expect([existsSync(savedFile), applied]).toEqual([false, []]);
  });

  it('of two windows: the second one is told, and overwrites nothing', async () => {
    const [first, second] = [await open(), await open()];
    await save(first, { LOG_LEVEL: 'debug' }, 'one');
    await save(second, { LOG_RETENTION_DAYS: '7' }, 'two');
    expect((await readSaved(envFile, SEALER)).values).toEqual({ LOG_LEVEL: 'debug', LOG_RETENTION_DAYS: '7' });
    const both = await Promise.allSettled([save(first, { LOG_LEVEL: 'warn' }, 'one'), save(second, { LOG_LEVEL: 'error' }, 'two')]);
    const refused = both.filter((outcome) => outcome.status === 'rejected');
    expect(refused.every(({ reason }) => (reason as { code?: string }).code === 'VERSION_CONFLICT')).toBe(true);
    expect(['warn', 'error']).toContain((await readSaved(envFile, SEALER)).values['LOG_LEVEL']);
    expect(refused.length).toBeLessThanOrEqual(1);
  });

  it('that was agreed to over settings which are not the newest any more is refused, and nothing is overwritten; seen anew it is saved', async () => {
    const keeper = await open();
    const { base, diff } = await keeper.check({ LOG_LEVEL: 'debug' });
    expect([base, diff[0]?.before]).toEqual([null, 'info']);
    await save(keeper, { LOG_LEVEL: 'warn' }, 'other');
    await expect(keeper.save({ changes: { LOG_LEVEL: 'debug' }, base, actor: 'me' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT', message: expect.stringContaining('another window') as string });
    // Whoever agreed before another setting was changed has not seen the whole either.
    await expect(keeper.save({ changes: { LOG_RETENTION_DAYS: '7' }, base, actor: 'me' })).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect([(await readSaved(envFile, SEALER)).values, applied.length, notes.length]).toEqual([{ LOG_LEVEL: 'warn' }, 1, 1]);
    const anew = await keeper.check({ LOG_LEVEL: 'debug' });
    expect(anew.diff).toEqual([{ key: 'LOG_LEVEL', before: 'warn', after: 'debug' }]);
    await keeper.save({ changes: { LOG_LEVEL: 'debug' }, base: anew.base, actor: 'me' });
    expect(await one(keeper, 'LOG_LEVEL')).toMatchObject({ value: 'debug' });
  });

  it('that comes a second time does nothing again: what stands so is done, and a newer value stays', async () => {
    const keeper = await open();
    const request = { changes: { LOG_LEVEL: 'debug' }, base: null, actor: 'me' } as const;
    const twice = await Promise.all([keeper.save(request), keeper.save(request)]);
    expect(twice.map(({ diff }) => diff.length)).toEqual([1, 0]);
    await save(keeper, { LOG_LEVEL: 'warn' }, 'me');
    await expect(keeper.save(request)).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    expect([(await one(keeper, 'LOG_LEVEL'))?.value, applied.length, notes.length]).toEqual(['warn', 2, 2]);
  });
});

describe('secrets', () => {
  it('lie sealed on the disk and are never told again', async () => {
    const keeper = await open();
    const outlook = await save(keeper, MAIL, 'me');
    const told = JSON.stringify([outlook, await keeper.view(), notes]);
    expect(told).not.toContain('planted-password');
    expect(readFileSync(savedFile, 'utf8')).not.toContain('planted-password');
    expect(await one(keeper, 'SMTP_PASSWORD')).toMatchObject({ value: null, isSet: true });
    expect(await save(keeper, { MAIL_TO: 'you@example.com' }, 'me')).toMatchObject({ diff: [{ key: 'MAIL_TO' }] });
    expect((await readSaved(envFile, SEALER)).values['SMTP_PASSWORD']).toBe('planted-password');
  });

  it('that were sealed are no riddle for a program that cannot open them: it says what to do, and lookers see a whole configuration', async () => {
    await save(await open(), { ...MAIL, WEBHOOK_URL: 'https://hooks.example.com/planted' }, 'me');
    await expect(readSaved(envFile, plainSealer)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE', message: expect.stringContaining('desktop application') as string });
    expect(readSettings({ envFile, env: {} }).settings.notification.email?.host).toBe('mail.example.com');
  });
});

describe('a saved file', () => {
  it('that is damaged is left alone and named', async () => {
    for (const text of ['{', '{"format":2}', '{"format":1,"savedAt":1,"settings":{"LOG_LEVEL":"debug"}}']) {
      writeFileSync(savedFile, text);
      await expect(readSaved(envFile, SEALER)).rejects.toMatchObject({ code: 'CONFIG_UNREADABLE' });
      expect(readFileSync(savedFile, 'utf8')).toBe(text);
    }
  });

  it('never brings in broker keys, whoever wrote it', async () => {
    writeFileSync(savedFile, JSON.stringify({ format: 1, savedAt: 1, settings: { ALPACA_API_KEY: { value: 'PKPLANTED123' }, LOG_LEVEL: { value: 'debug' } } }));
    expect((await readSaved(envFile, SEALER)).entries.map(({ key }) => key)).toEqual(['LOG_LEVEL']);
  });

  it('holds whatever was written, and reads back the same', async () => {
    const text = fc.stringMatching(/^[A-Za-z0-9 "'#=$\\{}ü漢-]{1,40}$/);
    await fc.assert(fc.asyncProperty(fc.constantFrom(...WRITABLE_KEYS), text, async (key, value) => {
      rmSync(savedFile, { force: true });
      const keeper = await open();
      const { problems } = await keeper.check({ [key]: value });
      if (problems.length > 0) return;
      await save(keeper, { [key]: value }, 'me');
      const kept = (await readSaved(envFile, SEALER)).values[key];
      expect(kept ?? '').toBe(value.trim());
    }), { numRuns: 150 });
  });
});
