/** Which databases may be shipped. */
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findUnfit, hashesOf } from './runtime-fit.ts';

describe('the databases of a release', () => {
  let folder: string;
  const part = { version: '1', source: 'somewhere', isStandIn: false, lacks: [] as string[] };
  const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
  const unfit = (parts: Record<string, unknown>): string[] => {
    const files = Object.fromEntries(['postgres/a.exe', 'redis/b.exe'].map((name) => [name, { sha256: sha256(name), bytes: name.length }]));
    writeFileSync(path.join(folder, 'manifest.json'), JSON.stringify({ schema: 1, platform: 'win32-x64', parts, files }));
    return findUnfit(path.join(folder, 'manifest.json'), hashesOf(folder));
  };
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'mainspring-fit-'));
    for (const name of ['postgres/a.exe', 'redis/b.exe']) {
      mkdirSync(path.join(folder, path.dirname(name)));
      writeFileSync(path.join(folder, name), name);
    }
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('are fit when whole', () => {
    expect(unfit({ postgres: part, redis: part })).toEqual([]);
  });

  it('are unfit as a stand-in, or without a library or a whole part', () => {
    expect(unfit({ postgres: { ...part, lacks: ['the Visual C++ runtime'] }, redis: { ...part, isStandIn: true } })).toEqual(['postgres lacks the Visual C++ runtime', 'redis is a stand-in']);
    expect(unfit({ postgres: part })).toEqual(['redis is missing']);
  });

  it('are unfit when a file was changed (signed, say), is missing, or is not in the list', () => {
    writeFileSync(path.join(folder, 'postgres/a.exe'), 'signed');
    rmSync(path.join(folder, 'redis/b.exe'));
    writeFileSync(path.join(folder, 'redis/c.exe'), 'c');
    expect(unfit({ postgres: part, redis: part })).toEqual(['postgres/a.exe is not the file of the list', 'redis/b.exe is not the file of the list', 'redis/c.exe is not in the list']);
  });
});
