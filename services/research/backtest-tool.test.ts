/** `npm run backtest`: options, exit codes, and whole runs from files to figures. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeRecorded, sharedPath } from '../../tests/support/recorded.ts';
import { kindOf, OptionError, readOptions, type ToolOptions } from './backtest-tool-options.ts';
import { runTool } from './backtest-tool-run.ts';
import { reportInput, runJson, runText } from './backtest-tool-text.ts';

const folder = mkdtempSync(join(tmpdir(), 'ms-backtest-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Days of a made-up symbol that swings. */
function daysFile(name: string, phase = 0): string {
  const rows = ['Date,Open,High,Low,Close,Volume'];
  for (let n = 0, day = Date.UTC(2023, 0, 3); n < 300; day += 86_400_000) {
    if ([0, 6].includes(new Date(day).getUTCDay())) continue;
    const close = (100 + 12 * Math.sin(n / 9 + phase) + n * 0.05).toFixed(2);
    rows.push(`${new Date(day).toISOString().slice(0, 10)},${close},${(Number(close) + 1).toFixed(2)},${(Number(close) - 1).toFixed(2)},${close},${10_000 + n}`);
    n += 1;
  }
  writeFileSync(join(folder, name), `${rows.join('\n')}\n`);
  return join(folder, name);
}

function optionsOf(...args: string[]): ToolOptions {
  const asked = readOptions(args);
  if (asked.kind !== 'run') throw new Error(`asked for ${asked.kind}`);
  return asked.options;
}
const BASE = ['--strategy', 'ma-crossover', '--data', 'a.csv'] as const;

describe('options', () => {
  it('know a strategy by its usual names', () => {
    expect(['ma-crossover', 'SMA_cross', 'rsi-reversion', 'MA-Cross'].map(kindOf)).toEqual(['sma_cross', 'sma_cross', 'rsi_reversion', 'sma_cross']);
  });

  it('become rules', () => {
    const { rules, sizing, data, parameters, load } = optionsOf('--strategy', 'x', '--data', 'a.csv,b', 'c.csv', '--param', 'fast=10', '--commission', '0.2%,0.005/share,1.50,min:2', '--slippage', 'bps:5', '--cash', '2500', '--sizing', 'atr:1,2,50', '--short', '--fees', 'none', '--from', '2020-01-31', '--fill', 'this-close');
    expect(rules).toMatchObject({ commission: { percent: 0.2, perShare: 0.005, perOrder: 1.5, minimum: 2 }, slippage: { kind: 'bps', bps: 5 }, account: { cash: 2_500, multiplier: 2, canShort: true }, fees: 'none', fills: { marketAt: 'this_close' } });
    expect([sizing, data, [...parameters], load.from]).toEqual([{ method: 'atr_risk', riskPercent: '1', atrMultiple: '2', maxPercent: '50' }, ['a.csv', 'b', 'c.csv'], [['fast', '10']], '2020-01-31']);
  });

  it.each([
    [['--data', 'a.csv'], /--strategy is missing/], [['--strategy', 'x'], /--data is missing/], [[...BASE, '--param', 'fast'], /fast=10, not "fast"/], [[...BASE, '--param', 'fast=1', '--param', 'fast=2'], /given twice/], [[...BASE, '--cash', '-5'], /--cash/],
    [[...BASE, '--commission', '5bps'], /--commission takes/], [[...BASE, '--commission', 'min:2%'], /--commission takes/], [[...BASE, '--slippage', 'much'], /--slippage takes/], [[...BASE, '--sizing', 'all'], /--sizing takes/], [[...BASE, '--from', '2020-02-30'], /--from takes a day/],
    [[...BASE, '--margin', '3'], /--margin takes 1 or 2 or 4/], [[...BASE, '--short', '--margin', '1'], /--short needs a margin account/], [[...BASE, '--wings'], /wings/], [[...BASE, '--volume-cap', '2'], /--volume-cap takes a number/], [[...BASE, '--cash', '5000000000'], /--cash takes a number from 1 to 4000000000/], [[...BASE, '--seed', '1.5'], /whole number/],
    [[...BASE, '--commission', '200%'], /at most 100 %/], [[...BASE, '--from', '2020-02-01', '--to', '2020-01-01'], /--from 2020-02-01 is later/],
  ])('%j cannot be used', (args, words) => {
    expect(() => readOptions(args)).toThrow(OptionError);
    expect(() => readOptions(args)).toThrow(words);
  });
});

