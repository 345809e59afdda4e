/** The guide's samples are strategies: they compile against the typings, pass the look over their source, and run in the sandbox. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { HOUR_MS } from '#app/domain/time.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { signalsBarByBar, signalsOverColumns } from '#app/strategy/column-run.ts';
import { everyBars, threeMarkets } from '#app/strategy/testing-bars.ts';
import { indicatorFunction, strategyTypings } from '#app/strategy/typings.ts';
import { guestStrategy } from './sandbox/guest-strategy.ts';
import { bindGuest, indicatorFunctions } from './sandbox/guest-terms.ts';
import { Machine } from './sandbox/machine.ts';
import { checkFiles, checkSource } from './strategy-source.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const guide = readFileSync(join(root, 'docs/strategy-guide.md'), 'utf8');
const samples = [...guide.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, source = '']) => [/kind: '(\w+)'/.exec(source)?.[1] ?? '', source] as const);

/** The project of several files: `ts file=...`. */
const project = [...guide.matchAll(/```ts file=(\S+)\n([\s\S]*?)```/g)].map(([, path = '', text = '']) => ({ path, text }));

/** What the compiler says of files beside the typings. */
function compile(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'ms-typings-'));
  try {
    mkdirSync(join(folder, 'lib'));
    for (const [name, text] of Object.entries({ ...files, 'typings.ts': strategyTypings(INDICATORS) })) writeFileSync(join(folder, name), text);
    const compilerOptions = { strict: true, noEmit: true, target: 'es2023', lib: ['es2023'], module: 'esnext', moduleResolution: 'bundler', types: [], noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, allowImportingTsExtensions: true, skipLibCheck: true, paths: { '#app/*': [`${root}app/*`] } };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['**/*.ts'] }));
    return spawnSync(process.execPath, [join(root, 'node_modules/typescript-native/bin/tsc'), '-p', folder, '--pretty', 'false'], { encoding: 'utf8' }).stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both sides may stand for the other: what the house says and what editors are told. */
const EQUIVALENT = `
import type * as told from 'mainspring';
import type { Context, PositionView, Reason, StrategyOrder, SymbolView, TargetOptions, Wish } from '#app/strategy/context.ts';
import type { Parameter, ParameterValues, NumberParameter, ChoiceParameter, FlagParameter } from '#app/strategy/parameters.ts';
import type * as parameters from '#app/strategy/parameters.ts';
import type { StrategySpec, IndicatorUses } from '#app/strategy/spec.ts';
import type { Series } from '#app/strategy/series.ts';
import type { PriceSource, UseOptions } from '#app/indicators/indicator.ts';
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type Both<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const all: true[] = [
  true satisfies Both<TargetOptions, told.TargetOptions>, true satisfies Both<Reason, told.Reason>, true satisfies Both<Wish, told.Wish>, true satisfies Both<PositionView, told.Position>,
  true satisfies Both<StrategyOrder, told.Order>, true satisfies Both<Parameter, told.Parameter>, true satisfies Both<PriceSource, told.PriceSource>, true satisfies Both<UseOptions, told.UseOptions>,
  true satisfies Same<keyof Context, keyof told.Context>, true satisfies Same<keyof SymbolView, keyof told.SymbolView>, true satisfies Same<Exclude<keyof Series, 'values' | 'cursor'>, keyof told.Series>,
  true satisfies Same<Exclude<keyof StrategySpec<{}, IndicatorUses, unknown>, 'state'>, keyof told.Strategy<{}, told.Uses, unknown>>,
  true satisfies Same<keyof typeof parameters & ('integer' | 'real' | 'choice' | 'flag'), keyof typeof told & ('integer' | 'real' | 'choice' | 'flag')>,
  true satisfies Both<typeof parameters.integer, typeof told.integer>, true satisfies Both<typeof parameters.real, typeof told.real>, true satisfies Both<typeof parameters.choice, typeof told.choice>, true satisfies Both<typeof parameters.flag, typeof told.flag>,
  true satisfies Both<ParameterValues<{ a: NumberParameter; b: ChoiceParameter; c: FlagParameter }>, told.ParameterValues<{ a: told.NumberParameter; b: told.ChoiceParameter; c: told.FlagParameter }>>,
];
declare const series: Series;
const shown: told.Series = series;
void all; void shown;
`;

