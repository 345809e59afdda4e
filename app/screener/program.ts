/** Formulas made ready to be asked of many symbols: what they share is worked out once, only as far back as it is needed, into the same memory for each symbol. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import type { Frame } from './frame.ts';
import { type Copy, indicatorStep } from './indicator-steps.ts';
import type { Formula } from './language.ts';
import { type Plan, planOf, type Step, type TextSource } from './plan.ts';
import { oneLoop, prepare, type Register, registerOf, twoLoop, valueAt } from './registers.ts';
import { sectorKey } from './sectors.ts';
import type { FlagFact } from './tree.ts';
import { WINDOWS } from './windows.ts';

/** What is known of a symbol besides its bars. A sector that nobody told is null: what asks for it has no answer. */
export type SymbolFacts = {
  readonly symbol: string; readonly name: string; readonly exchange: string; readonly sector: string | null; readonly industry: string | null;
  readonly isTradable: boolean; readonly isShortable: boolean; readonly isFractionable: boolean; readonly isWatched: boolean;
};

/** A symbol with its bars, oldest first. */
export type Subject = { readonly bars: BarColumns; readonly facts: SymbolFacts };

/** What comes of a formula; null: no value, as there are too few bars, or it divides by 0. */
export type Value = number | boolean | string | null;

/** Formulas that are ready. One program works for one thread: it keeps its memory. */
export type Program = {
  /** Bars before the one that is asked about, it included, that make a difference: more change nothing (unless one of the formulas never forgets). */
  readonly bars: number;
  readonly needsFacts: boolean;
  /** One value for each formula at bar `at`, the last one unless told. Later bars are never looked at. */
  evaluate(subject: Subject, at?: number): Value[];
  /** The same as numbers, into an array of the caller and without one of its own: a condition is 1, 0 or NaN; a text, and what has no value, is NaN. */
  evaluateInto(subject: Subject, out: Float64Array, at?: number): void;
  /** The values at all bars, one column for each formula; a text is NaN throughout. The columns are overwritten by the next call, and may be longer than the bars. */
  columns(subject: Subject): readonly Float64Array[];
};

/** One question: the frame and the symbol's facts. */
type Question = Frame & { facts: SymbolFacts };
/** Works out one step into its register. */
type Run = (question: Question) => void;

const FLAGS: Readonly<Record<FlagFact, (facts: SymbolFacts) => boolean>> = { tradable: (facts) => facts.isTradable, shortable: (facts) => facts.isShortable, fractionable: (facts) => facts.isFractionable, watched: (facts) => facts.isWatched };

const textOf = (source: TextSource, facts: SymbolFacts): string | null => ('written' in source ? source.written : facts[source.fact]);

function textTest({ test, left, among, isNot }: Extract<Step, { kind: 'texts' }>): (facts: SymbolFacts) => number {
  const sources = [left, ...among];
  const isSector = sources.some((source) => 'fact' in source && source.fact === 'sector');
  const key = (text: string): string => (isSector && test === 'same' ? sectorKey(text) : text.trim().toLowerCase());
  const written = among.map((source) => ('written' in source ? key(source.written) : null));
  return (facts) => {
    const text = textOf(left, facts);
    if (text === null) return NaN;
    const own = key(text);
    for (let n = 0; n < among.length; n += 1) {
      const source = among[n];
      const other = written[n] ?? (source === undefined ? null : textOf(source, facts));
      if (other === null) return NaN;
      if (test === 'contains' ? own.includes(other) : own === key(other)) return isNot ? 0 : 1;
    }
    return isNot ? 1 : 0;
  };
}

/** Makes the steps of a plan ready. */
class Machine {
  readonly registers: Register[];
  readonly runs: Run[];
  private readonly plan: Plan;
  private readonly copies = new Map<string, Copy>();

  constructor(plan: Plan) {
    this.plan = plan;
    this.registers = plan.steps.map((_step, n) => registerOf((plan.depths[n] ?? 0) + 1));
    this.runs = plan.steps.map((step, n) => this.runOf(step, n));
  }

  register(n: number): Register {
    return this.registers[n] ?? registerOf(1);
  }

  /** Fills a register by a loop over the bars that it must have. */
  private over(n: number, loop: (out: Register, stretch: { from: number; to: number }, frame: Question) => void): Run {
    const out = this.register(n);
    const depth = this.plan.depths[n] ?? 0;
    const stretch = { from: 0, to: 0 };
    return (frame) => {
      stretch.from = frame.isWhole ? 0 : Math.max(0, frame.at - depth);
      stretch.to = frame.at;
      prepare(out, stretch);
      loop(out, stretch, frame);
    };
  }

  /** One number for all bars. */
  private flat(n: number, value: (facts: SymbolFacts) => number): Run {
    return this.over(n, (out, { from, to }, { facts }) => void out.buffer.fill(value(facts), 0, to - from + 1));
  }

