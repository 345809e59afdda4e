/** The list of what the installer installs, in NSIS's own language: it is all that the uninstaller will ever delete. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Where the program finds the list of the version that is installed, relative to its folder. */
export const LIST_ON_DISK = 'resources/installed-files.txt';

/** A folder that is to be installed: names relative to it, with forward slashes, sorted. */
export type InstallTree = {
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Without the top one; parents before children. */
  readonly folders: readonly string[];
};

/** Windows opens these for running, so that a file in use can be told by them. */
const PROGRAM = /\.(exe|dll|node)$/i;

/** Reads a folder. */
export function readTree(folder: string): InstallTree {
  const entries = readdirSync(folder, { withFileTypes: true, recursive: true });
  const nameOf = (entry: (typeof entries)[number]): string => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep).join('/');
  const byName = (a: string, b: string): number => (a < b ? -1 : 1);
  const names = entries.filter((entry) => entry.isFile()).map(nameOf).sort(byName);
  const foreign = entries.find((entry) => !entry.isFile() && !entry.isDirectory());
  if (foreign !== undefined) throw new Error(`${nameOf(foreign)} is neither a file nor a folder; an installer cannot carry it.`);
  return {
    folder,
    files: names.map((name) => ({ name, bytes: statSync(path.join(folder, name)).size })),
    folders: entries.filter((entry) => entry.isDirectory()).map(nameOf).sort(byName),
  };
}

/** `$`, quotes and control characters mean something in NSIS; the last two mean nothing good in a file's name. */
function quote(name: string): string {
  if (/["\u0000-\u001f*?<>|:]/.test(name)) throw new Error(`Windows has no file named ${JSON.stringify(name)}.`);
  return name.replaceAll('$', '$$$$');
}

const onWindows = (name: string): string => quote(name).replaceAll('/', '\\');
const macro = (name: string, lines: readonly string[]): string => [`!macro ${name}`, ...lines, '!macroend', ''].join('\n');

/** Every `File` goes to the folder that the last `SetOutPath` named. */
function extraction(tree: InstallTree): string[] {
  let current: string | undefined;
  return tree.files.flatMap(({ name }) => {
    const folder = path.posix.dirname(name);
    const source = path.join(tree.folder, name);
    // The one place where NSIS takes a name as it stands.
    const file = `  File "${source}"`;
    if (folder === current) return [file];
    current = folder;
    return [`  SetOutPath "\${into}${folder === '.' ? '' : `\\${onWindows(folder)}`}"`, file];
  });
}

/**
 * @param tree the unpacked application; the list on disk must already lie in it
 * @returns the text of the include file: sizes, and one macro for each walk over the list
 */
export function writeInstallList(tree: InstallTree): string {
  const { files, folders } = tree;
  if (!files.some(({ name }) => name === LIST_ON_DISK)) throw new Error(`${LIST_ON_DISK} is not in ${tree.folder}; a later update could not tell its files.`);
  const each = (names: readonly string[]): string[] => names.map((name) => `  !insertmacro \${visit} "${onWindows(name)}"`);
  const totalKb = Math.ceil(files.reduce((sum, { bytes }) => sum + bytes, 0) / 1024);
  return [
    '; Written by packaging/install-list.ts while the installer is built.',
    `!define INSTALL_KB ${totalKb}`,
    `!define LONGEST_PATH ${Math.max(...files.map(({ name }) => name.length))}`,
    '',
    macro('ExtractAll into', extraction(tree)),
    macro('ForEachFile visit', each(files.map(({ name }) => name))),
    macro('ForEachProgram visit', each(files.map(({ name }) => name).filter((name) => PROGRAM.test(name)))),
    macro('ForEachFolder visit', each(folders)),
    macro('ForEachFolderDeepestFirst visit', each([...folders].reverse())),
  ].join('\n');
}

/** The list as it lies on disk: UTF-16 without a mark, one name per line, with backslashes, itself included. */
export function writeListOnDisk(names: readonly string[]): Buffer {
  const all = [...new Set([...names, LIST_ON_DISK])].sort((a, b) => (a < b ? -1 : 1));
  return Buffer.from(`${all.map((name) => `${name.replaceAll('/', '\\')}\r\n`).join('')}`, 'utf16le');
}
