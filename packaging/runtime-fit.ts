/** May these databases be shipped? Stand-ins, missing libraries and changed files say no. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readManifest, RUNTIME_PARTS } from '#main/runtime/manifest.ts';
import { readTree } from './install-list.ts';

const MANIFEST = 'manifest.json';

/** Every file below a folder but its list: name -> sha256. */
export function hashesOf(folder: string): ReadonlyMap<string, string> {
  if (!existsSync(folder)) return new Map();
  const names = readTree(folder).files.map(({ name }) => name).filter((name) => name !== MANIFEST);
  return new Map(names.map((name) => [name, createHash('sha256').update(readFileSync(path.join(folder, name))).digest('hex')]));
}

/**
 * @param hashes the files that would be shipped
 * @returns what speaks against it, in words
 * @throws AppError RUNTIME_DAMAGED when the list itself cannot be read
 */
export function findUnfit(manifestFile: string, hashes: ReadonlyMap<string, string>): string[] {
  const { parts, files } = readManifest(manifestFile);
  const marks = RUNTIME_PARTS.flatMap((name) => {
    const part = parts[name];
    if (part === undefined) return [`${name} is missing`];
    return [...(part.isStandIn ? [`${name} is a stand-in`] : []), ...part.lacks.map((what) => `${name} lacks ${what}`)];
  });
  const wrong = Object.entries(files).filter(([name, { sha256 }]) => hashes.get(name) !== sha256).map(([name]) => `${name} is not the file of the list`);
  const foreign = [...hashes.keys()].filter((name) => files[name] === undefined).map((name) => `${name} is not in the list`);
  return [...marks, ...wrong, ...foreign];
}
