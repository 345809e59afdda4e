/** Formulas worked out the slow way: part by part, bar by bar, from the tree as it was written, indicators in their running form over the whole history. For tests alone. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import { streamOf } from '#app/indicators/columns-of.ts';
import { use } from '#app/indicators/indicator.ts';
import { FUNCTIONS } from '../functions.ts';
import type { SymbolFacts, Value } from '../program.ts';
import type { Tree } from '../tree.ts';

type Known = number | boolean | string | null;
type World = { readonly bars: BarColumns; readonly facts: SymbolFacts; readonly series: Map<string, readonly number[]> };

const num = (value: Known): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function indicatorAt(world: World, tree: Extract<Tree, { kind: 'indicator' }>, at: number): number | null {
  const key = JSON.stringify([tree.id, tree.values, tree.source, tree.output]);
  let series = world.series.get(key);
  if (series === undefined) {
    const indicator = indicatorById(tree.id);
    if (indicator === undefined) throw new Error(tree.id);
    const stream = streamOf(use(indicator, tree.values, { source: tree.source }));
    const [state, row] = [stream.start(), new Float64Array(stream.outputs)];
    const { bars } = world;
    series = [...bars.time].map((time, i) => {
      stream.next(state, { time, open: bars.open[i] ?? NaN, high: bars.high[i] ?? NaN, low: bars.low[i] ?? NaN, close: bars.close[i] ?? NaN, volume: bars.volume[i] ?? NaN }, row);
      return row[indicator.outputs.indexOf(tree.output)] ?? NaN;
    });
    world.series.set(key, series);
  }
  return num(series[at] ?? null);
}

function fieldAt({ bars }: World, name: string, at: number): number | null {
  const of = (field: 'open' | 'high' | 'low' | 'close' | 'volume'): number => bars[field][at] ?? NaN;
  if (name === 'dollar_volume') return num(of('close') * of('volume'));
  if (name === 'hl2') return num((of('high') + of('low')) / 2);
  if (name === 'hlc3') return num((of('high') + of('low') + of('close')) / 3);
  if (name === 'ohlc4') return num((of('open') + of('high') + of('low') + of('close')) / 4);
  return num(of(name as 'open'));
}

const compares: Readonly<Record<string, (a: number, b: number) => boolean>> = { '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b, '=': (a, b) => a === b, '!=': (a, b) => a !== b };
const arithmetics: Readonly<Record<string, (a: number, b: number) => number>> = { '+': (a, b) => a + b, '-': (a, b) => a - b, '*': (a, b) => a * b, '/': (a, b) => a / b };

/** Kleene's tables over true, false and null. */
function conjunction(values: readonly Known[]): boolean | null {
  return values.includes(false) ? false : values.includes(null) ? null : true;
}
function disjunction(values: readonly Known[]): boolean | null {
  return values.includes(true) ? true : values.includes(null) ? null : false;
}
const negation = (value: Known): boolean | null => (typeof value === 'boolean' ? !value : null);

const factOf = (facts: SymbolFacts, name: string): Known => ({ symbol: facts.symbol, name: facts.name, exchange: facts.exchange, sector: facts.sector, industry: facts.industry, tradable: facts.isTradable, shortable: facts.isShortable, fractionable: facts.isFractionable, watched: facts.isWatched })[name] ?? null;

/** The value of a part at a bar. */
function valueAt(world: World, tree: Tree, at: number): Known {
  const go = (part: Tree | undefined, where = at): Known => (part === undefined ? null : valueAt(world, part, where));
  switch (tree.kind) {
    case 'number':
      return tree.form === 'percent' ? Number(`${tree.value}e-2`) : tree.value;
    case 'truth':
    case 'text':
      return tree.value;
    case 'field':
      return fieldAt(world, tree.name, at);
    case 'fact':
      return factOf(world.facts, tree.name);
    case 'indicator':
      return indicatorAt(world, tree, at);
    case 'back':
      return at - tree.bars < 0 ? null : go(tree.of, at - tree.bars);
    case 'minus': {
      const value = num(go(tree.of));
      return value === null ? null : -value;
    }
    case 'not':
      return negation(go(tree.of));
    case 'arithmetic': {
      const [a, b] = [num(go(tree.left)), num(go(tree.right))];
      return a === null || b === null ? null : num((arithmetics[tree.sign] ?? (() => NaN))(a, b));
    }
    case 'and':
      return conjunction(tree.parts.map((part) => go(part)));
    case 'or':
      return disjunction(tree.parts.map((part) => go(part)));
    case 'compare':
      return conjunction(tree.signs.map((sign, n) => compareOf(sign, go(tree.parts[n]), go(tree.parts[n + 1]))));
    case 'among': {
      const text = go(tree.of);
      return typeof text !== 'string' ? null : tree.values.some((value) => value.toLowerCase() === text.toLowerCase()) !== tree.isNot;
    }
    case 'contains': {
      const text = go(tree.of);
      return typeof text !== 'string' ? null : text.toLowerCase().includes(tree.value.toLowerCase()) !== tree.isNot;
    }
    case 'call':
      return callAt(world, tree, at);
  }
}

