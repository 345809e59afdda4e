/** A project of several files in a process of its own: everything that the author studio and the live engine ask of it. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runStepSchema } from '#app/contracts/studio.ts';
import { jitterBars } from '#app/analytics/jitter.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { barAt } from '#app/strategy/column-run.ts';
import { FLAT_POSITION } from '#app/strategy/view.ts';
import type { JobInput } from '../job.ts';
import { ordersHashOf } from '../manifest.ts';
import { holdBars } from './hold-bars.ts';
import { openSandbox, type Sandbox } from './sandbox.ts';
import { CROSS_PROJECT, SMA_CROSS } from './testing-sources.ts';
import { warmSandboxes } from './warm.ts';

/** Days around $100, in cents. */
function days(count: number, seed: number): BarColumns {
  const sessions = sessionsBetween('2015-01-02', '2026-01-31').slice(0, count);
  const bars = barColumns(sessions.length);
  const random = randomOf(seed);
  let close = 10_000;
  sessions.forEach(({ date }, i) => {
    const open = close;
    close = Math.max(1_000, close + Math.round((random.next() - 0.49) * 300));
    bars.time[i] = Date.parse(`${date}T05:00:00Z`);
    [bars.open[i], bars.close[i], bars.high[i], bars.low[i], bars.volume[i]] = [open / 100, close / 100, Math.max(open, close) / 100 + 0.5, Math.min(open, close) / 100 - 0.5, 1_000_000];
  });
  return bars;
}

const all = new Map([['AAA', days(600, 3)], ['BBB', days(600, 4)]]);
const job: Omit<JobInput, 'strategy'> = { markets: [...all.keys()].map((symbol) => ({ symbol, bars: symbol })), timeframe: '1Day', sizing: { method: 'percent_of_equity', percent: '20' } };
const held = { held: 'span' };

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await openSandbox(CROSS_PROJECT, {});
  expect(await sandbox.ask('hold', { name: 'span', bars: all })).toEqual({ bars: 1_200 });
});
afterAll(() => sandbox[Symbol.dispose]());

const backtest = (parameters: Record<string, unknown> = {}, one = sandbox) => one.ask('backtest', { parameters, job, bars: held, hasLines: true });

