/** A search as a process of its own: killed, stopped, taken up again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthetic } from '../../bench/lib/synth.ts';

const tool = path.join(import.meta.dirname, 'optimise-tool.ts');
let folder: string;
let data: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'optimise-'));
  data = path.join(folder, 'aaa.csv');
  const { time, open, high, low, close, volume } = synthetic({ length: 8_000, seed: 8 });
  const rows = Array.from(time, (at, n) => [new Date(at).toISOString(), open[n], high[n], low[n], close[n], volume[n]].join());
  writeFileSync(data, `time,open,high,low,close,volume\n${rows.join('\n')}\n`);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** One search by the command line. Of a word that is given twice the last counts. */
function start(...more: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<{ readonly code: number | null; readonly out: string; readonly said: string }> } {
  const child = spawn(process.execPath, [tool, '--strategy', 'sma-cross', '--data', data, '--grid', 'fast=10:29', '--grid', 'slow=32:61:1', '--threads', '2', '--min-trades', '1', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', said: '' };
  child.stdout?.on('data', (piece: Buffer) => void (text.out += piece.toString()));
  child.stderr?.on('data', (piece: Buffer) => void (text.said += piece.toString()));
  return { child, ended: once(child, 'close').then(([code]) => ({ code: code as number | null, ...text })) };
}

/** Waits until the journal holds some points. */
async function grown(file: string, bytes: number): Promise<void> {
  const until = performance.now() + 20_000;
  while ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) < bytes) {
    if (performance.now() > until) throw new Error('The journal has not grown.');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const reportOf = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));

describe('npm run optimise', () => {
  it('goes on after it was killed, and after Ctrl-C, and finds what it would have found', async () => {
    const [plain, resumed, journal] = ['plain.json', 'resumed.json', 'search.journal'].map((name) => path.join(folder, name)) as [string, string, string];
    // Untouched and on two threads, while the other is stopped twice on one.
    const untouched = start('--report', plain).ended;
    const killed = start('--threads', '1', '--journal', journal);
    await grown(journal, 5_000);
    killed.child.kill('SIGKILL');
    expect((await killed.ended).code).toBeNull();
    const before = statSync(journal).size;

    const stopped = start('--threads', '1', '--journal', journal);
    await grown(journal, before + 5_000);
    stopped.child.kill('SIGINT');
    const { code, said, out } = await stopped.ended;
    expect(code).toBe(130);
    expect(said).toMatch(/known from before/);
    expect(said).toMatch(/goes on from here/);
    expect(out).toMatch(/not complete/);

    const last = await start('--threads', '1', '--journal', journal, '--report', resumed).ended;
    expect(last.code).toBe(0);
    const whole = await untouched;
    expect(whole).toMatchObject({ code: 0 });
    expect(whole.out).toMatch(/sma_cross on AAA \(1Min\): \d+ trials by grid/);
    expect(reportOf(resumed)).toEqual(reportOf(plain));
  });

  it('says what is wrong with what it was told', async () => {
    const results = await Promise.all([start('--method', 'luck'), start('--param', 'speed=9'), start('--data', path.join(folder, 'none.csv'))].map(({ ended }) => ended));
    expect(results.map(({ code }) => code)).toEqual([64, 1, 1]);
    expect(results.map(({ said }) => said).join()).toMatch(/--method takes grid or random.*"speed" is not a parameter.*none\.csv/s);
  });
});
