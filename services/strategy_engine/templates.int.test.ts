/** Templates are strategies that work: they compile against what the editor knows, are clean in every check, trade, and those of the house give the same orders as the house's own. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ENTRY_FILE, templateSchema } from '#app/contracts/author.ts';
import { runBacktest } from '#app/backtest/run/run.ts';
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { randomOf } from '#app/domain/random.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { STRATEGY_TYPES, strategyType } from '#app/strategy/registry.ts';
import type { Template } from '#app/strategy/templates/template.ts';
import { TEMPLATES, templateOf } from '#app/strategy/templates/templates.ts';
import { strategyTypings } from '#app/strategy/typings.ts';
import { readJob, runConfigOf, type JobInput } from '../research/job.ts';
import { openSandbox } from '../research/sandbox/sandbox.ts';
import { checkFiles } from '../research/strategy-source.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the compiler says of all templates, each in a folder of its own, with the declarations that the editor has. */
function compile(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'ms-templates-'));
  try {
    writeFileSync(path.join(folder, 'mainspring.d.ts'), strategyTypings(INDICATORS));
    for (const { templateId, files } of TEMPLATES) {
      mkdirSync(path.join(folder, templateId));
      for (const { path: name, text } of files) writeFileSync(path.join(folder, templateId, name), text);
    }
    const compilerOptions = { strict: true, noEmit: true, target: 'es2023', lib: ['es2023'], module: 'esnext', moduleResolution: 'bundler', types: [], noUncheckedIndexedAccess: true, noUnusedLocals: true, noUnusedParameters: true, exactOptionalPropertyTypes: true };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
    return spawnSync(process.execPath, [path.join(root, 'node_modules/typescript-native/bin/tsc'), '-p', folder, '--pretty', 'false'], { encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Days or minutes of a walk in cents. `beside`: another market that it goes along with. */
function market(kind: 'days' | 'minutes', seed: number, beside?: BarColumns): BarColumns {
  const sessions = sessionsBetween('2021-01-04', '2024-12-31').slice(0, kind === 'days' ? 700 : 30);
  const opens = sessions.flatMap(({ date }) => (kind === 'days' ? [fromNewYork(date, 0)] : Array.from({ length: 390 }, (_, minute) => fromNewYork(date, 570 + minute))));
  const bars = barColumns(opens.length);
  const random = randomOf(seed);
  const step = kind === 'days' ? 400 : 30;
  let [close, off] = [10_000, 0];
  opens.forEach((open, i) => {
    const before = close;
    off = Math.trunc(off * 0.8) + Math.round((random.next() - 0.5) * step);
    const other = beside?.close[i];
    close = Math.max(1_000, other === undefined ? close + Math.round((random.next() - 0.48) * step) : Math.round(other * 100) + off);
    bars.time[i] = open;
    [bars.open[i], bars.close[i]] = [before / 100, close / 100];
    [bars.high[i], bars.low[i], bars.volume[i]] = [Math.max(before, close) / 100 + 0.4 * random.next(), Math.min(before, close) / 100 - 0.4 * random.next(), 5_000_000];
  });
  return bars;
}

const first = market('days', 7);
const minutes = market('minutes', 3);
const all = new Map([['AAA', first], ['BBB', market('days', 8, first)], ['CCC', market('days', 9)], ['MIN', minutes]]);

type Stage = { readonly symbols: readonly string[]; readonly timeframe: '1Day' | '1Min' };
/** Where each shows what it does. */
function stageOf({ templateId, scope }: Template): Stage {
  if (templateId === 'wider_bars') return { symbols: ['MIN'], timeframe: '1Min' };
  if (scope === 'symbol') return { symbols: ['AAA'], timeframe: '1Day' };
  return { symbols: /pair/.test(templateId) ? ['AAA', 'BBB'] : ['AAA', 'BBB', 'CCC'], timeframe: '1Day' };
}

const jobOf = ({ symbols, timeframe }: Stage): Omit<JobInput, 'strategy'> => ({
  markets: symbols.map((symbol) => ({ symbol, bars: symbol, isShortable: true })), timeframe, sizing: { method: 'percent_of_equity', percent: '10' }, account: { cash: 100_000, multiplier: 2, canShort: true, borrowPercent: 0, marginInterestPercent: 0 },
});
const barsOf = ({ symbols }: Stage): Map<string, BarColumns> => new Map(symbols.map((symbol) => [symbol, all.get(symbol) ?? first]));

/** Parameters beside the defaults under which a strategy of the house, as source, gives the orders of the house's own, for the same reasons. */
const MORE: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>> = {
  sma_cross: [{ fast: 3, slow: 9, stopAtr: 1.5, takeProfitAtr: 3 }], rsi_reversion: [{ period: 5, stopAtr: 2, takeProfitAtr: 4 }], donchian_breakout: [{ goesShort: true, entryPeriod: 12, exitPeriod: 6, stopAtr: 3 }],
  bollinger_reversion: [{ width: 1, stopAtr: 2, takeProfitAtr: 2 }], volatility_target: [{ period: 10, band: 0.02 }], momentum_rotation: [{ period: 10, hold: 2, every: 5, onlyRising: false }],
  pairs_trading: [{ maxHalfLife: 500 }, { window: 30, entryZ: 1.5, stopZ: 3, maxHalfLife: 500 }],
};

/** What the source has and the strategy of the house has not, as it is where both do the same: the house's counts bars, which no warm-up check lets pass. */
const ONLY_SOURCE: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { momentum_rotation: { weeks: 0 } };

function natively(kind: string, parameters: Readonly<Record<string, unknown>>, stage: Stage): readonly string[] {
  const config = runConfigOf(readJob({ ...jobOf(stage), strategy: { kind, parameters } }), { strategyType, barsOf: (name) => all.get(name) ?? first });
  return runBacktest(config, { hasLines: true }).lines;
}

describe('the templates', () => {
  it('compile against the declarations that the editor has', () => {
    expect(compile()).toBe('');
  });

  it('are as the contract says, the entry among their files, with ids and titles of their own', () => {
    for (const template of TEMPLATES) expect(templateSchema.parse(template).files.map((file) => file.path)).toContain(ENTRY_FILE);
    expect(new Set(TEMPLATES.map(({ templateId }) => templateId)).size).toBe(TEMPLATES.length);
    expect(new Set(TEMPLATES.map(({ title, isExample }) => `${title} ${isExample}`)).size).toBe(TEMPLATES.length);
    expect(TEMPLATES.filter(({ isExample }) => isExample).length).toBeGreaterThanOrEqual(6);
    expect(TEMPLATES.filter(({ isExample }) => !isExample).map(({ templateId }) => templateId).sort()).toEqual(STRATEGY_TYPES.map(({ kind }) => kind).sort());
    expect(() => templateOf('nothing')).toThrow(/Known templates: first_dip/);
  });

  it.each(TEMPLATES.map((template) => [template.templateId, template] as const))('%s is clean in every check, trades, and is what the house has under that name', async (_, template) => {
    expect(checkFiles(template.files)).toEqual([]);
    using sandbox = await openSandbox(template.files, {});
    expect(sandbox.facts).toMatchObject({ scope: template.scope, isMemoryFree: true, findings: [] });
    expect(sandbox.facts.title).toBe(template.title);
    const stage = stageOf(template);
    const run = await sandbox.ask('backtest', { parameters: {}, job: jobOf(stage), bars: barsOf(stage), hasLines: true });
    expect(run.orders).toBeGreaterThan(0);
    const looked = await sandbox.ask('look', { parameters: {}, bars: barsOf(stage), timeframe: stage.timeframe, cuts: 12, starts: 3 });
    expect(looked.problem).toBeNull();
    expect(looked.lookAhead?.findings).toEqual([]);
    expect(looked.warmUp?.findings).toEqual([]);
    expect(looked.warmUp?.compared).toBeGreaterThan(0);
    if (template.templateId !== 'buy_and_hold') expect(looked.lookAhead?.signals).toBeGreaterThan(1);
    if (template.templateId === 'state_and_log') expect(run.log.lines[0]?.line).toMatch(/^entry 1 of AAA after 3 falls at \d/);
    const only = ONLY_SOURCE[template.templateId] ?? {};
    for (const parameters of template.isExample ? [] : [{}, ...(MORE[template.templateId] ?? [])]) {
      const { lines } = await sandbox.ask('backtest', { parameters: { ...parameters, ...only }, job: jobOf(stage), bars: barsOf(stage), hasLines: true });
      expect(lines).toEqual(natively(template.templateId, parameters, stage));
      expect(lines.length).toBeGreaterThan(template.templateId === 'buy_and_hold' ? 0 : 3);
    }
    if (!template.isExample) expect(Object.keys(sandbox.facts.parameters).filter((name) => !Object.hasOwn(only, name))).toEqual(Object.keys(strategyType(template.templateId).bind({}).parameters));
  }, 90_000);
});
