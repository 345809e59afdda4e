/** The host's hand on a run inside of the sandbox: columns are shown to it once, numbers pass through the box. */
import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten-core';
import { BAR_FIELDS } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { SymbolView } from '#app/strategy/context.ts';
import { Series } from '#app/strategy/series.ts';
import { GUEST_LOG_ROW } from './guest.ts';
import type { Machine } from './machine.ts';
import { readLines, type GuestLines } from './run-log.ts';

/** What to open a run with. `rows`: bars that it is shown, up to the present one; null = whole columns. */
export type GuestSetup = { readonly views: readonly SymbolView[]; readonly parameters: unknown; readonly times: Float64Array | null; readonly depth: number; readonly isWhole: boolean; readonly hasReasons: boolean };

type Method = 'ahead' | 'again' | 'once';
const METHODS = ['ahead', 'again', 'once', 'take', 'takeLog', 'save', 'restore', 'nextOrder', 'at'] as const;

/** A run in the machine. */
export class GuestHandle implements Disposable {
  readonly #machine: Machine;
  readonly #run: QuickJSHandle;
  readonly #box: QuickJSHandle;
  readonly #log: QuickJSHandle;
  readonly #methods = new Map<(typeof METHODS)[number], QuickJSHandle>();
  readonly #bytes: number;

  constructor(machine: Machine, setup: GuestSetup) {
    const { context } = machine;
    this.#machine = machine;
    const shown = setup.views.map((view) => ({ symbol: view.symbol, columns: columnsOf(view, setup) }));
    this.#bytes = 2 * 8 * (shown.flatMap(({ columns }) => columns).reduce((sum, [, values]) => sum + values.length, 0) + (setup.times?.length ?? 0));
    machine.allow(this.#bytes);
    this.#run = openRun(machine, setup, shown);
    const buffer = (name: string): QuickJSHandle => context.getProp(this.#run, name).consume((numbers) => context.getProp(numbers, 'buffer'));
    [this.#box, this.#log] = [buffer('box'), buffer('log')];
    for (const name of METHODS) this.#methods.set(name, context.getProp(this.#run, name));
  }

  /** Hands `facts` over, calls, and reads what the guest made of them back. */
  call(method: Method, facts: Float64Array): void {
    const { context } = this.#machine;
    const bytes = new Uint8Array(facts.buffer, facts.byteOffset, facts.byteLength);
    column(context, facts, 0).consume((given) => this.#machine.call(method === 'once' ? 'bar' : 'batch', () => context.callFunction(this.#method(method), this.#run, given)).dispose());
    // What comes back is a copy: the guest's own box stays out of reach, and so does the host's.
    context.getArrayBuffer(this.#box).consume((inside) => bytes.set(inside.value.subarray(0, bytes.length)));
  }

  /** The bar of its first symbol at which a call was ended; null where the machine cannot say it any more. */
  endedAt(): number | null {
    const { context } = this.#machine;
    return this.#machine.lastWord(() => context.callFunction(this.#method('at'), this.#run));
  }

  /** The log of the last run ahead: its first `rows` acts. */
  log(rows: number): Float64Array {
    const log = new Float64Array(rows * GUEST_LOG_ROW);
    this.#machine.context.getArrayBuffer(this.#log).consume((inside) => new Uint8Array(log.buffer).set(inside.value.subarray(0, log.byteLength)));
    return log;
  }

  /** Orders, cancels and reasons since they were last taken, as it gave them. */
  take(): unknown {
    return JSON.parse(this.#text('take')) as unknown;
  }

  /** The lines that it wrote since they were last taken. Empty where its machine has broken: they went with it. */
  takeLog(): GuestLines {
    return this.#machine.isBroken ? { lines: [], dropped: 0 } : readLines(JSON.parse(this.#text('takeLog')));
  }

  /** Its memory: its state as JSON, and the number of its next order. @throws AppError STRATEGY_FAILED where it is no plain JSON, or too much */
  save(): { readonly memory: string; readonly nextOrder: number } {
    const { context } = this.#machine;
    return { memory: this.#text('save'), nextOrder: this.#machine.call('bar', () => context.callFunction(this.#method('nextOrder'), this.#run)).consume((handle) => context.getNumber(handle)) };
  }

  /** Takes a stored memory. */
  restore({ memory, nextOrder }: { readonly memory: string; readonly nextOrder: number }): void {
    const { context } = this.#machine;
    context.newString(memory).consume((text) => context.newNumber(nextOrder).consume((next) =>
      this.#machine.call('bar', () => context.callFunction(this.#method('restore'), this.#run, text, next)).dispose()));
  }

  [Symbol.dispose](): void {
    if (this.#machine.isBroken) return;
    for (const handle of [...this.#methods.values(), this.#box, this.#log, this.#run]) handle.dispose();
    this.#machine.allow(-this.#bytes);
  }

  #method(name: (typeof METHODS)[number]): QuickJSHandle {
    const method = this.#methods.get(name);
    invariant(method, 'A run without that method', { name });
    return method;
  }

  #text(method: 'take' | 'takeLog' | 'save'): string {
    const { context } = this.#machine;
    return this.#machine.call('bar', () => context.callFunction(this.#method(method), this.#run)).consume((handle) => this.#machine.text(handle));
  }
}

type Columns = readonly (readonly [name: string, values: Float64Array])[];

/** The columns of a view by the names that the guest knows. */
function columnsOf(view: SymbolView, { isWhole, depth }: GuestSetup): Columns {
  const part = ({ values, cursor }: Series): Float64Array => (isWhole ? values : values.subarray(Math.max(0, cursor.i - depth), cursor.i + 1));
  const fields = BAR_FIELDS.map((field) => [field, part(view[field])] as const);
  const indicators = Object.entries(view.indicators).flatMap(([name, series]): Columns =>
    series instanceof Series ? [[`${name}.`, part(series)]] : Object.entries(series as Readonly<Record<string, Series>>).map(([output, one]) => [`${name}.${output}`, part(one)] as const));
  return [...fields, ...indicators];
}

/** Where a view stands in the columns that were shown. */
export function cursorOf(view: SymbolView, isWhole: boolean): number {
  const { i, depth } = view.close.cursor;
  return isWhole ? i : Math.min(i, depth);
}

/** A column as a buffer of the guest, with `pad` NaN before it: looking back over its beginning finds them. */
function column(context: QuickJSContext, values: Float64Array, pad: number): QuickJSHandle {
  const copy = new Float64Array(values.length + pad);
  copy.fill(NaN, 0, pad);
  copy.set(values, pad);
  return context.newArrayBuffer(copy.buffer);
}

function openRun(machine: Machine, setup: GuestSetup, shown: readonly { readonly symbol: string; readonly columns: Columns }[]): QuickJSHandle {
  const { context } = machine;
  const buffers = context.newArray();
  let n = 0;
  const keep = (values: Float64Array): void => {
    column(context, values, setup.depth + 1).consume((handle) => context.setProp(buffers, n, handle));
    n += 1;
  };
  for (const { columns } of shown) for (const [, values] of columns) keep(values);
  keep(setup.times ?? new Float64Array(0));
  const plan = JSON.stringify({ parameters: setup.parameters, depth: setup.depth, hasReasons: setup.hasReasons, markets: shown.map(({ symbol, columns }) => ({ symbol, names: columns.map(([name]) => name) })) });
  return buffers.consume((handle) => machine.open(plan, handle));
}
