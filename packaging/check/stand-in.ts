/** Makes what a check has instead of Electron's own files: an executable with a version resource and a fuse wire. */
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FuseState, FuseV1Options } from '@electron/fuses';

/** What marks the fuses in Electron's executable: `@electron/fuses` looks for it. */
const SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX';
const FUSE_VERSION = 1;

/** Electron's fuses as they come: everything on but what a build must switch on itself. */
function fuseWire(): Buffer {
  const initial: readonly (readonly [FuseV1Options, boolean])[] = [
    [FuseV1Options.RunAsNode, true],
    [FuseV1Options.EnableCookieEncryption, false],
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable, true],
    [FuseV1Options.EnableNodeCliInspectArguments, true],
    [FuseV1Options.EnableEmbeddedAsarIntegrityValidation, false],
    [FuseV1Options.OnlyLoadAppFromAsar, false],
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot, false],
    [FuseV1Options.GrantFileProtocolExtraPrivileges, true],
  ];
  const states = initial.map(([, isOn]) => (isOn ? FuseState.ENABLE : FuseState.DISABLE));
  return Buffer.concat([Buffer.from(SENTINEL), Buffer.from([FUSE_VERSION, states.length, ...states])]);
}

/**
 * Compiles one of the small programs of this folder.
 * @throws Error with makensis' words
 */
export function compile(script: string, defines: Readonly<Record<string, string>>): void {
  const args = ['-V2', '-WX', ...Object.entries(defines).map(([name, value]) => `-D${name}=${value}`), path.join(import.meta.dirname, script)];
  const made = spawnSync('makensis', args, { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`makensis could not compile ${script}:\n${made.stdout}${made.stderr}`);
}

/**
 * Builds the folder that electron-builder takes for an unpacked Electron.
 * @throws Error with makensis' words
 */
export function makeStandInElectron(folder: string): void {
  mkdirSync(path.join(folder, 'locales'), { recursive: true });
  mkdirSync(path.join(folder, 'resources'), { recursive: true });
  const executable = path.join(folder, 'electron.exe');
  compile('stand-in.nsi', { OUT_FILE: executable });
  appendFileSync(executable, fuseWire());
  for (const language of ['de', 'en-US']) writeFileSync(path.join(folder, 'locales', `${language}.pak`), `language ${language}\n`);
  writeFileSync(path.join(folder, 'LICENSE'), 'The licence of Electron stands here in a real build.\n');
  // A library beside the executable, as Electron has a dozen.
  copyFileSync(executable, path.join(folder, 'ffmpeg.dll'));
}
