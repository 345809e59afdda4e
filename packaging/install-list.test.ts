/** The install list: what the installer unpacks and what the uninstaller may delete. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LIST_ON_DISK, readTree, writeInstallList, writeListOnDisk } from './install-list.ts';

/** A parameter of NSIS's. */
const INTO = '$' + '{into}';

describe('the install list', () => {
  let folder: string;
  const put = (name: string, text = name): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mainspring-list-'));
    put('Mainspring.exe', 'x'.repeat(3_000));
    put('resources/app.asar');
    put('resources/runtime/redis/ümlaut & $pace.DLL');
    put(LIST_ON_DISK);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const macroOf = (name: string): string[] => {
    const lines = writeInstallList(readTree(folder)).split('\n');
    const start = lines.findIndex((line) => line.startsWith(`!macro ${name} `));
    return lines.slice(start + 1, lines.indexOf('!macroend', start)).map((line) => line.trim());
  };

  it('unpacks each file into its own folder', () => {
    expect(macroOf('ExtractAll')).toEqual([
      `SetOutPath "${INTO}"`,
      `File "${path.join(folder, 'Mainspring.exe')}"`,
      `SetOutPath "${INTO}\\resources"`,
      `File "${path.join(folder, 'resources/app.asar')}"`,
      `File "${path.join(folder, LIST_ON_DISK)}"`,
      `SetOutPath "${INTO}\\resources\\runtime\\redis"`,
      `File "${path.join(folder, 'resources/runtime/redis/ümlaut & $pace.DLL')}"`,
    ]);
  });

  it('names every file once, with a dollar that NSIS leaves alone', () => {
    expect(macroOf('ForEachFile')).toEqual(
      ['Mainspring.exe', 'resources\\app.asar', 'resources\\installed-files.txt', 'resources\\runtime\\redis\\ümlaut & $$pace.DLL'].map((name) => `!insertmacro \${visit} "${name}"`),
    );
  });

  it('knows the programs by their endings, whatever their case', () => {
    expect(macroOf('ForEachProgram').map((line) => /\.(\w+)"$/.exec(line)?.[1])).toEqual(['exe', 'DLL']);
  });

  it('makes folders from the top and removes them from the bottom', () => {
    const folders = ['resources', 'resources\\runtime', 'resources\\runtime\\redis'].map((name) => `!insertmacro \${visit} "${name}"`);
    expect(macroOf('ForEachFolder')).toEqual(folders);
    expect(macroOf('ForEachFolderDeepestFirst')).toEqual(folders.reverse());
  });

  it('gives the size in whole kilobytes and the longest name', () => {
    const text = writeInstallList(readTree(folder));
    expect(text).toMatch(/!define INSTALL_KB 4$/m);
    expect(text).toMatch(new RegExp(`!define LONGEST_PATH ${'resources/runtime/redis/ümlaut & $pace.DLL'.length}$`, 'm'));
  });

  it('lies on disk as lines that NSIS reads, itself included', () => {
    const lines = writeListOnDisk(['b/a.txt', 'Äpfel.txt']).toString('utf16le').split('\r\n');
    expect(lines).toEqual(['b\\a.txt', 'resources\\installed-files.txt', 'Äpfel.txt', '']);
  });

  it('is refused without the list on disk: an update could not tell the old files', () => {
    rmSync(path.join(folder, LIST_ON_DISK));
    expect(() => writeInstallList(readTree(folder))).toThrow(/installed-files\.txt is not in/);
  });

  it('refuses what Windows cannot hold', () => {
    put('resources/a"b');
    expect(() => writeInstallList(readTree(folder))).toThrow(/Windows has no file named/);
    symlinkSync('Mainspring.exe', path.join(folder, 'link'));
    expect(() => readTree(folder)).toThrow(/neither a file nor a folder/);
  });
});
