/** The doctor over saved settings: those that cannot be read are named once, with the file and the way out, and sealed ones are said to need the desktop. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { findLayout } from '../layout.ts';
import { savedFileOf } from '../store/saved-settings.ts';
import { examine } from './doctor.ts';
import type { Finding } from './doctor.ts';
import { homeOf, placeToExamine } from './place.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-doctor-'));
const home = homeOf(folder, {});
const saved = savedFileOf(home.envFile);
const look = async (): Promise<ReadonlyMap<string, Finding>> => new Map((await examine(placeToExamine(home, {}), findLayout(import.meta.url), {})).map((finding) => [finding.what, finding]));
const write = (settings: Record<string, unknown>): void => writeFileSync(saved, JSON.stringify({ format: 1, savedAt: 1, settings }));

beforeEach(() => rmSync(saved, { force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('saved settings', () => {
  it('are named by their keys; none is fine', async () => {
    expect((await look()).get('Saved settings')).toMatchObject({ level: 'ok', detail: 'none' });
    write({ LOG_LEVEL: { value: 'debug' } });
    expect((await look()).get('Saved settings')).toMatchObject({ level: 'ok', detail: `LOG_LEVEL, in ${saved}` });
  });

  it('that cannot be read are one bad line that names the file and the remedy', async () => {
    writeFileSync(saved, '{');
    const found = await look();
    expect(found.get('Saved settings')).toMatchObject({ level: 'bad', detail: expect.stringContaining(saved) as string });
    expect(found.get('Saved settings')?.detail).toContain('delete it');
    expect([found.get('Settings')?.level, found.get('Broker keys')?.level, found.get('Ports')?.level]).toEqual(['note', 'note', 'note']);
  });

  it('with a value that cannot work are told as the settings are, by file and key', async () => {
    write({ LOG_LEVEL: { value: 'loud' } });
    const found = await look();
    expect(found.get('Settings')).toMatchObject({ level: 'bad', detail: expect.stringContaining(`${saved}: LOG_LEVEL`) as string });
  });

  it('that are sealed are said to need the desktop application; the secret stays where it is', async () => {
    write({ WEBHOOK_SECRET: { sealed: 'c2VhbGVk' } });
    const { level, detail } = (await look()).get('Saved settings') ?? { level: '', detail: '' };
    expect([level, detail.includes('WEBHOOK_SECRET'), detail.includes('desktop application'), detail.includes('c2VhbGVk')]).toEqual(['note', true, true, false]);
  });
});
