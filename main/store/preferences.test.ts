/** Preferences: whole or defaults, never half. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULTS, openPreferences, peekPreferences } from './preferences.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'ms-prefs-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = path.join(folder, 'preferences.json');

describe('preferences', () => {
  it('begin with the defaults and without a file', () => {
    expect(openPreferences(file)).toMatchObject({ warning: null });
    expect(openPreferences(file).read()).toEqual(DEFAULTS);
    expect(existsSync(file)).toBe(false);
  });

  it('keep what was changed and leave the rest', () => {
    const open = openPreferences(file);
    open.update({ mode: 'paper', isWelcomeDone: true });
    open.update({ application: { ...DEFAULTS.application, updates: true }, window: { x: -10, y: 0, width: 1_200, height: 800, isMaximized: false } });
    expect(openPreferences(file).read()).toMatchObject({ mode: 'paper', isWelcomeDone: true, application: { updates: true, notifyFills: true }, window: { x: -10 } });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('give a part that a later version added its default', () => {
    writeFileSync(file, JSON.stringify({ mode: 'live', application: { updates: true } }));
    const open = openPreferences(file);
    expect([open.warning, open.read()]).toEqual([null, { ...DEFAULTS, mode: 'live', application: { ...DEFAULTS.application, updates: true } }]);
  });

  it('set a damaged file aside, say so, and begin anew', () => {
    for (const text of ['{"mode":"dem', '[]', '{"mode":"real"}', '{"window":{"x":"left"}}']) {
      writeFileSync(file, text);
      const open = openPreferences(file);
      expect(open.read(), text).toEqual(DEFAULTS);
      const aside = /the old file is (.+)$/.exec(open.warning ?? '')?.[1] ?? '';
      expect(readFileSync(aside, 'utf8')).toBe(text);
      expect(existsSync(file)).toBe(false);
    }
    expect(readdirSync(folder).every((name) => name.startsWith('preferences.json.damaged-'))).toBe(true);
  });

  it('can be looked at without touching anything', () => {
    writeFileSync(file, '{"mode":"dem');
    expect(peekPreferences(file)).toEqual(DEFAULTS);
    expect(readFileSync(file, 'utf8')).toBe('{"mode":"dem');
    writeFileSync(file, '{"mode":"live"}');
    expect(peekPreferences(file).mode).toBe('live');
    rmSync(file);
  });

  it('refuse to store what they could not read', () => {
    expect(() => openPreferences(file).update({ mode: 'real' as 'live' })).toThrow();
    expect(existsSync(file)).toBe(false);
  });
});
