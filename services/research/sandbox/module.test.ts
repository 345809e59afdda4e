/** The module that strategies import: every name that editors are told of exists and means what the house means by it, and there is no other. */
import { describe, expect, it } from 'vitest';
import { barColumns } from '#app/domain/bar-columns.ts';
import { INDICATORS } from '#app/indicators/catalogue.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { use, type AnyIndicator } from '#app/indicators/indicator.ts';
import { choice, flag, integer, real } from '#app/strategy/parameters.ts';
import { threeMarkets } from '#app/strategy/testing-bars.ts';
import { strategyTypings } from '#app/strategy/typings.ts';
import { FLAT_POSITION, StrategyContext, View } from '#app/strategy/view.ts';
import { guestStrategy } from './guest-strategy.ts';
import { bindGuest, describeGuest, indicatorFunctions } from './guest-terms.ts';
import { Machine } from './machine.ts';

const functions = indicatorFunctions(INDICATORS);
const names = [...functions.keys()];
const typings = strategyTypings(INDICATORS);
const [market] = threeMarkets(400);
const bars = market?.bars ?? barColumns(0);

/** An indicator by the name of its function. */
function of(name: string): AnyIndicator {
  const found = functions.get(name);
  if (found === undefined) throw new Error(name);
  return found;
}

/** Asks a strategy once, at the last of its bars, and gives the numbers that it writes into its state. */
async function told(source: string): Promise<Record<string, unknown>> {
  const machine = await Machine.load(source, names);
  using strategy = guestStrategy(machine, bindGuest(machine, {}, functions), { times: null, hasReasons: false });
  const columns = Object.fromEntries(Object.entries(strategy.indicators).map(([name, one]) => [name, one.indicator.outputs.map((output) => columnsOf(one, bars)[output] ?? new Float64Array(0))]));
  const state = strategy.initialState() as { memory: string };
  const view = new View({ symbol: 'AAA', bars, uses: strategy.indicators, columns, cursor: { i: bars.time.length - 1, depth: strategy.history }, slate: { hasSpoken: false, lastOrderId: 0 } });
  view.position = FLAT_POSITION;
  strategy.onBar(new StrategyContext(strategy, state, [view]));
  return JSON.parse(state.memory) as Record<string, unknown>;
}

const SEE = `const plain = (x) => (Number.isFinite(x) ? x : String(x));
  const see = (series) => ('ago' in series ? [plain(series.now), plain(series.ago(2))] : Object.fromEntries(Object.entries(series).map(([output, one]) => [output, see(one)])));`;

