/** The command line of a search. */
import { describe, expect, it } from 'vitest';
import { OptionError } from './backtest-tool-options.ts';
import { readOptions, type OptimiseOptions } from './optimise-options.ts';

const BASE = ['--strategy', 'sma-cross', '--data', 'a.csv,b.csv.gz'];
function options(...more: string[]): OptimiseOptions {
  const asked = readOptions([...BASE, ...more]);
  if (asked.kind !== 'run') throw new Error('It is not to be run.');
  return asked.options;
}

describe('the options of a search', () => {
  it('reads what the help shows', () => {
    const read = options('--grid', 'fast=5:14:1', '--grid=slow=20:65:5', '--grid', 'side=long|both', '--param', 'band=0.5', '--commission', '0.2%', '--slippage', 'bps:5', '--walk-forward', '5', '--anchored', '--out-part', '30%', '--max-drawdown', '25%');
    expect(read).toMatchObject({
      method: { kind: 'grid' }, objective: { figure: 'sharpe', minTrades: 10, maxDrawdown: 0.25 }, walkForward: { kind: 'anchored', folds: 5, outPart: 0.3, choice: 'best' },
      ranges: { fast: { from: 5, to: 14, step: 1 }, slow: { from: 20, to: 65, step: 5 }, side: ['long', 'both'] },
      run: { strategy: 'sma_cross', data: ['a.csv', 'b.csv.gz'], rules: { commission: { percent: 0.2 }, slippage: { kind: 'bps', bps: 5 }, account: { cash: 100_000, canShort: false } } },
    });
    expect([...read.run.parameters]).toEqual([['band', '0.5']]);
    expect(read.asGiven).toEqual([...BASE, '--param', 'band=0.5', '--commission', '0.2%', '--slippage', 'bps:5']);
    expect(options('--method', 'tpe', '--trials', '50', '--seed', '7', '--short')).toMatchObject({ method: { kind: 'tpe', trials: 50, seed: 7 }, run: { rules: { account: { canShort: true, multiplier: 2 } } }, walkForward: null });
    expect(options('--walk-forward', '500/125').walkForward).toEqual({ kind: 'rolling', inBars: 500, outBars: 125, choice: 'best' });
    expect(readOptions(['--help']).kind).toBe('help');
  });

  it.each([
    [['--grid', 'fast']], [['--grid', 'fast=']], [['--grid', 'fast=1:2:3:4']], [['--grid', 'fast=a:b']], [['--method', 'luck']], [['--trials', '1.5', '--method', 'tpe']], [['--objective', 'max_drawdown']],
    [['--commission', 'much']], [['--slippage', '5']], [['--fees', 'de']], [['--cash', '0']], [['--walk-forward', '0']], [['--speed', '9']], [['--search', 'x.json']], [['--grid']],
  ])('says what is wrong with %j', (more) => {
    expect(() => options(...more)).toThrow(OptionError);
  });

  it('needs a strategy and data', () => {
    expect(() => readOptions(['--strategy', 'x'])).toThrow(/--data is missing/);
  });
});
