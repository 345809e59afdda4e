/** The lock over one file: one program at a time, released whatever happens, and not kept by a crash. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { withFileLock } from './file-lock.ts';

const MODULE = path.join(import.meta.dirname, 'file-lock.ts');
let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ms-lock-'));
  file = path.join(folder, 'keys.json');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Counts up in the file, in another process. */
function count(times: number): Promise<string> {
  const program = `
    import { readFileSync, writeFileSync } from 'node:fs';
    const { withFileLock } = await import(process.argv[1]);
    const file = process.argv[2];
    for (let n = 0; n < ${times}; n += 1) await withFileLock(file, () => writeFileSync(file, String(Number(readFileSync(file, 'utf8')) + 1)));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program, MODULE, file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  return new Promise((resolve) => child.on('close', () => resolve(complaint)));
}

describe('a lock over a file', () => {
  it('lets one program in at a time', async () => {
    writeFileSync(file, '0');
    expect(await Promise.all([count(100), count(100), count(100)])).toEqual(['', '', '']);
    expect(readFileSync(file, 'utf8')).toBe('300');
    expect(existsSync(`${file}.lock`)).toBe(false);
  }, 30_000);

  it('is gone after what was done under it, also when that failed', async () => {
    expect(await withFileLock(file, () => existsSync(`${file}.lock`))).toBe(true);
    await expect(withFileLock(file, () => { throw new Error('planted'); })).rejects.toThrow('planted');
    expect(existsSync(`${file}.lock`)).toBe(false);
    await expect(withFileLock(path.join(folder, 'nowhere', 'x'), () => 1)).rejects.toThrow(/ENOENT/);
  });

  it('that a crash left is taken over after ten seconds, by the clock of either side', async () => {
    for (const seconds of [-11, 3_600]) {
      writeFileSync(`${file}.lock`, 'somebody');
      const at = Date.now() / 1_000 + seconds;
      utimesSync(`${file}.lock`, at, at);
      expect(await withFileLock(file, () => readFileSync(`${file}.lock`, 'utf8'))).not.toBe('somebody');
    }
  });

  it('that is fresh is waited for, and one that was lost is left to its new holder', async () => {
    writeFileSync(`${file}.lock`, 'somebody');
    let isFree = false;
    setTimeout(() => {
      isFree = true;
      rmSync(`${file}.lock`);
    }, 200);
    expect(await withFileLock(file, () => isFree)).toBe(true);
    await withFileLock(file, () => writeFileSync(`${file}.lock`, 'another'));
    expect(readFileSync(`${file}.lock`, 'utf8')).toBe('another');
  });
});
