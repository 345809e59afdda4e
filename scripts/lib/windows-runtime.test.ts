/** What the Windows runtime is chosen from: programs and what they load, archives, checked downloads. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cached, download } from './fetch-checked.mjs';
import { closureOf, readPe } from './pe.mjs';
import { choosePostgres, chooseRedis, chooseVcRuntime } from './runtime-parts.mjs';
import { readNpmArchive } from './tar.mjs';

/** The smallest file that Windows would take for a 64-bit program: one section, an import table, a version block. */
function tinyPe(imports: readonly string[], version: readonly [number, number] = [1, 0], machine = 0x8664): Buffer {
  const file = Buffer.alloc(4_096);
  const header = 0x40;
  file.write('MZ');
  file.writeUInt32LE(header, 0x3c);
  file.write('PE\0\0', header, 'latin1');
  file.writeUInt16LE(machine, header + 4);
  file.writeUInt16LE(1, header + 6);
  file.writeUInt16LE(240, header + 20);
  file.writeUInt16LE(0x20b, header + 24);
  const section = header + 24 + 240;
  file.writeUInt32LE(0x1000, section + 12);
  file.writeUInt32LE(0xc00, section + 16);
  file.writeUInt32LE(0x400, section + 20);
  if (imports.length > 0) file.writeUInt32LE(0x1000, header + 24 + 112 + 8);
  let names = 0x400 + (imports.length + 1) * 20;
  for (const [index, name] of imports.entries()) {
    file.writeUInt32LE(names - 0x400 + 0x1000, 0x400 + index * 20 + 12);
    names += file.write(`${name}\0`, names, 'latin1');
  }
  file.writeUInt32LE(0xfeef04bd, 0xf00);
  file.writeUInt16LE(version[1], 0xf08);
  file.writeUInt16LE(version[0], 0xf0a);
  return file;
}

describe('Windows programs', () => {
  it('says which libraries are loaded, and the version', () => {
    expect(readPe(tinyPe(['KERNEL32.dll', 'libpq.dll'], [18, 4]), 'x.exe')).toEqual({ imports: ['KERNEL32.dll', 'libpq.dll'], version: '18.4.0.0' });
    expect(readPe(tinyPe([]), 'x.exe').imports).toEqual([]);
  });

  it.each([
    ['text', Buffer.from('not a program at all, but long enough to have an address of a header in it, one would think')],
    ['nothing', Buffer.alloc(0)],
    ['a 32-bit program', tinyPe([], [1, 0], 0x14c)],
    ['a file that was cut off', tinyPe(['KERNEL32.dll']).subarray(0, 0x300)],
  ])('refuses %s', (_, content) => expect(() => readPe(content, 'x.exe')).toThrow(/x\.exe is not a 64-bit Windows program/));

  it('follows libraries to their libraries, whatever the case of the letters, and names what is nowhere', () => {
    const files = new Map([['a.exe', tinyPe(['B.DLL', 'KERNEL32.dll'])], ['b.dll', tinyPe(['a.exe', 'api-ms-win-crt-heap-l1-1-0.dll', 'gone.dll'])], ['unused.dll', tinyPe([])]]);
    expect(closureOf(['a.exe'], files)).toEqual({ needed: ['a.exe', 'b.dll'], missing: ['gone.dll (needed by b.dll)'] });
  });
});

const POSTGRES = new Map([
  ['native/bin/initdb.exe', tinyPe(['libpq.dll'])],
  ['native/bin/pg_ctl.exe', tinyPe([])],
  ['native/bin/postgres.exe', tinyPe(['VCRUNTIME140.dll', 'KERNEL32.dll'])],
  ['native/bin/libpq.dll', tinyPe(['WS2_32.dll'])],
  ['native/bin/wxmsw.dll', tinyPe([])],
  ...['dict_snowball', 'plpgsql', 'utf8_and_iso8859', 'utf8_and_iso8859_1', 'utf8_and_win'].map((name) => [`native/lib/${name}.dll`, tinyPe(['postgres.exe'])] as const),
  ['native/lib/plperl.dll', tinyPe(['perl.dll'])],
  ...['postgres.bki', 'system_views.sql', 'postgresql.conf.sample', 'timezone/Etc/UTC', 'tsearch_data/english.stop', 'extension/plpgsql.control'].map((name) => [`native/share/${name}`, Buffer.from(name)] as const),
  ...['locale/de/LC_MESSAGES/postgres-18.mo', 'extension/citext.control', 'tsearch_data/unaccent.rules', 'psqlrc.sample', 'doc/x.txt'].map((name) => [`native/share/${name}`, Buffer.from(name)] as const),
]);
const RUNTIME = new Map([['VCRUNTIME140.dll', tinyPe([])]]);

