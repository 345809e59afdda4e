/** What must be worked out for some formulas, each part once, in an order in which every part finds what it is made of; and how far back each part is needed. */
import { invariant } from '#app/domain/errors.ts';
import type { BarField } from '#app/domain/bar-columns.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import type { AnyIndicator, PriceSource } from '#app/indicators/indicator.ts';
import { lower } from './lower.ts';
import { type Comparison, countOf, FLAG_FACTS, type FlagFact, type TextFact, type Tree } from './tree.ts';
import { typeOf } from './units.ts';

/** A text of a symbol, or a written one. */
export type TextSource = { readonly fact: TextFact } | { readonly written: string };
/** Operations on one number, on two, and over the last n of a series. */
export type OneSign = 'minus' | 'not' | 'abs' | 'sqrt' | 'log' | 'exp' | 'round' | 'sign';
export type TwoSign = '+' | '-' | '*' | '/' | Comparison | 'and' | 'or' | 'min' | 'max';
export type WindowSign = 'highest' | 'lowest' | 'avg' | 'sum' | 'stdev' | 'median' | 'count' | 'any' | 'all' | 'rising' | 'falling' | 'since';

/** One part; others are named by their places in the list. Truth is 1, untruth 0, not known NaN. */
export type Step =
  | { readonly kind: 'constant'; readonly value: number }
  | { readonly kind: 'field'; readonly name: BarField }
  | { readonly kind: 'flag'; readonly fact: FlagFact }
  | { readonly kind: 'texts'; readonly test: 'same' | 'contains'; readonly left: TextSource; readonly among: readonly TextSource[]; readonly isNot: boolean }
  | { readonly kind: 'indicator'; readonly indicator: AnyIndicator; readonly values: readonly number[]; readonly source: PriceSource }
  | { readonly kind: 'output'; readonly of: number; readonly at: number }
  | { readonly kind: 'back'; readonly of: number; readonly bars: number }
  | { readonly kind: 'one'; readonly sign: OneSign; readonly of: number; readonly digits: number }
  | { readonly kind: 'two'; readonly sign: TwoSign; readonly left: number; readonly right: number }
  | { readonly kind: 'if'; readonly of: number; readonly left: number; readonly right: number }
  | { readonly kind: 'window'; readonly sign: WindowSign; readonly of: number; readonly n: number };

/** What becomes of one formula: the number or truth of a step, or a text. */
export type Output = { readonly step: number; readonly isTruth: boolean } | { readonly text: TextSource };

/** The list. `depths`: at how many bars before the newest each step is needed; `bars`: history for all of it; `cost`: elementary steps for one symbol. */
export type Plan = { readonly steps: readonly Step[]; readonly depths: readonly number[]; readonly outputs: readonly Output[]; readonly bars: number; readonly cost: number; readonly needsFacts: boolean; readonly neverForgets: boolean };

/** Longest history that a formula may need, bars. */
export const HISTORY_MAX = 20_000;
/** A fading average is let run for three times the bars after which its beginning shows by less than a part in ten thousand: then by less than one in 10^11. */
const FADE = 3;
/** Those that look at the time of a bar: they begin anew with each day, so what was before it does not fade, it is gone. */
export const OF_THE_DAY: ReadonlySet<string> = new Set(['VWAP', 'PIVOT', 'PIVOTFIB', 'PIVOTCAM']);

/** Bars that an indicator needs so that it no longer shows where they begin, as a multiple it is safe to compare with: without the limit of a history. */
export function settledBars(indicator: AnyIndicator, values: readonly number[]): number {
  const window = indicator.lookback(values) + 1;
  if (indicator.isCumulative === true) return HISTORY_MAX;
  const fades = indicator.forgetting?.(values);
  if (fades === undefined) return window;
  const least = Math.max(fades, window);
  return OF_THE_DAY.has(indicator.id) || least > HISTORY_MAX ? least : Math.min(FADE * least, HISTORY_MAX);
}

