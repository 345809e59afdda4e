/** The host's hand on a run inside of the sandbox: columns are shown to it once, numbers pass through the box. */
import type { QuickJSContext, QuickJSHandle } from 'quickjs-emscripten-core';
import { BAR_FIELDS } from '#app/domain/bar-columns.ts';
import type { SymbolView } from '#app/strategy/context.ts';
import { Series } from '#app/strategy/series.ts';
import type { Machine } from './machine.ts';

/** What to open a run with. `rows`: bars that it is shown, up to the present one; null = whole columns. */
export type GuestSetup = { readonly views: readonly SymbolView[]; readonly parameters: unknown; readonly times: Float64Array | null; readonly depth: number; readonly isWhole: boolean; readonly hasReasons: boolean };

type Method = 'ahead' | 'again' | 'once';

/** A run in the machine. */
export class GuestHandle implements Disposable {
  readonly #machine: Machine;
  readonly #run: QuickJSHandle;
  readonly #box: QuickJSHandle;
  readonly #methods: Readonly<Record<Method | 'take' | 'save' | 'restore', QuickJSHandle>>;
  readonly #bytes: number;

  constructor(machine: Machine, setup: GuestSetup) {
    const { context } = machine;
    this.#machine = machine;
    const shown = setup.views.map((view) => ({ symbol: view.symbol, columns: columnsOf(view, setup) }));
    this.#bytes = 2 * 8 * (shown.flatMap(({ columns }) => columns).reduce((sum, [, values]) => sum + values.length, 0) + (setup.times?.length ?? 0));
    machine.allow(this.#bytes);
    this.#run = openRun(machine, setup, shown);
    this.#box = context.getProp(this.#run, 'box').consume((box) => context.getProp(box, 'buffer'));
    const method = (name: string): QuickJSHandle => context.getProp(this.#run, name);
    this.#methods = { ahead: method('ahead'), again: method('again'), once: method('once'), take: method('take'), save: method('save'), restore: method('restore') };
  }

  /** Hands `facts` over, calls, and reads what the guest made of them back. */
  call(method: Method, facts: Float64Array): void {
    const { context } = this.#machine;
    const bytes = new Uint8Array(facts.buffer, facts.byteOffset, facts.byteLength);
    column(context, facts).consume((given) => this.#machine.call(method === 'once' ? 'bar' : 'batch', () => context.callFunction(this.#methods[method], this.#run, given)).dispose());
    // What comes back is a copy: the guest's own box stays out of reach, and so does the host's.
    context.getArrayBuffer(this.#box).consume((inside) => bytes.set(inside.value));
  }

  /** Orders, cancels and reasons of the last call, as it gave them. */
  take(): unknown {
    return JSON.parse(this.#text('take')) as unknown;
  }

  /** Its memory as JSON. */
  save(): string {
    return this.#text('save');
  }

  /** Takes a stored memory. */
  restore(memory: string): void {
    const { context } = this.#machine;
    context.newString(memory).consume((text) => this.#machine.call('bar', () => context.callFunction(this.#methods.restore, this.#run, text)).dispose());
  }

  [Symbol.dispose](): void {
    for (const handle of [...Object.values(this.#methods), this.#box, this.#run]) handle.dispose();
    this.#machine.allow(-this.#bytes);
  }

  #text(method: 'take' | 'save'): string {
    const { context } = this.#machine;
    return this.#machine.call('bar', () => context.callFunction(this.#methods[method], this.#run)).consume((handle) => context.getString(handle));
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

function column(context: QuickJSContext, values: Float64Array): QuickJSHandle {
  const copy = values.slice();
  return context.newArrayBuffer(copy.buffer);
}

function openRun(machine: Machine, setup: GuestSetup, shown: readonly { readonly symbol: string; readonly columns: Columns }[]): QuickJSHandle {
  const { context } = machine;
  const opened = context.newArray();
  let n = 0;
  const keep = (values: Float64Array): void => {
    column(context, values).consume((handle) => context.setProp(opened, n, handle));
    n += 1;
  };
  for (const { columns } of shown) for (const [, values] of columns) keep(values);
  keep(setup.times ?? new Float64Array(0));
  const plan = JSON.stringify({ parameters: setup.parameters, depth: setup.depth, hasReasons: setup.hasReasons, markets: shown.map(({ symbol, columns }) => ({ symbol, names: columns.map(([name]) => name) })) });
  return opened.consume((buffers) => context.newString(plan).consume((text) =>
    context.getProp(context.global, '__open').consume((open) => machine.call('batch', () => context.callFunction(open, context.undefined, text, buffers)))));
}