describe('the choice', () => {
  it('takes of PostgreSQL what runs, and leaves the rest', () => {
    const shipped = [...choosePostgres(POSTGRES, RUNTIME).keys()].sort();
    expect(shipped.filter((path) => path.includes('/bin/'))).toEqual(['VCRUNTIME140.dll', 'initdb.exe', 'libpq.dll', 'pg_ctl.exe', 'postgres.exe'].map((name) => `postgres/bin/${name}`));
    expect(shipped.filter((path) => path.includes('/lib/'))).toHaveLength(5);
    expect(shipped.filter((path) => path.includes('/share/'))).toEqual(['extension/plpgsql.control', 'postgres.bki', 'postgresql.conf.sample', 'system_views.sql', 'timezone/Etc/UTC', 'tsearch_data/english.stop'].map((name) => `postgres/share/${name}`));
  });

  it('can do without the C++ runtime for a check, but not without anything else', () => {
    expect([...choosePostgres(POSTGRES, new Map()).keys()]).not.toContain('postgres/bin/VCRUNTIME140.dll');
    const odd = new Map([...POSTGRES, ['native/bin/postgres.exe', tinyPe(['strange.dll'])]]);
    expect(() => choosePostgres(odd, RUNTIME)).toThrow(/strange\.dll \(needed by postgres\.exe\)/);
    const less = new Map(POSTGRES);
    less.delete('native/lib/plpgsql.dll');
    expect(() => choosePostgres(less, RUNTIME)).toThrow(/plpgsql\.dll is not in the package/);
  });

  it('takes of Redis the server and its libraries, from whatever folder they lie in', () => {
    const archive = new Map([['Redis-7/redis-server.exe', tinyPe(['msys-2.0.dll'])], ['Redis-7/msys-2.0.dll', tinyPe(['KERNEL32.dll'])], ['Redis-7/redis-cli.exe', tinyPe([])], ['Redis-7/redis.conf', Buffer.from('x')]]);
    expect([...chooseRedis(archive).keys()]).toEqual(['redis/msys-2.0.dll', 'redis/redis-server.exe']);
    expect(() => chooseRedis(new Map([['x/redis-cli.exe', tinyPe([])]]))).toThrow(/no redis-server\.exe/);
    archive.delete('Redis-7/msys-2.0.dll');
    expect(() => chooseRedis(archive)).toThrow(/msys-2\.0\.dll \(needed by redis-server\.exe\)/);
  });

  it('wants all three libraries of the C++ runtime, none older than the compiler of PostgreSQL', () => {
    expect([...chooseVcRuntime(() => tinyPe([], [14, 44]), 'C:\\Windows').keys()]).toEqual(['MSVCP140.dll', 'VCRUNTIME140.dll', 'VCRUNTIME140_1.dll']);
    expect(() => chooseVcRuntime((name) => tinyPe([], name === 'MSVCP140.dll' ? [14, 29] : [15, 0]), 'C:\\Windows')).toThrow(/MSVCP140\.dll in C:\\Windows is version 14\.29.*--vc-runtime/);
    expect(() => chooseVcRuntime((name) => (name === 'VCRUNTIME140_1.dll' ? null : tinyPe([], [14, 44])), 'C:\\Windows')).toThrow(/VCRUNTIME140_1\.dll is not in C:\\Windows.*--vc-runtime/);
  });
});

describe('npm archives', () => {
  const entry = (name: string, content: string, type = '0'): Buffer => {
    const header = Buffer.alloc(512);
    header.write(name);
    header.write(Buffer.byteLength(content).toString(8).padStart(11, '0'), 124);
    header.write(type, 156);
    const body = Buffer.alloc(Math.ceil(Buffer.byteLength(content) / 512) * 512);
    body.write(content);
    return Buffer.concat([header, body]);
  };

  it('are read without their first folder, with long names', () => {
    const long = `package/${'deep/'.repeat(30)}file`;
    const record = ` path=${long}\n`;
    const tar = Buffer.concat([entry('package/a.txt', 'one'), entry('package/dir/', '', '5'), entry('pax', `${record.length + 3}${record}`, 'x'), entry('cut', 'two'), Buffer.alloc(1_024)]);
    const files = readNpmArchive(gzipSync(tar));
    expect([...files].map(([name, content]) => [name, content.toString()])).toEqual([['a.txt', 'one'], [long.slice('package/'.length), 'two']]);
  });

  it('are refused when they end too early', () => {
    const tar = entry('package/a.txt', 'x'.repeat(600)).subarray(0, 700);
    expect(() => readNpmArchive(gzipSync(tar))).toThrow(/in the middle of a file/);
    expect(() => readNpmArchive(gzipSync(tar).subarray(0, 40))).toThrow();
  });
});

describe('downloads', () => {
  const content = Buffer.from('the real thing');
  const checksum = `sha256-${createHash('sha256').update(content).digest('hex')}`;
  let folder = '';
  let server: Server;
  let answer: Buffer | null = content;
  let asked = 0;
  let url = '';

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mainspring-download-'));
    asked = 0;
    answer = content;
    server = createServer((_, response) => {
      asked += 1;
      if (answer === null) {
        response.writeHead(200, { 'content-length': '1000' }).write('half');
        setTimeout(() => response.destroy(), 20);
      } else response.end(answer);
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const address = server.address();
    url = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/redis.zip`;
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const wanted = () => ({ cacheFile: join(folder, 'cache', 'redis.zip'), checksum, title: 'Redis', remedy: 'name it with --redis-archive.', get: () => download(url, 'name it with --redis-archive.') });

  it('are kept, and not made twice', async () => {
    expect(await cached(wanted())).toEqual(content);
    expect(await cached(wanted())).toEqual(content);
    expect(asked).toBe(1);
  });

  it('are made again when the kept copy was damaged', async () => {
    await cached(wanted());
    writeFileSync(wanted().cacheFile, 'rotten');
    expect(await cached(wanted())).toEqual(content);
    expect(readFileSync(wanted().cacheFile)).toEqual(content);
  });

  it('are not kept when they are not the pinned file', async () => {
    answer = Buffer.from('something else');
    await expect(cached(wanted())).rejects.toThrow(/Redis is damaged or not the pinned one \(14 bytes, wanted sha256-.*--redis-archive/);
    expect(existsSync(wanted().cacheFile)).toBe(false);
  });

  it('say what to do when the line breaks or nobody answers', async () => {
    answer = null;
    await expect(cached(wanted())).rejects.toThrow(/could not be downloaded.*--redis-archive/);
    server.close();
    server.closeAllConnections();
    await expect(download(url, 'name it with --redis-archive.')).rejects.toThrow(/could not be downloaded.*--redis-archive/);
  });
});
