/** A user's strategy on the command line: the built-in one's orders, its own identity, and messages that name the line. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readOptions } from './backtest-tool-options.ts';
import { runTool, type FinishedRun } from './backtest-tool-run.ts';
import { SMA_CROSS } from './sandbox/testing-sources.ts';

const folder = mkdtempSync(join(tmpdir(), 'ms-own-strategy-'));
afterAll(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const rows = ['Date,Open,High,Low,Close,Volume'];
for (let n = 0, day = Date.UTC(2023, 0, 3); n < 300; day += 86_400_000) {
  if ([0, 6].includes(new Date(day).getUTCDay())) continue;
  const close = (100 + 12 * Math.sin(n / 9) + n * 0.05).toFixed(2);
  rows.push(`${new Date(day).toISOString().slice(0, 10)},${close},${(Number(close) + 1).toFixed(2)},${(Number(close) - 1).toFixed(2)},${close},${10_000 + n}`);
  n += 1;
}
const data = file('swings.csv', `${rows.join('\n')}\n`);

function run(strategy: string, ...more: string[]): Promise<FinishedRun> {
  const asked = readOptions(['--strategy', strategy, '--data', data, ...more]);
  if (asked.kind !== 'run') throw new Error(`asked for ${asked.kind}`);
  return runTool(asked.options);
}

describe('a strategy of one\'s own', () => {
  it('trades as the built-in one, is checked for the future, and is known by its source', async () => {
    const own = file('mine.ts', SMA_CROSS);
    const [mine, theirs] = [await run(own, '--param', 'fast=5', '--check'), await run('ma-crossover', '--param', 'fast=5')];
    expect([mine.result.orders, mine.result.equity.at(-1)]).toEqual([theirs.result.orders, theirs.result.equity.at(-1)]);
    expect(mine.result.orders).toBeGreaterThan(5);
    expect(mine.type).toMatchObject({ kind: 'my_cross', title: 'My crossover' });
    expect(mine.config.strategy.parameters).toMatchObject({ fast: 5, slow: 30 });
    expect(mine.evidence.lookAhead).toBe('clean');
    const other = await run(file('other.ts', `${SMA_CROSS}\n`), '--param', 'fast=5');
    expect(new Set([mine.manifest.code, other.manifest.code, theirs.manifest.code]).size).toBe(3);
    expect(other.ordersHash).toBe(mine.ordersHash);
  }, 60_000);

  it('is refused with its line, or with what its parameters may be', async () => {
    await expect(run(file('broken.ts', `${SMA_CROSS}\nconst oops: = 1;\n`))).rejects.toMatchObject({ code: 'STRATEGY_CODE_INVALID', message: expect.stringMatching(/^Line \d+/) as string });
    await expect(run(file('mine2.ts', SMA_CROSS), '--param', 'fast=1000')).rejects.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
    await expect(run(join(folder, 'nowhere.ts'))).rejects.toMatchObject({ message: expect.stringContaining('there is no such file') as string });
  }, 60_000);
});
