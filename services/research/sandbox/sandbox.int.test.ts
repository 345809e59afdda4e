/** Strangers' strategies in a real process: the same orders as the built-in ones, nothing of our environment, ended when they do not end. */
import { describe, expect, it } from 'vitest';
import { runBacktest } from '#app/backtest/run/run.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { AppError } from '#app/domain/errors.ts';
import { randomOf } from '#app/domain/random.ts';
import { smaCross } from '#app/strategy/built-in/sma-cross.ts';
import { rsiReversion } from '#app/strategy/built-in/rsi-reversion.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { readJob, runConfigOf, type JobInput } from '../job.ts';
import { openSandbox } from './sandbox.ts';
import { SMA_CROSS } from './testing-sources.ts';

const RSI = `import { integer, rsi, strategy } from 'mainspring';
export default strategy({
  kind: 'my_rsi', title: 'Index', description: 'Reads the account', scope: 'symbol',
  parameters: { period: integer(14, { min: 2, max: 100, describe: 'Bars' }) },
  indicators: ({ period }) => ({ rsi: rsi(period) }),
  initialState: () => ({}),
  onBar({ on, equity }) {
    if (on.indicators.rsi.now < 30 && equity > 0) on.long();
    if (on.indicators.rsi.now > 55 || on.position.barsHeld > 40) on.flat();
  },
});
`;

/** Minutes of regular sessions around $100, in cents. */
function minutes(days: number, seed: number): BarColumns {
  const sessions = sessionsBetween('2024-01-02', '2024-12-31').slice(0, days);
  const bars = barColumns(sessions.length * 390);
  const random = randomOf(seed);
  let [close, i] = [10_000, 0];
  for (const { date } of sessions) {
    for (let minute = 0; minute < 390; minute += 1) {
      const open = close;
      close = Math.max(1_000, close + Math.round((random.next() - 0.5) * 30));
      bars.time[i] = fromNewYork(date, 570 + minute);
      [bars.open[i], bars.close[i]] = [open / 100, close / 100];
      [bars.high[i], bars.low[i], bars.volume[i]] = [Math.max(open, close) / 100 + 0.03, Math.min(open, close) / 100 - 0.02, 1_000];
      i += 1;
    }
  }
  return bars;
}

const bars = minutes(30, 7);
const other = minutes(30, 8);
const all = new Map([['AAA', bars], ['BBB', other]]);
const job = (symbols: readonly string[]): Omit<JobInput, 'strategy'> => ({ markets: symbols.map((symbol) => ({ symbol, bars: symbol })), timeframe: '1Min', sizing: { method: 'percent_of_equity', percent: '10' } });

function natively(type: typeof smaCross, parameters: Record<string, number>, symbols: readonly string[]): readonly string[] {
  const config = runConfigOf(readJob({ ...job(symbols), strategy: { kind: type.kind, parameters } }), { strategyType: () => type, barsOf: (ref) => all.get(ref) ?? bars });
  return runBacktest(config, { hasLines: true }).lines;
}

