/** One QuickJS with a strategy in it: loaded, described, asked. Limits of memory and time; errors speak of the lines that its author wrote. */
import variant from '@jitl/quickjs-singlefile-mjs-release-sync';
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle, type QuickJSRuntime } from 'quickjs-emscripten-core';
import { transform } from 'sucrase';
import * as z from 'zod';
import { AppError, describeError } from '#app/domain/errors.ts';
import { GUEST_MODULE, guestModule, guestPrelude } from './guest-text.ts';

/** What a strategy may use. `bytes`: memory of its own, beside the columns it is shown. */
export type MachineLimits = { readonly bytes: number; readonly loadMs: number; readonly barMs: number; readonly batchMs: number };
/** Generous for a strategy, small for a computer. */
export const MACHINE_LIMITS: MachineLimits = { bytes: 64 * 1024 * 1024, loadMs: 2_000, barMs: 1_000, batchMs: 60_000 };

const STACK_BYTES = 256 * 1024;
const MAX_SOURCE = 1_000_000;
const FILE = 'strategy.ts';

const thrownSchema = z.object({ name: z.string().catch('Error'), message: z.string().catch('it threw something that is no error'), stack: z.string().catch('') });

/** Where an error lies in the author's source; null where it cannot be said. */
export type SourcePlace = { readonly line: number; readonly column: number };

/** TypeScript to JavaScript, line by line. @throws AppError STRATEGY_CODE_INVALID with the place of what cannot be read */
export function toJavaScript(source: string): string {
  if (source.length > MAX_SOURCE) throw new AppError('STRATEGY_CODE_INVALID', `The strategy is longer than ${MAX_SOURCE} characters`);
  try {
    return transform(source, { transforms: ['typescript'], disableESTransforms: true, filePath: FILE }).code;
  } catch (error) {
    const { loc } = z.object({ loc: z.object({ line: z.number(), column: z.number() }).optional() }).catch({}).parse(error);
    const said = describeError(error).replace(/^(Error|SyntaxError): /, '').replace(new RegExp(`^Error transforming ${FILE}: `), '').replace(/ \(\d+:\d+\)$/, '');
    throw new AppError('STRATEGY_CODE_INVALID', `${loc ? `Line ${loc.line}, column ${loc.column}: ` : ''}${said}`, { context: { ...loc } });
  }
}

/** The first place in the author's file that a stack names. */
export function placeOf(stack: string): SourcePlace | null {
  const [, line, column] = new RegExp(`${FILE.replace('.', '\\.')}:(\\d+)(?::(\\d+))?`).exec(stack) ?? [];
  return line === undefined ? null : { line: Number(line), column: Number(column ?? 1) };
}

/**
 * A strategy in its machine. Each has a WebAssembly memory of its own, which goes with the machine when nobody holds it any more: a strategy that ran out of memory or time leaves
 * its interpreter in no state to be tidied up, and must not harm another.
 */
export class Machine {
  readonly context: QuickJSContext;
  readonly #runtime: QuickJSRuntime;
  readonly #limits: MachineLimits;
  #bytes: number;
  /** Until when the present call may take, on the monotonic clock, ms. */
  #deadline = Infinity;

  private constructor(runtime: QuickJSRuntime, limits: MachineLimits) {
    this.#runtime = runtime;
    this.#limits = limits;
    this.#bytes = limits.bytes;
    runtime.setMemoryLimit(limits.bytes);
    runtime.setMaxStackSize(STACK_BYTES);
    runtime.setInterruptHandler(() => performance.now() > this.#deadline);
    this.context = runtime.newContext();
  }

  /** Makes a machine and evaluates a strategy's source in it. @throws AppError STRATEGY_CODE_INVALID, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY */
  static async load(source: string, indicators: readonly string[], limits: MachineLimits = MACHINE_LIMITS): Promise<Machine> {
    const code = toJavaScript(source);
    const machine = new Machine((await newQuickJSWASMModuleFromVariant(variant)).newRuntime(), limits);
    machine.#evaluate(code, indicators);
    return machine;
  }

  /** Allows for columns that the strategy is shown. */
  allow(bytes: number): void {
    this.#bytes += bytes;
    this.#runtime.setMemoryLimit(this.#bytes);
  }

  /** Calls something within a limit of time; what it gives is the caller's to dispose of. */
  call(limit: 'load' | 'bar' | 'batch', run: () => ReturnType<QuickJSContext['callFunction']>): QuickJSHandle {
    const { loadMs, barMs, batchMs } = this.#limits;
    const ms = limit === 'load' ? loadMs : limit === 'bar' ? barMs : batchMs;
    this.#deadline = performance.now() + ms;
    const result = run();
    this.#deadline = Infinity;
    if (result.error === undefined) return result.value;
    throw this.#failure(result.error.consume((handle): unknown => this.context.dump(handle)), ms);
  }

  /** Evaluates an expression of ours and brings its value out as JSON. */
  json(expression: string): unknown {
    const text = this.call('load', () => this.context.evalCode(`JSON.stringify(${expression})`, 'host.js')).consume((handle): unknown => this.context.dump(handle));
    return typeof text === 'string' ? (JSON.parse(text) as unknown) : null;
  }

  #evaluate(code: string, indicators: readonly string[]): void {
    const { context } = this;
    this.call('load', () => context.evalCode(guestPrelude(), 'guest.js')).dispose();
    this.#runtime.setModuleLoader((name) => {
      if (name === GUEST_MODULE) return guestModule(indicators);
      if (name === FILE) return code;
      return { error: new Error(`A strategy can import nothing but "${GUEST_MODULE}", not "${name}"`) };
    });
    const exported = this.call('load', () => context.evalCode(`import made from '${FILE}'; globalThis.__spec = made;`, 'host.js', { type: 'module' }));
    const state = context.getPromiseState(exported);
    exported.dispose();
    if (state.type === 'rejected') throw this.#failure(state.error.consume((handle): unknown => context.dump(handle)), this.#limits.loadMs);
    if (state.type === 'pending') throw new AppError('STRATEGY_CODE_INVALID', 'A strategy must not wait at its beginning: remove the top-level await');
    if (!state.notAPromise) state.value.dispose();
    const hasSpec = context.evalCode('typeof globalThis.__spec === "object" && globalThis.__spec !== null && typeof globalThis.__spec.onBar === "function"', 'host.js');
    if (context.dump(context.unwrapResult(hasSpec)) !== true) throw new AppError('STRATEGY_CODE_INVALID', 'The file must export its strategy: export default strategy({ ... })');
  }

  #failure(thrown: unknown, ms: number): AppError {
    const { name, message, stack } = typeof thrown === 'object' && thrown !== null ? thrownSchema.parse(thrown) : { name: 'Error', message: String(thrown), stack: '' };
    const place = placeOf(stack);
    const where = place === null ? '' : `Line ${place.line}: `;
    const context = { ...place };
    if (message === 'interrupted') return new AppError('STRATEGY_OUT_OF_TIME', `${where}the strategy did not end within ${ms / 1_000} s. Look for a loop without an end`, { context });
    if (message === 'out of memory' || thrown === null) return new AppError('STRATEGY_OUT_OF_MEMORY', `${where}the strategy used more than ${Math.round(this.#bytes / 1024 / 1024)} MB. Keep less in its state`, { context });
    if (name === 'SyntaxError') return new AppError('STRATEGY_CODE_INVALID', `${where}${message}`, { context });
    return new AppError('STRATEGY_FAILED', `${where}${name}: ${message}`, { context });
  }
}