  private runOf(step: Step, n: number): Run {
    const out = this.register(n);
    switch (step.kind) {
      case 'constant':
        return this.flat(n, () => step.value);
      case 'flag':
        return this.flat(n, (facts) => (FLAGS[step.fact](facts) ? 1 : 0));
      case 'texts':
        return this.flat(n, textTest(step));
      case 'field':
        return ({ bars }) => {
          out.buffer = bars[step.name];
          out.offset = 0;
        };
      case 'indicator':
        return indicatorStep(step, { depth: this.plan.depths[n] ?? 0, outputs: this.outputsOf(n), copies: this.copies });
      case 'output':
        return () => undefined;
      case 'back': {
        const of = this.register(step.of);
        return () => {
          out.buffer = of.buffer;
          out.offset = of.offset + step.bars;
        };
      }
      case 'one': {
        const [of, loop] = [this.register(step.of), oneLoop(step.sign, step.digits)];
        return this.over(n, (to, stretch) => loop(to, of, stretch));
      }
      case 'two': {
        const [left, right, loop] = [this.register(step.left), this.register(step.right), twoLoop(step.sign)];
        return this.over(n, (to, stretch) => loop(to, left, right, stretch));
      }
      default:
        return this.choice(step, n);
    }
  }

  private choice(step: Extract<Step, { kind: 'if' | 'window' }>, n: number): Run {
    const of = this.register(step.of);
    if (step.kind === 'if') {
      const [left, right] = [this.register(step.left), this.register(step.right)];
      return this.over(n, ({ buffer }, { from, to }) => {
        for (let i = from; i <= to; i += 1) {
          const asked = valueAt(of, i);
          buffer[i - from] = asked === 1 ? valueAt(left, i) : asked === 0 ? valueAt(right, i) : NaN;
        }
      });
    }
    const window = WINDOWS[step.sign];
    const scratch = new Float64Array(step.sign === 'median' ? step.n : 0);
    return this.over(n, ({ buffer }, { from, to }) => {
      for (let i = from; i <= to; i += 1) buffer[i - from] = window(of, i, step.n, scratch);
    });
  }

  /** The registers that hold the outputs of an indicator, by the places of the outputs. */
  private outputsOf(n: number): ReadonlyMap<number, Register> {
    return new Map(this.plan.steps.flatMap((step, at) => (step.kind === 'output' && step.of === n ? [[step.at, this.register(at)]] : [])));
  }
}

/** A symbol without bars has one that says nothing, so that its facts can be asked. */
const NO_BARS = ((): BarColumns => {
  const none = barColumns(1);
  for (const column of Object.values(none)) column.fill(NaN);
  return none;
})();

const NOBODY: SymbolFacts = { symbol: '', name: '', exchange: '', sector: null, industry: null, isTradable: false, isShortable: false, isFractionable: false, isWatched: false };

/** Makes formulas ready to be asked together. */
export function compile(formulas: readonly Formula[]): Program {
  const plan = planOf(formulas.map((formula) => formula.tree));
  const machine = new Machine(plan);
  const { outputs } = plan;
  const frame: Question = { bars: NO_BARS, facts: NOBODY, at: 0, isWhole: false, epoch: 0 };
  const run = ({ bars, facts }: Subject, at: number, isWhole: boolean): void => {
    const isEmpty = at < 0 || at >= bars.time.length;
    frame.bars = isEmpty ? NO_BARS : bars;
    frame.facts = facts;
    frame.at = isEmpty ? 0 : at;
    frame.isWhole = isWhole;
    frame.epoch += 1;
    for (const step of machine.runs) step(frame);
  };
  const numberOf = (step: number): number => {
    const value = valueAt(machine.register(step), frame.at);
    return Number.isFinite(value) ? value : NaN;
  };
  return {
    bars: plan.bars, needsFacts: plan.needsFacts,
    evaluate(subject, at = subject.bars.time.length - 1) {
      run(subject, at, false);
      return outputs.map((output) => {
        if ('text' in output) return textOf(output.text, subject.facts);
        const value = numberOf(output.step);
        return Number.isNaN(value) ? null : output.isTruth ? value === 1 : value;
      });
    },
    evaluateInto(subject, out, at = subject.bars.time.length - 1) {
      run(subject, at, false);
      for (let n = 0; n < outputs.length; n += 1) {
        const output = outputs[n];
        out[n] = output === undefined || 'text' in output ? NaN : numberOf(output.step);
      }
    },
    columns(subject) {
      run(subject, subject.bars.time.length - 1, true);
      return outputs.map((output) => ('text' in output ? new Float64Array(subject.bars.time.length).fill(NaN) : columnOf(machine.register(output.step), subject.bars.time.length)));
    },
  };
}

/** A register as a column from bar 0 on. */
function columnOf({ buffer, offset }: Register, length: number): Float64Array {
  if (offset === 0) return buffer;
  const column = new Float64Array(length).fill(NaN, 0, offset);
  if (offset < length) column.set(buffer.subarray(0, length - offset), offset);
  return column;
}
