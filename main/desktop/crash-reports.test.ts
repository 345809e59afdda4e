/** Crashes stay on this computer, and a defect ends the shell in order. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { endOnDefect, keepCrashDumps, writeCrashReport } from './crash-reports.ts';

describe('crash reports', () => {
  it('stay on this computer', () => {
    let options: unknown = null;
    keepCrashDumps({ start: (given) => (options = given) });
    expect(options).toEqual({ uploadToServer: false, productName: 'Mainspring' });
  });

  it('are written for their owner alone, and only the newest twenty kept', () => {
    const folder = path.join(mkdtempSync(path.join(tmpdir(), 'mainspring-crash-')), 'logs', 'crashes');
    for (let at = 0; at < 25; at += 1) writeCrashReport(folder, { at: at * 1_000, version: '1.0.0', what: 'A test', error: new Error(`number ${at}`) });
    const names = readdirSync(folder).sort();
    expect(names).toHaveLength(20);
    expect(names[0]).toBe('crash-1970-01-01T00-00-05.000Z.txt');
    const newest = path.join(folder, names.at(-1) ?? '');
    expect(readFileSync(newest, 'utf8')).toMatch(/^Mainspring 1\.0\.0, .*\nA test\n\nError: number 24\n/);
    if (process.platform !== 'win32') expect(statSync(newest).mode & 0o077).toBe(0);
    rmSync(path.join(folder, '..', '..'), { recursive: true });
  });
});

describe('a defect', () => {
  it('is written, stops what trades, is told, and ends the process, once', async () => {
    const log: string[] = [];
    const timers: { act: () => void; ms: number }[] = [];
    const onDefect = endOnDefect({
      write: (what) => (log.push(`write ${what}`), '/x/crash.txt'),
      stop: (reason) => Promise.resolve(void log.push(`stop: ${reason}`)),
      tell: (message) => Promise.resolve(void log.push(message.includes('/x/crash.txt') ? 'tell' : message)),
      exit: (code) => log.push(`exit ${code}`),
      later: (act, ms) => timers.push({ act, ms }),
    });
    onDefect('An error that nobody caught', new Error('x'));
    onDefect('Another', new Error('y'));
    await Promise.resolve();
    expect(log).toEqual(['write An error that nobody caught', 'tell', 'stop: the shell met a defect']);
    expect(timers.map(({ ms }) => ms)).toEqual([20_000, 3_000]);
    timers[1]?.act();
    expect(log.at(-1)).toBe('exit 70');
  });

  it('ends in order also when it cannot be written down', async () => {
    const log: string[] = [];
    const onDefect = endOnDefect({
      write: () => {
        throw new Error('disk full');
      },
      stop: () => Promise.resolve(void log.push('stop')), tell: (message) => Promise.resolve(void log.push(message)), exit: () => undefined, later: () => undefined,
    });
    onDefect('An error', new Error('x'));
    await Promise.resolve();
    expect(log).toEqual([expect.stringContaining('It could not be written down (Error: disk full)'), 'stop']);
  });
});