function compareOf(sign: string, a: Known, b: Known): boolean | null {
  if (typeof a === 'string' && typeof b === 'string') return (a.toLowerCase() === b.toLowerCase()) === (sign === '=');
  const [left, right] = [typeof a === 'boolean' ? Number(a) : num(a), typeof b === 'boolean' ? Number(b) : num(b)];
  return left === null || right === null ? null : (compares[sign] ?? (() => false))(left, right);
}

function callAt(world: World, tree: Extract<Tree, { kind: 'call' }>, at: number): Known {
  const { name, parts: [one, two, three], numbers: [n = 0] } = tree;
  const value = (part: Tree | undefined, where = at): Known => (part === undefined || where < 0 ? null : valueAt(world, part, where));
  const field = (id: string, where: number): number | null => (where < 0 ? null : fieldAt(world, id, where));
  const window = (length: number, of: (where: number) => Known = (where) => value(one, where)): Known[] => Array.from({ length }, (_none, k) => of(at - length + 1 + k));
  const numbers = (values: readonly Known[]): number[] | null => (values.every((each) => num(each) !== null) ? values.map((each) => num(each) ?? NaN) : null);
  const relative = (a: number | null, b: number | null): number | null => (a === null || b === null ? null : num(a / b - 1));
  const percentOf = (id: string, values: readonly number[]): number | null => {
    const got = at < 0 ? null : indicatorAt(world, { kind: 'indicator', id, values, source: 'close', output: 'value', from: 0, to: 0 }, at);
    return got === null ? null : got / 100;
  };
  const fold = (make: (all: number[]) => number): number | null => {
    const all = numbers(window(n));
    return all === null ? null : num(make(all));
  };
  const total = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0);
  const mean = (all: readonly number[]): number => total(all) / all.length;
  const step = (sign: 1 | -1): boolean | null => conjunction(Array.from({ length: n }, (_none, k) => {
    const [now, before] = [num(value(one, at - k)), num(value(one, at - k - 1))];
    return now === null || before === null ? null : sign * (now - before) > 0;
  }));
  const cross = (where: number, sign: '<' | '>'): boolean | null => (where < 0 ? null : conjunction([compareOf(sign === '>' ? '<=' : '>=', value(one, where - 1), value(two, where - 1)), compareOf(sign, value(one, where), value(two, where))]));
  const year = (id: 'high' | 'low'): number | null => {
    const all = numbers(window(252, (where) => field(id, where)));
    return all === null ? null : id === 'high' ? Math.max(...all) : Math.min(...all);
  };
  const alone = num(one === undefined ? null : value(one));
  const simple: Readonly<Record<string, () => Known>> = {
    change: () => relative(field('close', at), field('close', at - n)), gap: () => relative(field('open', at), field('close', at - 1)),
    high52: () => year('high'), low52: () => year('low'), from_high52: () => relative(field('close', at), year('high')), from_low52: () => relative(field('close', at), year('low')),
    volatility: () => percentOf('HISTVOL', [n, 252]), atr_percent: () => percentOf('NATR', [n]),
    highest: () => fold((all) => Math.max(...all)), lowest: () => fold((all) => Math.min(...all)), avg: () => fold(mean), sum: () => fold(total),
    median: () => fold((all) => { const sorted = [...all].sort((a, b) => a - b); return ((sorted[(n - 1) >> 1] ?? NaN) + (sorted[n >> 1] ?? NaN)) / 2; }),
    stdev: () => fold((all) => Math.sqrt(all.reduce((sum, each) => sum + (each - mean(all)) ** 2, 0) / (n - 1))),
    count: () => { const all = window(n); return all.includes(null) ? null : all.filter((each) => each === true).length; },
    any: () => disjunction(window(n)), all: () => conjunction(window(n)), rising: () => step(1), falling: () => step(-1),
    since: () => { const all = window(n).reverse(); const first = all.findIndex((each) => each !== false); return first < 0 ? n : all[first] === true ? first : null; },
    crosses_above: () => disjunction(window(n, (where) => cross(where, '>'))), crosses_below: () => disjunction(window(n, (where) => cross(where, '<'))),
    abs: () => alone && Math.abs(alone), sqrt: () => (alone === null || alone < 0 ? null : Math.sqrt(alone)), log: () => (alone === null || alone <= 0 ? null : Math.log(alone)), exp: () => (alone === null ? null : num(Math.exp(alone))),
    sign: () => alone && Math.sign(alone), round: () => (alone === null ? null : num(Math.floor(alone * 10 ** n + 0.5) / 10 ** n)),
    min: () => { const all = numbers(tree.parts.map((part) => value(part))); return all && Math.min(...all); }, max: () => { const all = numbers(tree.parts.map((part) => value(part))); return all && Math.max(...all); },
    if: () => { const asked = value(one); return asked === null ? null : num(value(asked === true ? two : three)); },
  };
  const make = simple[name];
  if (make === undefined) throw new Error(`${name} (of ${Object.keys(FUNCTIONS).length}) has no naive form`);
  return make();
}

/** Works a tree out at bar `at`. */
export function interpret(tree: Tree, world: Omit<World, 'series'>, at: number): Value {
  const value = valueAt({ ...world, series: new Map() }, tree, at);
  return typeof value === 'number' ? num(value) : value;
}