/** What the typings must refuse, line by line. */
const REFUSED = `
import { bbands, integer, sma, strategy } from 'mainspring';
export default strategy({
  kind: 'refused', title: '', description: '', scope: 'symbol', parameters: { fast: integer(1, { min: 1, max: 2, describe: '' }) },
  indicators: ({ fast }) => ({ mean: sma(fast), bands: bbands(20) }),
  initialState: (): { n: number } => ({ n: 0 }),
  onBar({ on, state, parameters }) {
    on.close.values;
    on.indicators.mean.upper;
    on.indicators.bands.now;
    on.indicators.nothing;
    state.n = 'text';
    parameters.slow;
    on.long({ stopPrice: 'low' });
    on.weight('half');
  },
});
`;

describe('the typings', () => {
  const output = compile({ 'equivalent.ts': EQUIVALENT, 'refused.ts': REFUSED, ...Object.fromEntries(samples.map(([kind, source]) => [`${kind}.ts`, source])), ...Object.fromEntries(project.map(({ path, text }) => [path, text])) });
  const refused = [...output.matchAll(/refused\.ts\((\d+)/g)].map(([, line]) => Number(line));

  it('say what the interface says, and take every sample of the guide', () => {
    expect(output.split('\n').filter((line) => line !== '' && !line.includes('refused.ts'))).toEqual([]);
  });

  it('refuse what there is not', () => {
    expect([...new Set(refused)]).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('know the indicators by the names that the sandbox knows', () => {
    expect([...indicatorFunctions(INDICATORS).keys()]).toEqual(INDICATORS.map(({ id }) => indicatorFunction(id)));
  });
});

describe('the samples of the guide', () => {
  const markets = threeMarkets(260);
  const hours = { barMs: HOUR_MS, wide: everyBars(7) };
  const functions = indicatorFunctions(INDICATORS);

  it('are some', () => {
    expect(samples.map(([kind]) => kind)).toEqual(['dip_in_uptrend', 'turtle', 'patient_buyer', 'best_and_worst', 'with_the_day']);
  });

  it.each(samples)('%s passes the checks and says something, the same live and over columns', async (_, source) => {
    expect(checkSource(source)).toEqual({ defect: null, findings: [] });
    const machine = await Machine.load(source, [...functions.keys()]);
    const bound = guestStrategy(machine, bindGuest(machine, {}, functions), { times: null, hasReasons: true });
    const given = bound.scope === 'portfolio' ? markets : markets.slice(0, 1);
    const signals = signalsOverColumns(bound, given, hours);
    expect(signals.length).toBeGreaterThan(0);
    expect(signalsBarByBar(bound, given, hours)).toEqual(signals);
  });

  it('are a project of several files as well', async () => {
    expect(project.map(({ path }) => path)).toEqual(['strategy.ts', 'lib/levels.ts']);
    expect(checkFiles(project)).toEqual([]);
    const machine = await Machine.load(project, [...functions.keys()]);
    expect(machine.isMemoryFree).toBe(true);
    const bound = guestStrategy(machine, bindGuest(machine, { bars: 2 }, functions), { times: null, hasReasons: true });
    const signals = signalsOverColumns(bound, markets.slice(0, 1), hours);
    expect(signals.length).toBeGreaterThan(0);
    expect(signalsBarByBar(bound, markets.slice(0, 1), hours)).toEqual(signals);
  });
});

it('has a word for every member that a user meets', () => {
  const bare: string[] = [];
  const lines = strategyTypings(INDICATORS).split('\n');
  lines.forEach((line, n) => {
    const isMember = /^\s+(readonly \w+\??:|\w+\??\(.*\): |export (type|function|interface) )/.test(line);
    if (isMember && !/\*\/\s*$/.test(lines[n - 1] ?? '')) bare.push(line.trim());
  });
  expect(bare).toEqual([]);
});