describe('a strategy in a process of its own', () => {
  it.each([['one symbol', ['AAA'], {}], ['two symbols', ['AAA', 'BBB'], {}], ['resting exits', ['AAA'], { stopAtr: 2 }]])('trades as the built-in one does: %s', async (_, symbols, more) => {
    using sandbox = await openSandbox(SMA_CROSS, more);
    expect(sandbox.facts).toMatchObject({ kind: 'my_cross', bound: { fast: 10, slow: 30 }, firstBar: 30 });
    const { lines } = await sandbox.ask('backtest', { parameters: more, job: job(symbols), bars: all, hasLines: true });
    // The reasons are each author's own words.
    const withoutWords = (line: string): string => line.split(' ').slice(0, 7).join(' ').replace(/ SMA.*/, '');
    expect(lines.map(withoutWords)).toEqual(natively(smaCross, more, symbols).map(withoutWords));
    expect(lines.length).toBeGreaterThan(100);
  });

  it('runs as well in a thread, and bar by bar with a memory that is carried on', async () => {
    using sandbox = await openSandbox(RSI, {}, { kind: 'thread' });
    const { lines } = await sandbox.ask('backtest', { parameters: {}, job: job(['AAA', 'BBB']), bars: all, hasLines: true });
    expect(lines.length).toBeGreaterThan(20);
    const signals: string[] = [];
    let saved: unknown = null;
    for (let i = 0; i < 400; i += 1) {
      // A restart in the middle.
      if (i % 150 === 0) await sandbox.ask('open', { cell: 'one', symbols: ['AAA'], saved, wishes: null });
      const time = bars.time[i] ?? NaN;
      const bar = { time, open: bars.open[i] ?? NaN, high: bars.high[i] ?? NaN, low: bars.low[i] ?? NaN, close: bars.close[i] ?? NaN, volume: bars.volume[i] ?? NaN };
      const answer = await sandbox.ask('advance', { cell: 'one', openTime: time, closeTime: time + 60_000, bars: new Map([['AAA', bar]]), mode: 'live', equity: 1, cash: 1, positions: new Map([['AAA', FLAT_POSITION]]) });
      saved = answer.saved;
      signals.push(...answer.signals.map(({ target }) => `${i} ${target}`));
    }
    expect(signals.length).toBeGreaterThan(2);
    expect(signals.map((signal) => signal.split(' ')[1])).toEqual(signals.map((_, n) => (n % 2 === 0 ? 'long' : 'flat')));
  });

  it('tells the line of an error, ends what does not end, and lets a run be cancelled', async () => {
    await expect(openSandbox("import { strategy } from 'mainspring';\n\nexport default strategy({ kind: 'x', onBar() {} ", {})).rejects.toMatchObject({ code: 'STRATEGY_CODE_INVALID', context: { line: 3 } });
    const broken = SMA_CROSS.replace('const before = state.side;', 'const before = (state as { missing?: { side: Side } }).missing!.side;');
    using sandbox = await openSandbox(broken, {});
    await expect(sandbox.ask('backtest', { parameters: {}, job: job(['AAA']), bars: all, hasLines: false })).rejects.toMatchObject({ code: 'STRATEGY_FAILED', context: { line: 15 }, message: expect.stringContaining('Line 15') as string });
    using endless = await openSandbox(SMA_CROSS.replace('const before = state.side;', 'for (;;) {}; const before = state.side;'), {});
    const abort = new AbortController();
    const run = endless.ask('backtest', { parameters: {}, job: job(['AAA']), bars: all, hasLines: false }, abort.signal);
    setTimeout(() => abort.abort(new Error('enough')), 50);
    await expect(run).rejects.toThrow('enough');
    await expect(openSandbox(SMA_CROSS, { fast: 40 })).rejects.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
  });

  it('names the bar in which it hung, and not the one from which it ran ahead', async () => {
    const hung = 137;
    const closed = new Date((bars.time[hung] ?? NaN) + 60_000).toISOString();
    using endless = await openSandbox(SMA_CROSS.replace('const before = state.side;', `if (time === ${Date.parse(closed)}) for (;;) {}; const before = state.side;`).replace('onBar({ on,', 'onBar({ on, time,'), {}, { limits: { batchMs: 500, barMs: 500 } });
    const failed = await endless.ask('backtest', { parameters: {}, job: job(['AAA']), bars: all, hasLines: false }).then(() => null, (error: unknown) => error);
    expect(failed).toMatchObject({ message: expect.stringContaining('did not end') as string });
    const moments = JSON.stringify([failed instanceof Error ? failed.message : '', failed instanceof AppError ? failed.context : {}]).match(/2\d\d\d-\d\d-\d\dT[\d:.]+Z/g) ?? [];
    expect(new Set(moments.map((at) => Date.parse(at)))).toEqual(new Set([Date.parse(closed)]));
  });
});

it('the built-in one is another strategy than the index', () => {
  expect(natively(rsiReversion, {}, ['AAA'])).not.toEqual(natively(smaCross, {}, ['AAA']));
});