const ONE: readonly string[] = ['abs', 'sqrt', 'log', 'exp', 'round', 'sign'];
const isOne = (name: string): name is OneSign => ONE.includes(name);

/** Gathers steps: an equal one is the same one. */
class Gatherer {
  readonly steps: Step[] = [];
  private readonly known = new Map<string, number>();
  /** Lowered trees share their branches: each is visited once. */
  private readonly seen = new Map<Tree, number>();

  private add(step: Step, key: string): number {
    const known = this.known.get(key);
    if (known !== undefined) return known;
    this.known.set(key, this.steps.length);
    return this.steps.push(step) - 1;
  }

  private two(sign: TwoSign, left: number, right: number): number {
    return this.add({ kind: 'two', sign, left, right }, `two ${sign} ${left} ${right}`);
  }

  private fold(sign: TwoSign, parts: readonly number[]): number {
    const [first, ...others] = parts;
    invariant(first !== undefined, 'An operation without operands');
    return others.reduce((left, right) => this.two(sign, left, right), first);
  }

  visit(tree: Tree): number {
    const seen = this.seen.get(tree);
    if (seen !== undefined) return seen;
    const step = this.make(tree);
    this.seen.set(tree, step);
    return step;
  }

  private make(tree: Tree): number {
    switch (tree.kind) {
      case 'number':
        return this.constant(countOf(tree));
      case 'truth':
        return this.constant(tree.value ? 1 : 0);
      case 'field':
        invariant(tree.name === 'open' || tree.name === 'high' || tree.name === 'low' || tree.name === 'close' || tree.name === 'volume', 'A field that was not put into simpler words');
        return this.add({ kind: 'field', name: tree.name }, `field ${tree.name}`);
      case 'fact':
        return this.add({ kind: 'flag', fact: tree.name as FlagFact }, `flag ${tree.name}`);
      case 'indicator':
        return this.indicator(tree);
      case 'back': {
        const of = this.visit(tree.of);
        return this.add({ kind: 'back', of, bars: tree.bars }, `back ${of} ${tree.bars}`);
      }
      case 'minus':
      case 'not':
        return this.one(tree.kind, this.visit(tree.of), 0);
      case 'arithmetic':
        return this.two(tree.sign, this.visit(tree.left), this.visit(tree.right));
      case 'and':
      case 'or':
        return this.fold(tree.kind, tree.parts.map((part) => this.visit(part)));
      case 'call':
        return this.call(tree);
      case 'compare':
        return this.compare(tree);
      case 'among':
        return this.texts('same', textOf(tree.of), tree.values, tree.isNot);
      case 'contains':
        return this.texts('contains', textOf(tree.of), [tree.value], tree.isNot);
      case 'text':
        invariant(false, 'A text is no number');
    }
  }

  private constant(value: number): number {
    return this.add({ kind: 'constant', value }, `constant ${value}`);
  }

  private one(sign: OneSign, of: number, digits: number): number {
    return this.add({ kind: 'one', sign, of, digits }, `one ${sign} ${of} ${digits}`);
  }

  private indicator({ id, values, source, output }: Extract<Tree, { kind: 'indicator' }>): number {
    const indicator = indicatorById(id);
    invariant(indicator !== undefined, 'The formula names an indicator that there is not', { id });
    const of = this.add({ kind: 'indicator', indicator, values, source }, `indicator ${id} ${values.join(' ')} ${source}`);
    const at = indicator.outputs.indexOf(output);
    return this.add({ kind: 'output', of, at }, `output ${of} ${at}`);
  }

  private compare({ parts, signs }: Extract<Tree, { kind: 'compare' }>): number {
    const [first, second] = parts;
    invariant(first !== undefined && second !== undefined, 'A comparison has two sides');
    if (typeOf(first) === 'text') return this.addTexts({ kind: 'texts', test: 'same', left: textOf(first), among: [textOf(second)], isNot: signs[0] === '!=' });
    const steps = parts.map((part) => this.visit(part));
    return this.fold('and', signs.map((sign, n) => this.two(sign, steps[n] ?? 0, steps[n + 1] ?? 0)));
  }