describe('a project in the sandbox', () => {
  it('says what it is, and does what one file does', async () => {
    expect(sandbox.facts).toMatchObject({ kind: 'cross_project', isMemoryFree: true, findings: [], bound: { fast: 10, slow: 30 }, firstBar: 30 });
    using single = await openSandbox(SMA_CROSS, {});
    await single.ask('hold', { name: 'span', bars: all });
    expect((await backtest()).fills.length).toBeGreaterThan(10);
    expect((await backtest({}, single)).fills.length).toBeGreaterThan(10);
    expect(await sandbox.ask('bind', { parameters: { fast: 5 } })).toMatchObject({ bound: { fast: 5, slow: 30 } });
    await expect(sandbox.ask('bind', { parameters: { fast: 50 } })).rejects.toMatchObject({ code: 'STRATEGY_PARAMETERS_INVALID' });
    await sandbox.ask('bind', { parameters: {} });
  });

  it('writes lines that belong to its bars, once each', async () => {
    const { log, lines } = await backtest();
    expect(log.dropped).toBe(0);
    expect(log.lines.length).toBeGreaterThanOrEqual(lines.filter((line) => line.startsWith('signal')).length);
    const [first] = log.lines;
    expect(first).toMatchObject({ level: expect.stringMatching(/info|warn/) as string, line: expect.stringMatching(/^{"side":-?1,"fast":/) as string });
    expect(log.lines.map(({ barTime }) => barTime)).toEqual([...log.lines.map(({ barTime }) => barTime ?? 0)].sort((a, b) => a - b));
    expect(new Set(log.lines.map(({ barTime, symbol, line }) => `${barTime ?? ''} ${symbol ?? ''} ${line}`)).size).toBe(log.lines.length);
  });

  it('runs many points over held bars, as one by one', async () => {
    const points = [5, 10, 40, 20].map((fast) => ({ fast }));
    const seen = new Set<number>();
    const span = { from: all.get('AAA')?.time[200] ?? 0, to: Infinity };
    const { width, rows, failed } = await sandbox.ask('points', { job, bars: held, span, points, figures: ['final_equity', 'trades'], periods: 3 }, undefined, ({ rows: some }) => some.forEach((_, place) => seen.add(place)));
    expect(width).toBe(5);
    expect([...failed]).toEqual([[2, expect.stringContaining('must be shorter') as string]]);
    expect(seen).toEqual(new Set([0, 1, 3]));
    const one = await sandbox.ask('backtest', { parameters: { fast: 10 }, job, bars: held, hasLines: false, span });
    expect(rows[width]).toBe(one.equity.at(-1));
    expect(Number.isNaN(rows[2 * width] ?? 0)).toBe(true);
  });

  it('keeps bars that come in pieces, in the place of those before', async () => {
    const whole = await backtest();
    using other = await openSandbox(CROSS_PROJECT, {});
    const asks: number[] = [];
    const counting = { ask: ((task, ask, ...rest) => {
      asks.push(1);
      return other.ask(task, ask, ...rest);
    }) as Sandbox['ask'] };
    await other.ask('hold', { name: 'span', bars: new Map([['OLD', days(10, 1)]]) });
    expect(await holdBars(counting, 'span', all, { rows: 250 })).toEqual(held);
    expect(asks).toHaveLength(1 + 3 + 3);
    expect((await backtest({}, other)).lines).toEqual(whole.lines);
    // Symbols of the same length that fit into one piece come together.
    asks.length = 0;
    expect(await holdBars(counting, 'span', all, { rows: 1_200 })).toEqual(held);
    expect(asks).toHaveLength(1 + 1);
    expect((await backtest({}, other)).lines).toEqual(whole.lines);
    await expect(other.ask('hold', { name: 'span', bars: new Map([['AAA', days(10, 1)]]), piece: { from: 595, rows: 600 } })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('gives its lines as one text to who trades, with the same hash', async () => {
    const { lines } = await backtest();
    const one = await sandbox.ask('backtest', { parameters: {}, job, bars: held, hasLines: true, isOneText: true });
    expect(one.lines).toHaveLength(1);
    expect(ordersHashOf(one.lines)).toBe(ordersHashOf(lines));
  });

  it('adds noise to its bars by itself', async () => {
    const ask = { job, bars: held, span: { from: -Infinity, to: Infinity }, points: [{}], figures: ['final_equity'] as const, periods: 0 };
    const noise = { seed: 7, variant: 2, basisPoints: 5 };
    const { rows } = await sandbox.ask('points', { ...ask, noise });
    const noisy = new Map([...all].map(([symbol, bars]) => [symbol, jitterBars(bars, noise)]));
    const beside = await sandbox.ask('points', { ...ask, bars: noisy });
    expect(rows).toEqual(beside.rows);
    expect(rows).not.toEqual((await sandbox.ask('points', ask)).rows);
  });

  it('looks ahead alone, and no longer than it may', async () => {
    const { lookAhead, warmUp } = await sandbox.ask('look', { parameters: {}, bars: held, timeframe: '1Day', cuts: 10, withinMs: 0 });
    expect(lookAhead).toMatchObject({ cuts: 1, findings: [] });
    expect(lookAhead?.left).toBeGreaterThan(3);
    expect(warmUp).toBeNull();
  });

  it('is found to know nothing of the future', async () => {
    const answer = await sandbox.ask('look', { parameters: {}, bars: held, timeframe: '1Day', cuts: 10 });
    expect(answer).toMatchObject({ problem: null, symbols: ['AAA', 'BBB'], bars: 1_200, lookAhead: { findings: [] }, places: { signals: { path: 'strategy.ts', line: 11, column: 3 } } });
    expect(answer.places.indicators.get('slow')).toEqual({ path: 'strategy.ts', line: 9, column: 55 });
    expect(answer.lookAhead?.signals).toBeGreaterThan(10);
  });

  it('goes through its run bar by bar', async () => {
    const { lines } = await backtest();
    const acts = await sandbox.ask('steps', { parameters: {}, job, bars: held, from: null, count: 20, only: 'acts' });
    expect(acts.lines).toEqual(lines);
    for (const step of acts.steps) {
      runStepSchema.parse(step);
      expect(step.said.length + step.orders.length).toBeGreaterThan(0);
    }
    const orders = acts.steps.flatMap((step) => step.orders.map(({ what }) => what));
    expect(orders).toEqual(expect.arrayContaining(['placed', 'filled']));
    const from = acts.steps[3]?.openTime ?? 0;
    const near = await sandbox.ask('steps', { parameters: {}, job, bars: held, from, count: 3, only: 'all', symbol: 'AAA' });
    expect(near.total).toBe(600);
    expect(near.steps).toHaveLength(3);
    const [step] = near.steps;
    expect(step).toMatchObject({ openTime: from, wasAsked: true, checks: [{ symbol: 'AAA', leadsTo: 'Buy', name: 'fast average above the slow one' }], bars: [{ symbol: 'AAA' }] });
    expect(step?.indicators.map(({ label }) => label)).toEqual(['SMA(10)', 'SMA(30)', 'ATR(14)']);
    const early = await sandbox.ask('steps', { parameters: {}, job, bars: held, from: 0, count: 2, only: 'all' });
    expect(early.steps.map(({ wasAsked }) => wasAsked)).toEqual([false, false]);
    for (const { said, log } of acts.steps) if (said.length > 0) expect(log.length).toBeGreaterThanOrEqual(said.filter(({ side }) => side === 'long').length);
  });

  it('keeps cells of several symbols apart, explains a bar, and goes on after an error', async () => {
    const bars = all.get('AAA') ?? barColumns(0);
    const moment = (symbol: string, i: number) => {
      const bar: NumericBar = barAt(bars, i);
      return { openTime: bar.time, closeTime: bar.time + 1, bars: new Map([[symbol, bar]]), mode: 'live' as const, equity: 1_000, cash: 1_000, positions: new Map([[symbol, FLAT_POSITION]]) };
    };
    for (const cell of ['AAA', 'BBB']) await sandbox.ask('open', { cell, symbols: [cell], saved: null, wishes: null });
    const said = new Map<string, string[]>([['AAA', []], ['BBB', []]]);
    let tookMs = 0;
    for (let i = 0; i < 120; i += 1) {
      for (const cell of ['AAA', 'BBB']) {
        const answer = await sandbox.ask('advance', { cell, ...moment(cell, i) });
        said.get(cell)?.push(...answer.signals.map(({ target }) => `${i} ${target}`), ...answer.log.lines.map(({ line }) => `${i} ${line}`));
        expect(answer.states.get(cell)?.seen).toBe(i + 1);
        tookMs += answer.tookMs;
      }
    }
    expect(said.get('AAA')?.length).toBeGreaterThan(3);
    expect(said.get('BBB')).toEqual(said.get('AAA'));
    expect(tookMs).toBeLessThan(5_000);
    const moments = Array.from({ length: 80 }, (_, i) => ({ ...moment('AAA', i), raised: null }));
    const record = await sandbox.ask('record', { symbols: ['AAA'], symbol: 'AAA', follows: 'itself', wishes: null, checks: 50, moments });
    expect(record).toMatchObject({ wasAsked: true, bars: 80, checks: [{ symbol: 'AAA', name: 'Buy: fast average above the slow one' }], memory: { after: { side: expect.any(Number) as number } } });
    await sandbox.ask('close', { cell: 'AAA' });
    await expect(sandbox.ask('advance', { cell: 'AAA', ...moment('AAA', 1) })).rejects.toThrow(/No cell/);
    expect((await sandbox.ask('advance', { cell: 'BBB', ...moment('BBB', 121) })).signals).toBeDefined();
  });

  it('waits warm, and is never used twice', async () => {
    using warm = warmSandboxes(1);
    using one = await openSandbox(CROSS_PROJECT, {}, { warm });
    using two = await openSandbox(SMA_CROSS, {}, { warm });
    expect([one.facts.kind, two.facts.kind]).toEqual(['cross_project', 'my_cross']);
  });

  it('starts the next one when the one that was taken has ended, and not beside its run', async () => {
    using warm = warmSandboxes(1);
    const taken = warm.take();
    expect([taken, warm.take()]).toEqual([expect.anything(), null]);
    taken?.kill();
    await vi.waitFor(() => {
      const next = warm.take();
      expect(next).not.toBeNull();
      next?.kill();
    }, 30_000);
  });
});
