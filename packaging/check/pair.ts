/** Builds what the checks install: two versions of the application, the later one as it would be released. */
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildInstaller, currentVersion } from '../builder.ts';
import type { Built } from '../builder.ts';
import { makeStandInElectron } from './stand-in.ts';

/** The two versions, and a program that stands in for Electron outside of both. */
export type Pair = { readonly older: Built; readonly newer: Built; readonly program: string; readonly electronFolder: string };

/** The address in the builds' update feed; nobody asks it. */
export const FEED = 'https://updates.invalid/mainspring/';
export const OLDER_VERSION = '0.0.9';

/** Electron-builder finds its own tools over the network; here it gets those of the system. */
function useSystemTools(folder: string): void {
  const resources = path.join(folder, 'nsis-resources');
  mkdirSync(path.join(resources, 'plugins', 'x86-unicode'), { recursive: true });
  process.env['ELECTRON_BUILDER_NSIS_DIR'] = '/usr/bin';
  process.env['ELECTRON_BUILDER_NSIS_RESOURCES_DIR'] = resources;
  process.env['ELECTRON_BUILDER_7ZIP_PATH'] = path.join(import.meta.dirname, 'no-archive.sh');
}

/** A few files in the shape of the runtime; `only` is what no other version has. */
function makeSmallRuntime(folder: string, program: string, only: string): string {
  for (const name of ['postgres/bin', 'postgres/share/timezone/America', 'redis', 'licences']) mkdirSync(path.join(folder, name), { recursive: true });
  for (const name of ['postgres/bin/postgres.exe', 'redis/redis-server.exe']) copyFileSync(program, path.join(folder, name));
  writeFileSync(path.join(folder, 'postgres/share/timezone/America/New_York'), 'TZif2 of a test\n');
  writeFileSync(path.join(folder, 'licences/$pecial name, with spaces & ümlauts.txt'), 'Names that installers stumble over.\n');
  mkdirSync(path.join(folder, 'redis', only), { recursive: true });
  writeFileSync(path.join(folder, 'redis', only, `${only}.dll`), `${only}\n`);
  writeFileSync(path.join(folder, 'manifest.json'), '{"files":{}}\n');
  return folder;
}

/**
 * @param runtimeFolder the real databases for the later version; null for a few small files in their place
 * @throws Error when the product is not built
 */
export async function buildPair(root: string, folder: string, runtimeFolder: string | null): Promise<Pair> {
  if (!existsSync(path.join(root, 'dist', 'main', 'desktop.mjs'))) throw new Error('dist/ is not built. Remedy: npm run build');
  useSystemTools(folder);
  const electronFolder = path.join(folder, 'electron');
  makeStandInElectron(electronFolder);
  const program = path.join(electronFolder, 'electron.exe');
  const common = { electronDist: electronFolder, updateFeed: FEED };
  const older = await buildInstaller({
    ...common, compressor: 'zlib', version: OLDER_VERSION, outputFolder: path.join(folder, 'older'),
    runtimeFolder: makeSmallRuntime(path.join(folder, 'runtime-older'), program, 'old-only'),
  });
  const newer = await buildInstaller({
    ...common, compressor: runtimeFolder === null ? 'zlib' : 'lzma', version: currentVersion(), outputFolder: path.join(folder, 'newer'),
    runtimeFolder: runtimeFolder ?? makeSmallRuntime(path.join(folder, 'runtime-newer'), program, 'new-only'),
  });
  return { older, newer, program, electronFolder };
}
