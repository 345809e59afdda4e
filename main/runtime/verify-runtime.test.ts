/** A shipped part is started only when it is what was shipped. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findLayout } from '../layout.ts';
import type { Layout } from '../layout.ts';
import { readManifest } from './manifest.ts';
import type { RuntimeManifest } from './manifest.ts';
import { shippedPart } from './verify-runtime.ts';

let home = '';
let layout: Layout;
let manifest: RuntimeManifest;

const FILES = { 'redis/redis-server.exe': 'server', 'redis/msys-2.0.dll': 'library', 'postgres/bin/postgres.exe': 'postgres', 'licences/NOTICE.txt': 'thanks' };

/** An installed application as packaging makes it: the program in the archive, the databases beside it. */
function install(): void {
  const resources = path.join(home, 'Mainspring ü', 'resources');
  const archive = path.join(resources, 'app.asar');
  mkdirSync(path.join(archive, 'dist', 'main'), { recursive: true });
  writeFileSync(path.join(archive, 'package.json'), JSON.stringify({ name: 'mainspring', version: '1.2.3' }));
  const part = { version: '7.2.8', source: 'somewhere', isStandIn: false, lacks: [] };
  manifest = {
    schema: 1,
    platform: 'win32-x64',
    parts: { redis: { ...part }, postgres: { ...part, version: '18.4' } },
    files: Object.fromEntries(Object.entries(FILES).map(([name, content]) => [name, { sha256: createHash('sha256').update(content).digest('hex'), bytes: content.length }])),
  };
  for (const [name, content] of Object.entries(FILES)) {
    const file = path.join(resources, 'runtime', name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  writeFileSync(path.join(archive, 'dist', 'runtime-manifest.json'), JSON.stringify(manifest));
  layout = findLayout(pathToFileURL(path.join(archive, 'dist', 'main', 'desktop.mjs')).href);
}

const fileOf = (name: string): string => path.join(layout.runtimeFolder ?? '', name);
const rewriteManifest = (change: (manifest: RuntimeManifest) => void): void => {
  change(manifest);
  writeFileSync(layout.runtimeManifest ?? '', JSON.stringify(manifest));
};
const refusal = (message: RegExp): Promise<void> =>
  expect(shippedPart('redis', layout)).rejects.toMatchObject({ code: 'RUNTIME_DAMAGED', family: 'operator', message: expect.stringMatching(message) as string });

beforeEach(() => {
  home = mkdtempSync(path.join(tmpdir(), 'mainspring-runtime-'));
  install();
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the layout of an installed application', () => {
  it('has the program in the archive and the databases beside it', () => {
    const resources = path.join(home, 'Mainspring ü', 'resources');
    expect(layout).toMatchObject({ root: path.join(resources, 'app.asar'), version: '1.2.3', isPackaged: true, workFolder: resources, runtimeFolder: path.join(resources, 'runtime') });
    expect(layout.workerEntry('gateway')).toBe(path.join(resources, 'app.asar', 'dist', 'services', 'gateway.mjs'));
    expect(statSync(layout.workFolder).isDirectory()).toBe(true);
  });

  it('is not that of a clone', async () => {
    const clone = findLayout(import.meta.url);
    expect(clone).toMatchObject({ isPackaged: false, workFolder: clone.root, runtimeFolder: null, runtimeManifest: null });
    expect(await shippedPart('redis', clone)).toBeNull();
  });

  it('misses the databases when they were deleted', async () => {
    rmSync(layout.runtimeFolder ?? '', { recursive: true });
    layout = findLayout(pathToFileURL(path.join(layout.root, 'dist', 'main', 'desktop.mjs')).href);
    await refusal(/The folder .*redis cannot be read \(ENOENT\).*Install Mainspring again/);
  });
});

describe('a shipped part', () => {
  it('is found whole', async () => {
    expect(await shippedPart('redis', layout)).toEqual({ folder: fileOf('redis'), version: '7.2.8' });
    expect(await shippedPart('postgres', layout)).toEqual({ folder: fileOf('postgres'), version: '18.4' });
  });

  it('may have texts beside it that somebody put there', async () => {
    writeFileSync(fileOf('redis/notes.txt'), 'mine');
    expect(await shippedPart('redis', layout)).not.toBeNull();
  });

  it('is refused when a file was changed, even at the same size, and again when asked again', async () => {
    writeFileSync(fileOf('redis/msys-2.0.dll'), 'Library');
    await refusal(/redis\/msys-2\.0\.dll was changed\. It is not started\. Install Mainspring again \(your data is kept\); an antivirus program/);
    await refusal(/msys-2\.0\.dll was changed/);
    writeFileSync(fileOf('redis/msys-2.0.dll'), 'library');
    expect(await shippedPart('redis', layout)).not.toBeNull();
  });

  it('is refused when a file is missing, shorter, or is a folder', async () => {
    rmSync(fileOf('redis/redis-server.exe'));
    await refusal(/redis\/redis-server\.exe is missing/);
    writeFileSync(fileOf('redis/redis-server.exe'), 'serve');
    await refusal(/redis\/redis-server\.exe has 5 bytes instead of 6/);
    rmSync(fileOf('redis/redis-server.exe'));
    mkdirSync(fileOf('redis/redis-server.exe'));
    await refusal(/redis\/redis-server\.exe/);
  });

  it('names the first of several damaged files', async () => {
    writeFileSync(fileOf('redis/redis-server.exe'), 'SERVER');
    writeFileSync(fileOf('redis/msys-2.0.dll'), 'LIBRARY');
    for (let round = 0; round < 20; round += 1) await refusal(/redis\/msys-2\.0\.dll was changed/);
  });

  it.each(['version.dll', 'sub/helper.EXE', 'redis-server.exe.local/x.dll', 'redis-server.exe.manifest'])('is refused when %s lies in it', async (name) => {
    mkdirSync(path.dirname(fileOf(`redis/${name}`)), { recursive: true });
    writeFileSync(fileOf(`redis/${name}`), 'code of somebody else');
    await refusal(/A program that is not ours lies in the installation: redis\//);
    expect(await shippedPart('postgres', layout)).not.toBeNull();
  });

  it('is refused when it is a stand-in, incomplete, or was not shipped', async () => {
    rewriteManifest(({ parts }) => Object.assign(parts.redis ?? {}, { lacks: ['its libraries'] }));
    await refusal(/lacks its libraries/);
    rewriteManifest(({ parts }) => Object.assign(parts.redis ?? {}, { isStandIn: true }));
    await refusal(/is a stand-in/);
    rewriteManifest(({ parts }) => delete parts.redis);
    await refusal(/came without redis/);
  });

  it('is read again after a change that was hidden', async () => {
    const file = fileOf('redis/msys-2.0.dll');
    const { atime, mtime } = statSync(file);
    utimesSync(file, atime, mtime);
    await shippedPart('redis', layout);
    writeFileSync(file, 'Library');
    utimesSync(file, atime, mtime);
    await refusal(/msys-2\.0\.dll was changed/);
  });
});

describe('the list', () => {
  it.each([
    ['missing', null],
    ['cut off', '{"schema": 1, "pla'],
    ['of another kind', '{"schema": 2, "platform": "win32-x64", "parts": {}, "files": {}}'],
    ['with a way out of the folder', JSON.stringify({ schema: 1, platform: 'x', parts: {}, files: { '../evil.exe': { sha256: '0'.repeat(64), bytes: 1 } } })],
    ['with a drive', JSON.stringify({ schema: 1, platform: 'x', parts: {}, files: { 'C:/evil.exe': { sha256: '0'.repeat(64), bytes: 1 } } })],
    ['with a bad checksum', JSON.stringify({ schema: 1, platform: 'x', parts: {}, files: { 'redis/x.exe': { sha256: '0', bytes: 1 } } })],
  ])('is refused when it is %s', async (_, text) => {
    const file = layout.runtimeManifest ?? '';
    if (text === null) rmSync(file);
    else writeFileSync(file, text);
    expect(() => readManifest(file)).toThrow(/The list of the shipped programs .* cannot be read\. Install Mainspring again/);
    await refusal(/The list of the shipped programs/);
  });
});
