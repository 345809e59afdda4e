/** Is the build in dist/ made of these very sources? Answered by content, so a checkout or a touch does not rebuild. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot } from './places.mjs';

const MARKER = inRoot('dist', '.sources');
const FOLDERS = ['app', 'services', 'main', 'renderer', 'migrations'];
const FILES = ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/lib/licences.mjs', 'scripts/lib/runtime-components.mjs', 'tsconfig.base.json'];

/**
 * @param {string} folder
 * @returns {string[]} paths relative to the repository, sorted, tests left out
 */
function filesBelow(folder) {
  if (!existsSync(inRoot(folder))) return [];
  return readdirSync(inRoot(folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : filesBelow(path);
      return /\.test\.tsx?$|\.md$/.test(entry.name) ? [] : [path];
    });
}

/**
 * A hash over names and contents of everything that the build reads; of a part of it when folders and files are named.
 * @param {readonly string[]} folders
 * @param {readonly string[]} files
 */
export function hashSources(folders = FOLDERS, files = FILES) {
  const hash = createHash('sha256');
  for (const path of [...files, ...folders.flatMap(filesBelow)]) {
    const content = existsSync(inRoot(path)) ? readFileSync(inRoot(path)) : '';
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @returns {boolean} does dist/ hold the build of the present sources? */
export const isBuildFresh = () => existsSync(MARKER) && readFileSync(MARKER, 'utf8') === hashSources();
