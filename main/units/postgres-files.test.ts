/** The files of a PostgreSQL data folder, as PostgreSQL on Windows and elsewhere writes and reads them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isSameFolder, postgresConf, readPidFile } from './postgres-files.ts';

describe('postgresql.conf', () => {
  it('flushes the log through the write cache of the disk on Windows, where the default does not', () => {
    expect(postgresConf({ port: 5_432, socketFolder: null, platform: 'win32' })).toContain('\nwal_sync_method = fsync\n');
    expect(postgresConf({ port: 5_432, socketFolder: '/run/x', platform: 'linux' })).not.toContain('wal_sync_method');
  });

  it('opens no socket where there is none', () => {
    expect(postgresConf({ port: 5_432, socketFolder: null, platform: 'win32' })).toContain("\nunix_socket_directories = ''\n");
  });
});

describe('postmaster.pid', () => {
  it('is read as PostgreSQL on Windows writes it: old code page, drive letter, forward slashes', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mainspring-pid-'));
    try {
      const text = "276\nC:/Users/J\xf6rg M\xfcller's Daten \xfc/postgres/18\n1795363085\n54991\n\n127.0.0.1\n\nready   \n";
      for (const written of [text, text.replaceAll('\n', '\r\n')]) {
        writeFileSync(path.join(folder, 'postmaster.pid'), Buffer.from(written, 'latin1'));
        const pid = readPidFile(folder);
        expect(pid).toMatchObject({ pid: 276, startedAt: 1_795_363_085_000, status: 'ready' });
        expect(isSameFolder(pid?.dataFolder ?? '', "C:\\Users\\Jörg Müller's Daten ü\\postgres\\18", 'win32')).toBe(true);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['C:/Data/18', 'c:\\data\\18', true],
    ['C:/Data/17', 'C:\\Data\\18', false],
    ['D:/Data/18', 'C:\\Data\\18', false],
    ['C:/Daten-\ufffd/18', 'C:\\Daten-ö\\18', true],
    ['C:/Daten-\ufffd/18', 'C:\\Daten-o\\18', false],
    ['C:/Daten-o\u0308/18', 'C:\\Daten-ö\\18', true],
  ])('Windows: %s is %s: %s', (named, folder, expected) => expect(isSameFolder(named, folder, 'win32')).toBe(expected));

  it('is compared letter by letter elsewhere', () => {
    expect(isSameFolder('/data/Ä/../18', '/data/18', 'linux')).toBe(true);
    expect(isSameFolder('/data/18', '/Data/18', 'linux')).toBe(false);
  });
});
