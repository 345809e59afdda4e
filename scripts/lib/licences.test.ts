/** Which licences may be shipped, and where they are read from. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isPermissive, licenceOf, packageFolders, writeLicences } from './licences.mjs';
import { inRoot } from './places.mjs';
import { COMPONENTS, licenceFiles } from './runtime-components.mjs';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'mainspring-licences-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function packageWith(facts: object, files: Record<string, string> = {}): string {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'thing', version: '1.2.3', ...facts }));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

describe('licences of packages', () => {
  it.each([
    ['MIT', true], ['(MIT OR GPL-3.0-or-later)', true], ['GPL-3.0-only OR ISC', true], ['MIT AND Zlib', true], ['OFL-1.1', true],
    ['MIT AND GPL-2.0-only', false], ['GPL-3.0', false], ['LGPL-2.1', false], ['AGPL-3.0', false], ['UNLICENSED', false], ['SEE LICENSE IN LICENSE', false], ['(MIT AND (GPL-2.0 OR ISC))', false], ['', false],
  ])('%s: %s', (expression, expected) => expect(isPermissive(expression)).toBe(expected));

  it('reads the text, and the notice that belongs to it', () => {
    const licence = licenceOf(packageWith({ license: 'Apache-2.0' }, { 'LICENSE.md': 'terms', NOTICE: 'thanks', 'license.js': 'code' }));
    expect(licence).toEqual({ name: 'thing', version: '1.2.3', licence: 'Apache-2.0', text: 'terms\n\nthanks' });
  });

  it('knows the old ways to name a licence, and fills in the text of the short ones', () => {
    const licence = licenceOf(packageWith({ licenses: [{ type: 'MIT' }], author: { name: 'Ada' } }));
    expect(licence.text).toMatch(/^MIT License\n\nCopyright \(c\) Ada\n/);
  });

  it.each([
    [{}, /thing 1\.2\.3 does not say under which licence/],
    [{ license: 'GPL-3.0-only' }, /thing 1\.2\.3 is under GPL-3\.0-only, which is not on the list/],
    [{ license: 'BSD-3-Clause' }, /thing 1\.2\.3 \(BSD-3-Clause\) brings no text/],
  ])('refuses %j', (facts, message) => expect(() => licenceOf(packageWith(facts))).toThrow(message));

  it('finds the packages behind the files of a bundle', () => {
    const files = ['main/boot.ts', 'node_modules/zod/v4/index.js', '/a/node_modules/x/node_modules/@s/y/z.css?inline', '\0/a/node_modules/react/index.js?commonjs-es-import', '\0vite/preload-helper.js'];
    expect(packageFolders(files)).toEqual(['/a/node_modules/react', '/a/node_modules/x/node_modules/@s/y', 'node_modules/zod']);
  });

  it('lists what is shipped once, by name, with what is not from npm', () => {
    const file = join(folder, 'licences.json');
    const count = writeLicences(file, ['node_modules/zod/index.js', 'node_modules/zod/other.js', inRoot('node_modules/zod/index.js')]);
    const all = JSON.parse(readFileSync(file, 'utf8')) as { name: string; text: string; version: string; licence: string }[];
    expect(all).toHaveLength(count);
    const names = all.map(({ name }) => name);
    expect(names.filter((name) => name === 'zod')).toHaveLength(1);
    expect(names).toEqual(expect.arrayContaining(['electron', 'Chromium', 'Node.js', 'better-sqlite3', 'PostgreSQL', 'Redis', 'OpenSSL']));
    for (const { name, text, version, licence } of all) expect([name, text.length > 50, version !== '', licence !== '']).toEqual([name, true, true, true]);
  });
});

describe('licences of the shipped databases', () => {
  it('never links copyleft into a program: such a library is a file of its own, or has an exception for it', () => {
    for (const { name, licence, files } of COMPONENTS) {
      if (!/GPL/.test(licence)) continue;
      expect([name, /^LGPL|WITH .*exception/.test(licence), /\.dll/.test(files.source)]).toEqual([name, true, true]);
    }
  });

  it('writes a notice with the texts that are needed, and no others', () => {
    const files = licenceFiles(['postgres/bin/postgres.exe', 'postgres/bin/libintl-9.dll', 'postgres/share/timezone/UTC']);
    expect([...files.keys()]).toEqual(['licences/NOTICE.txt', 'licences/lgpl-2.1.txt', 'licences/postgresql.txt', 'licences/snowball.txt']);
    const notice = files.get('licences/NOTICE.txt')?.toString() ?? '';
    expect(notice).toContain('GNU libintl: LGPL-2.1-or-later');
    expect(notice).toContain('files: libintl-9.dll');
    expect(notice).not.toContain('Redis');
  });

  it('ships nothing of unknown origin', () => {
    expect(() => licenceFiles(['postgres/bin/postgres.exe', 'postgres/bin/helper.dll'])).toThrow(/whose work.*postgres\/bin\/helper\.dll/);
  });
});
