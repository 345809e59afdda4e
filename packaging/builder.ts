/** Runs electron-builder: what depends on the machine and on this release goes in here, all else is electron-builder.yml. */
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Arch, build, Platform } from 'electron-builder';
import type { Configuration } from 'electron-builder';
import { withPatience } from './patience.ts';
import { LIST_ON_DISK, readTree, writeInstallList, writeListOnDisk } from './install-list.ts';

/** The repository's top folder. */
export const root = path.join(import.meta.dirname, '..');

/** The version of package.json: the one that a release has. */
export function currentVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string };
  return version;
}

/** What a build needs to know. */
export type BuildOptions = {
  /** Where the product goes: `win-unpacked/`, the Setup and `latest.yml`. */ readonly outputFolder: string;
  /** Of the application and the installer, such as 0.2.0. */ readonly version: string;
  /** The folder with `postgres/`, `redis/`, `licences/` and `manifest.json`. */ readonly runtimeFolder: string;
  /** An unpacked Electron (or its stand-in); electron-builder downloads the pinned one when absent. */ readonly electronDist?: string;
  /** The address that the application asks for updates; without it it has none. */ readonly updateFeed?: string;
  /** `zlib` packs quickly, for a test; a release is packed with LZMA. */ readonly compressor?: 'lzma' | 'zlib';
};

/** What a build made. */
export type Built = { readonly unpackedFolder: string; readonly setupFile: string; readonly updateFile: string | null };

/** The files that go into the archive beside the repository's own. */
function stageForArchive(runtimeFolder: string): void {
  const staged = path.join(root, 'out', 'packaging', 'asar', 'dist');
  rmSync(path.dirname(staged), { recursive: true, force: true });
  mkdirSync(staged, { recursive: true });
  copyFileSync(path.join(runtimeFolder, 'manifest.json'), path.join(staged, 'runtime-manifest.json'));
}

/**
 * Writes the list of what will be installed beside the installer's script, and the same list into the application.
 * @returns the file that the script includes
 */
function writeLists(unpackedFolder: string, listFile: string): void {
  const { files } = readTree(unpackedFolder);
  writeFileSync(path.join(unpackedFolder, LIST_ON_DISK), writeListOnDisk(files.map(({ name }) => name)));
  mkdirSync(path.dirname(listFile), { recursive: true });
  writeFileSync(listFile, writeInstallList(readTree(unpackedFolder)));
}

function configurationOf(options: BuildOptions, onUnpacked: () => void): Configuration {
  const { outputFolder, version, runtimeFolder, electronDist, updateFeed } = options;
  return {
    directories: { output: outputFolder },
    extraMetadata: { version },
    // Signing changes a file, and these must keep the checksums of the manifest; their makers' names are not ours either.
    win: { signExts: readTree(runtimeFolder).files.map(({ name }) => name).filter((name) => name.endsWith('.exe')).map((name) => `!${path.posix.basename(name)}`) },
    ...(electronDist === undefined ? {} : { electronDist }),
    ...(updateFeed === undefined ? {} : { publish: { provider: 'generic', url: updateFeed } }),
    // The last moment before the installer is compiled: every file is in its place.
    artifactBuildStarted: () => {
      onUnpacked();
    },
  };
}

/**
 * Builds the application folder and its Setup.exe for 64-bit Windows.
 * @throws Error with electron-builder's words
 */
export async function buildInstaller(options: BuildOptions): Promise<Built> {
  const { outputFolder, version, runtimeFolder, updateFeed } = options;
  const unpackedFolder = path.join(outputFolder, 'win-unpacked');
  const listFile = path.join(root, 'out', 'packaging', 'install-list.nsh');
  // electron-builder.yml and the installer's script read these.
  process.env['MAINSPRING_RUNTIME_FOLDER'] = path.relative(root, runtimeFolder);
  process.env['MAINSPRING_INSTALL_LIST'] = listFile;
  process.env['MAINSPRING_COMPRESSOR'] = options.compressor ?? 'lzma';
  process.env['MAINSPRING_SIGN_COMMAND'] ??= '';
  rmSync(outputFolder, { recursive: true, force: true });
  stageForArchive(runtimeFolder);
  await withPatience(() =>
    build({
      projectDir: root,
      targets: Platform.WINDOWS.createTarget('nsis', Arch.x64),
      publish: 'never',
      config: configurationOf(options, () => writeLists(unpackedFolder, listFile)),
    }),
  );
  const setupFile = path.join(outputFolder, `Mainspring-Setup-${version}.exe`);
  return { unpackedFolder, setupFile, updateFile: updateFeed === undefined ? null : path.join(outputFolder, 'latest.yml') };
}