describe('a run', () => {
  it('comes to the same hashes each time, and to others under another rule', async () => {
    const file = daysFile('swing.csv');
    const [one, two, other] = await Promise.all([optionsOf('--strategy', 'ma-crossover', '--data', file), optionsOf('--strategy', 'sma_cross', '--data', file, '--benchmark', 'none'), optionsOf('--strategy', 'ma-crossover', '--data', file, '--slippage', 'bps:10')].map(runTool));
    expect([two?.manifest.hash, two?.ordersHash]).toEqual([one?.manifest.hash, one?.ordersHash]);
    expect(other?.manifest.rules).not.toBe(one?.manifest.rules);
    expect(one?.benchmark).toBe('SWING held');
    expect(one?.sheet.figures.round_trips).toBeGreaterThan(3);
    expect(one?.sheet.endEquity).toBeCloseTo((one?.result.equity.at(-1) ?? NaN), 9);
    expect(runText(one ?? expect.fail())).toMatch(/Sharpe ratio +[\d.]+ {2}per year[^]*Verdict\n[^]*Manifest [0-9a-f]{64}\nOrders {3}[0-9a-f]{64}\n/);
    const told = JSON.parse(runJson(one ?? expect.fail())) as { trips: unknown[]; manifest: { hash: string } };
    expect([told.trips.length, told.manifest.hash]).toEqual([one?.result.trips.length, one?.manifest.hash]);
  });

  it('over a folder is one of a portfolio, each symbol with an equal part', async () => {
    daysFile('many-a.csv');
    const { config, benchmark } = await runTool(optionsOf('--strategy', 'rsi-reversion', '--data', `${daysFile('x.csv')},${daysFile('y.csv', 2)}`));
    expect([config.markets.map(({ symbol }) => symbol), config.sizing, benchmark]).toEqual([['X', 'Y'], { method: 'percent_of_equity', percent: '47.50' }, null]);
  });

  it('can be checked for noise and neighbours', async () => {
    const { evidence } = await runTool(optionsOf('--strategy', 'ma-crossover', '--data', daysFile('checked.csv'), '--param', 'slow=40', '--check'));
    expect([evidence.lookAhead, evidence.priceJitter?.variants, (evidence.parameterJitter?.variants ?? 0) > 20]).toEqual(['clean', 50, true]);
  });

  it('names the source of a benchmark and what is odd about it, and frees no price by factors of another symbol', async () => {
    const [file, other] = [daysFile('traded.csv'), join(folder, 'other.csv')];
    writeFileSync(other, readFileSync(file, 'utf8').replace(/,\d+\n/, ',0\n'));
    const run = await runTool(optionsOf('--strategy', 'ma-crossover', '--data', file, '--benchmark', other));
    expect(run.warnings).toContain('Benchmark: other.csv: 1 row has no volume: line 2');
    expect(reportInput(run, 0, '').data.map(({ symbol, isBenchmark }) => [symbol, isBenchmark])).toEqual([['TRADED', false], ['OTHER', true]]);
    writeFileSync(join(folder, 'factors.csv'), '20240101,0.9,0.5\n');
    await expect(runTool(optionsOf('--strategy', 'ma-crossover', '--data', file, '--benchmark', other, '--factors', join(folder, 'factors.csv')))).rejects.toThrow(/would move the prices of the benchmark/);
  });

  it('says what is wrong with parameters, accounts and benchmarks', async () => {
    const file = daysFile('bad.csv');
    await expect(runTool(optionsOf('--strategy', 'nothing', '--data', file))).rejects.toThrow(/no strategy of the kind "nothing"/);
    await expect(runTool(optionsOf('--strategy', 'ma-crossover', '--data', file, '--param', 'fast=fast'))).rejects.toThrow(/fast must be a number/);
    await expect(runTool(optionsOf('--strategy', 'ma-crossover', '--data', file, '--param', 'fast=50', '--param', 'slow=20'))).rejects.toThrow(/fast average must be shorter/);
    await expect(runTool(optionsOf('--strategy', 'pairs-trading', '--data', file))).rejects.toThrow(/add --short/);
  });

  it('is told by exit codes', () => {
    const tool = join(import.meta.dirname, 'backtest-tool.ts');
    const endOf = (...args: string[]): [number | null, string] => {
      const { status, stderr } = spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8' });
      return [status, stderr.split('\n')[0] ?? ''];
    };
    expect(endOf('--strategy', 'ma-crossover')).toEqual([64, expect.stringContaining('--data is missing')]);
    expect(endOf('--strategy', 'ma-crossover', '--data', join(folder, 'none.csv'))).toEqual([66, expect.stringContaining('there is no such file')]);
    writeFileSync(join(folder, 'broken.csv'), 'time,open\n1,2\n');
    expect(endOf('--strategy', 'ma-crossover', '--data', join(folder, 'broken.csv'))).toEqual([65, expect.stringContaining('no CSV file of bars')]);
    const bars = daysFile('kept.csv');
    const before = readFileSync(bars, 'utf8');
    expect(endOf('--strategy', 'ma-crossover', '--data', bars, '--report', join(folder, '.', 'kept.csv'))).toEqual([64, expect.stringMatching(/^--report would replace .*kept\.csv, which is read/)]);
    expect(readFileSync(bars, 'utf8')).toBe(before);
    expect(endOf('--strategy', 'ma-crossover', '--data', bars, '--json', folder)).toEqual([64, expect.stringContaining('is a folder')]);
    expect(endOf('--strategy', 'ma-crossover', '--data', bars, '--sizing', 'percent:0')).toEqual([64, expect.stringContaining('must be greater than zero')]);
    expect(endOf('--strategy', 'ma-crossover', '--data', bars, '--factors', join(folder, 'no-factors'))).toEqual([66, expect.stringContaining('no such file or folder of factors')]);
    const page = join(folder, 'deep', 'report.html');
    execFileSync(process.execPath, [tool, '--strategy', 'ma-crossover', '--data', daysFile('whole.csv'), '--report', page]);
    expect(readFileSync(page, 'utf8').endsWith('</html>\n')).toBe(true);
  });
});

describeRecorded([sharedPath('data/oracle/GOOG.csv')], 'the recorded GOOG', () => {
  it('runs whole', async () => {
    const { sheet, verdict } = await runTool(optionsOf('--strategy', 'ma-crossover', '--data', sharedPath('data/oracle/GOOG.csv'), '--param', 'fast=10', '--param', 'slow=20', '--commission', '0.2%', '--fees', 'none'));
    expect([sheet.days, sheet.figures.round_trips, verdict.belief]).toEqual([2_148, 46, 'doubtful']);
  });
});
