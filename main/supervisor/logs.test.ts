/** Captured output: ring, files, rotation, crash files. */
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RING_LINES, openLogs } from './logs.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'ms-logs-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('captured output', () => {
  it('keeps the last 500 lines in memory and all of them in the file', () => {
    const logs = openLogs(folder, () => 1);
    const log = logs.of('redis');
    for (let index = 0; index < RING_LINES + 10; index += 1) log.line('stdout', `line ${index}`);
    logs.flushSync();
    expect(log.tail(1_000)).toHaveLength(RING_LINES);
    expect(log.tail(2).map((line) => line.text)).toEqual(['line 508', 'line 509']);
    expect(readFileSync(path.join(folder, 'redis.log'), 'utf8').split('\n')).toHaveLength(RING_LINES + 11);
    const last = log.tail(1)[0];
    log.line('stderr', 'newest');
    expect(log.tail(10, last?.seq).map((line) => line.text)).toEqual(['newest']);
  });

  it('joins pieces of a line and cuts a line without end', async () => {
    const log = openLogs(folder, () => 1).of('gateway');
    const pipe = new PassThrough();
    log.capture('stdout', pipe);
    pipe.write('first ha');
    pipe.write('lf\r\nsecond\nrest');
    pipe.end();
    await new Promise((resolve) => pipe.once('close', resolve));
    expect(log.tail(9).map((line) => line.text)).toEqual(['first half', 'second', 'rest']);
    const endless = new PassThrough();
    log.capture('stdout', endless);
    endless.write('x'.repeat(100_000));
    endless.end();
    await new Promise((resolve) => endless.once('close', resolve));
    expect(Math.max(...log.tail(99).map((line) => line.text.length))).toBeLessThanOrEqual(16_384);
  });

  it('rotates a file that grew over 10 MB and keeps five', async () => {
    writeFileSync(path.join(folder, 'execution.log'), 'x'.repeat(10 * 1_024 * 1_024 + 1));
    for (const index of [1, 2, 3, 4]) writeFileSync(path.join(folder, `execution.log.${index}`), String(index));
    openLogs(folder, () => 1).of('execution').line('stdout', 'fresh');
    const deadline = performance.now() + 5_000;
    while (!existsSync(path.join(folder, 'execution.log')) || readFileSync(path.join(folder, 'execution.log'), 'utf8') !== 'fresh\n') {
      expect(performance.now()).toBeLessThan(deadline);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(readFileSync(path.join(folder, 'execution.log.4'), 'utf8')).toBe('3');
    expect(readdirSync(folder).filter((name) => name.startsWith('execution.log'))).toHaveLength(5);
  });

  it('writes the first and last lines of a process into its crash file, not those of the one before', () => {
    const log = openLogs(folder, () => Date.UTC(2026, 0, 2)).of('analytics');
    log.line('stderr', 'of the process before');
    log.begin();
    for (let index = 0; index < 300; index += 1) log.line('stderr', `line ${index}`);
    const text = readFileSync(log.writeCrash('was ended by SIGKILL'), 'utf8');
    expect(text).toContain('analytics: was ended by SIGKILL');
    expect(text).toContain('line 0\n');
    expect(text).toContain('line 299\n');
    expect(text).not.toContain('line 50\n');
    expect(text).not.toContain('of the process before');
  });
});