describe('the module mainspring', () => {
  it('holds the functions of the typings and no others', async () => {
    const machine = await Machine.load("import * as all from 'mainspring';\nexport default all.strategy({ kind: 'names', title: Object.keys(all).sort().join(' '), onBar() {} });", names);
    const typed = [...typings.matchAll(/export function (\w+)/g)].map(([, name]) => name ?? '').sort();
    expect(describeGuest(machine).title.split(' ').sort()).toEqual(typed);
    expect(typed.length).toBeGreaterThan(60);
    expect(typed).toEqual(expect.arrayContaining(['plusDi', 'variance', 'macd', 'strategy', 'integer', 'real', 'choice', 'flag']));
  });

  it('makes parameters as the house does', async () => {
    const machine = await Machine.load(`import { choice, flag, integer, real, strategy } from 'mainspring';
      export default strategy({ kind: 'p', parameters: { a: integer(3, { min: 1, max: 9, describe: 'A' }), b: real(0.5, { min: 0, max: 1, step: 0.25, unit: 'x', describe: 'B' }), c: choice(['u', 'v'], 'C'), d: flag(true, 'D') }, onBar() {} });`, names);
    expect(describeGuest(machine).parameters).toEqual({ a: integer(3, { min: 1, max: 9, describe: 'A' }), b: real(0.5, { min: 0, max: 1, step: 0.25, unit: 'x', describe: 'B' }), c: choice(['u', 'v'], 'C'), d: flag(true, 'D') });
  });

  it('asks for indicators as the house does: defaults, left out in the middle, sources and wide bars', async () => {
    const machine = await Machine.load(`import { bbands, sma, strategy } from 'mainspring';
      export default strategy({ kind: 'i', indicators: () => ({ a: sma(), b: sma(7, { source: 'high' }), c: sma({ timeframe: '1Day' }), d: bbands(undefined, 3) }), onBar() {} });`, names);
    const { indicators } = bindGuest(machine, {}, functions);
    const [first] = of('bbands').parameters;
    expect(indicators).toEqual({ a: use(of('sma')), b: use(of('sma'), [7], { source: 'high' }), c: use(of('sma'), [], { timeframe: '1Day' }), d: use(of('bbands'), [first?.default ?? NaN, 3]) });
    for (const [call, words] of [['sma(NaN)', /sma\(\.\.\.\) was given NaN/], ['sma("5")', /was given 5/], ['sma({}, 5)', /takes numbers/], ['sma(1e9)', /./], ['sma(1, 2, 3)', /takes at most/], ['sma(5, { source: "never" })', /indicators/]] as const) {
      const bad = await Machine.load(`import { sma, strategy } from 'mainspring'; export default strategy({ kind: 'i', indicators: () => ({ a: ${call} }), onBar() {} });`, names);
      expect(() => bindGuest(bad, {}, functions), call).toThrow(words);
    }
  });

  it('shows each output of every indicator as the house does', async () => {
    const wanted = INDICATORS.map(({ id }, at) => [`i${at}`, names[at] ?? id] as const);
    for (let from = 0; from < wanted.length; from += 40) {
      const part = wanted.slice(from, from + 40);
      const seen = await told(`import { ${part.map(([, name]) => name).join(', ')}, strategy } from 'mainspring';
        ${SEE}
        export default strategy({ kind: 'all', indicators: () => ({ ${part.map(([own, name]) => `${own}: ${name}()`).join(', ')} }), history: () => 2, initialState: () => ({}),
          onBar({ on, state }) { for (const [name, one] of Object.entries(on.indicators)) state[name] = see(one); } });`);
      for (const [own, name] of part) {
        const indicator = of(name);
        const columns = columnsOf(use(indicator), bars);
        const two = (column: Float64Array | undefined): unknown[] => [column?.at(-1), column?.at(-3)].map((x) => (Number.isFinite(x) ? x : String(x)));
        const [only] = indicator.outputs;
        expect(seen[own], name).toEqual(indicator.outputs.length === 1 ? two(columns[only ?? '']) : Object.fromEntries(indicator.outputs.map((output) => [output, two(columns[output])])));
      }
    }
  });

  it('shows what the typings say of a context, a symbol, a series and a position, and nothing more', async () => {
    const seen = await told(`import { sma, strategy } from 'mainspring';
      const names = (value) => [...new Set([...Object.keys(value), ...Object.getOwnPropertyNames(Object.getPrototypeOf(value))])].filter((name) => !['constructor', '__defineGetter__', '__defineSetter__', '__lookupGetter__', '__lookupSetter__', '__proto__', 'hasOwnProperty', 'isPrototypeOf', 'propertyIsEnumerable', 'toLocaleString', 'toString', 'valueOf'].includes(name)).sort();
      export default strategy({ kind: 'names', indicators: () => ({ a: sma() }), initialState: () => ({}), onBar(ctx) { Object.assign(ctx.state, { Context: names(ctx), SymbolView: names(ctx.on), Series: names(ctx.on.close), Position: names(ctx.on.position), Wish: names(ctx.on.wish) }); } });`);
    const typed = (type: string): string[] => {
      const body = new RegExp(`export (?:type|interface) ${type}\\b[^]*?\\{\\n?([^]*?)\\n? *\\};?\\n`).exec(typings)?.[1] ?? '';
      return [...body.matchAll(/(?:^|;) *(?:readonly )?(\w+)(?=[(:])/gm)].map(([, name]) => name ?? '').sort();
    };
    for (const type of ['Context', 'SymbolView', 'Series', 'Position', 'Wish']) expect(seen[type], type).toEqual(typed(type));
  });

  it('gives NaN for a part of a bar and for the future, as the house does', async () => {
    const seen = await told(`import { strategy } from 'mainspring'; export default strategy({ kind: 'n', history: () => 3, initialState: () => ({}), onBar({ on, state }) { state.far = [3, 2.5, -1].map((bars) => String(on.close.ago(bars))); } });`);
    expect(seen['far']).toEqual([String(bars.close.at(-4)), 'NaN', 'NaN']);
  });
});
