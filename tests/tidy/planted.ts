/** A small copy of the house in a temp folder, with one planted violation per fence. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const repository = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const CONFIGURATION = [
  'package.json', 'tsconfig.json', 'tsconfig.base.json', 'eslint.config.mjs', '.dependency-cruiser.cjs',
  ...['app', 'services', 'main', 'renderer', 'tests', 'bench', 'scripts'].map((room) => `${room}/tsconfig.json`),
];

/** A folder that looks like the repository and is removed at the end. */
export interface PlantedHouse extends Disposable {
  /** The copy's top folder. */
  readonly folder: string;
}

/**
 * Copies the house's rules to a temp folder and puts `files` (path -> content) there.
 */
export function plantHouse(files: Readonly<Record<string, string>>): PlantedHouse {
  const folder = mkdtempSync(join(tmpdir(), 'mainspring-fences-'));
  for (const path of CONFIGURATION) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(repository, path), join(folder, path));
  }
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'), 'junction');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