  private texts(test: 'same' | 'contains', left: TextSource, values: readonly string[], isNot: boolean): number {
    return this.addTexts({ kind: 'texts', test, left, among: values.map((written) => ({ written })), isNot });
  }

  private addTexts(step: Extract<Step, { kind: 'texts' }>): number {
    return this.add(step, `texts ${JSON.stringify(step)}`);
  }

  private call({ name, parts, numbers }: Extract<Tree, { kind: 'call' }>): number {
    const steps = parts.map((part) => this.visit(part));
    const [first = 0, second = 0, third = 0] = steps;
    const [n = 0] = numbers;
    if (isOne(name)) return this.one(name, first, n);
    if (name === 'min' || name === 'max') return this.fold(name, steps);
    if (name === 'if') return this.add({ kind: 'if', of: first, left: second, right: third }, `if ${first} ${second} ${third}`);
    return this.add({ kind: 'window', sign: name as WindowSign, of: first, n }, `window ${name} ${first} ${n}`);
  }
}

const isFlag = (name: TextFact | FlagFact): name is FlagFact => (FLAG_FACTS as readonly string[]).includes(name);

function textOf(tree: Tree): TextSource {
  if (tree.kind === 'text') return { written: tree.value };
  invariant(tree.kind === 'fact' && !isFlag(tree.name), 'This part is no text');
  return { fact: tree.name };
}

/** What a step is made of, and how many bars further back it looks there. */
function needsOf(step: Step): readonly (readonly [of: number, back: number])[] {
  switch (step.kind) {
    case 'output':
    case 'one':
      return [[step.of, 0]];
    case 'back':
      return [[step.of, step.bars]];
    case 'two':
      return [[step.left, 0], [step.right, 0]];
    case 'if':
      return [[step.of, 0], [step.left, 0], [step.right, 0]];
    case 'window':
      return [[step.of, step.sign === 'rising' || step.sign === 'falling' ? step.n : step.n - 1]];
    default:
      return [];
  }
}

function barsOf(step: Step, depth: number): number {
  if (step.kind === 'indicator' && step.indicator.isCumulative === true) return HISTORY_MAX;
  return depth + (step.kind === 'indicator' ? settledBars(step.indicator, step.values) : 1);
}

function costOf(step: Step, depth: number): number {
  if (step.kind === 'indicator') return barsOf(step, depth) + (depth + 1) * step.indicator.lookback(step.values);
  return (depth + 1) * (step.kind === 'window' ? step.n : 1);
}

/** Plans some formulas together. */
export function planOf(trees: readonly Tree[]): Plan {
  const gatherer = new Gatherer();
  const outputs: readonly Output[] = trees.map((tree) => {
    const simple = lower(tree);
    const type = typeOf(simple);
    return type === 'text' ? { text: textOf(simple) } : { step: gatherer.visit(simple), isTruth: type === 'boolean' };
  });
  const { steps } = gatherer;
  const depths = steps.map(() => 0);
  for (let at = steps.length - 1; at >= 0; at -= 1) {
    const step = steps[at];
    if (step !== undefined) for (const [of, back] of needsOf(step)) depths[of] = Math.max(depths[of] ?? 0, (depths[at] ?? 0) + back);
  }
  const sum = (of: (step: Step, depth: number) => number): readonly number[] => steps.map((step, at) => of(step, depths[at] ?? 0));
  return {
    steps, depths, outputs,
    bars: Math.max(1, ...sum(barsOf)), cost: sum(costOf).reduce((all, one) => all + one, 0),
    needsFacts: steps.some((step) => step.kind === 'flag' || step.kind === 'texts') || outputs.some((output) => 'text' in output),
    neverForgets: steps.some((step) => step.kind === 'indicator' && step.indicator.isCumulative === true),
  };
}
