/** One QuickJS with a strategy in it: loaded, described, asked. Limits of memory and time; errors speak of the lines that its author wrote. */
import variant from '@jitl/quickjs-singlefile-mjs-release-sync';
import { newQuickJSWASMModuleFromVariant, type QuickJSContext, type QuickJSHandle, type QuickJSRuntime } from 'quickjs-emscripten-core';
import { transform } from 'sucrase';
import * as z from 'zod';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { STRATEGY_MODULE } from '#app/strategy/typings.ts';
import { GUEST_ASKS, guestModule, guestPrelude, type GuestAsk } from './guest-text.ts';
import { constantsOf } from './memory-free.ts';

/** What a strategy may use. `bytes`: memory of its own, beside the columns it is shown. */
export type MachineLimits = { readonly bytes: number; readonly loadMs: number; readonly barMs: number; readonly batchMs: number };
/** Generous for a strategy, small for a computer. */
export const MACHINE_LIMITS: MachineLimits = { bytes: 64 * 1024 * 1024, loadMs: 2_000, barMs: 1_000, batchMs: 60_000 };

const STACK_BYTES = 256 * 1024;
/** What WebAssembly can address, less what the interpreter itself needs. */
const MAX_BYTES = 1.9 * 1024 ** 3;
/** Answers longer than this are not read. */
const MAX_ANSWER = 2_000_000;
/** Time to say what was thrown, ms. */
const TELL_MS = 100;
/** How the strategy's constants are handed to the host, which freezes them. */
const CONSTANTS = '__mainspring_constants';
const MAX_SOURCE = 1_000_000;
const FILE = 'strategy.ts';

const thrownSchema = z.object({ name: z.string(), message: z.string(), stack: z.string().catch('') });

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
  /** Whether its source proves that it can remember nothing outside of its state: it may run ahead, and be run again. */
  readonly isMemoryFree: boolean;
  readonly #runtime: QuickJSRuntime;
  readonly #limits: MachineLimits;
  readonly #asks = new Map<GuestAsk, QuickJSHandle>();
  #spec: QuickJSHandle | null = null;
  #bytes: number;
  /** Until when the present call may take, on the monotonic clock, ms. */
  #deadline = Infinity;
  /** It broke or was stopped in the middle: its memory is in no state to go on with. */
  #isBroken = false;

  private constructor(runtime: QuickJSRuntime, limits: MachineLimits, isMemoryFree: boolean) {
    this.isMemoryFree = isMemoryFree;
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
    const constants = constantsOf(code);
    const machine = new Machine((await newQuickJSWASMModuleFromVariant(variant)).newRuntime(), limits, constants !== null);
    machine.#evaluate(constants === null ? code : `${code}\n;export const ${CONSTANTS} = [${constants.join(', ')}];`, indicators);
    return machine;
  }

  /** It failed for good: load its strategy again. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Allows for columns that the strategy is shown. @throws AppError STRATEGY_OUT_OF_MEMORY for more than there is */
  allow(bytes: number): void {
    if (this.#bytes + bytes > MAX_BYTES) throw new AppError('STRATEGY_OUT_OF_MEMORY', 'The bars and indicators of this run do not fit into the memory of a strategy: run over fewer bars, or declare fewer indicators');
    this.#bytes += bytes;
    this.#runtime.setMemoryLimit(this.#bytes);
  }

  /** Calls something within a limit of time; what it gives is the caller's to dispose of. */
  call(limit: 'load' | 'bar' | 'batch', run: () => ReturnType<QuickJSContext['callFunction']>): QuickJSHandle {
    if (this.#isBroken) throw new AppError('STRATEGY_FAILED', 'The strategy failed before and must be loaded again');
    const { loadMs, barMs, batchMs } = this.#limits;
    const ms = limit === 'load' ? loadMs : limit === 'bar' ? barMs : batchMs;
    this.#deadline = performance.now() + ms;
    // An error of the host itself that passes through (no stack left, say) leaves the interpreter in the middle of something.
    this.#isBroken = true;
    try {
      const result = run();
      if (result.error === undefined) {
        this.#isBroken = false;
        return result.value;
      }
      const failure = result.error.consume((handle) => this.#failure(handle, ms));
      this.#isBroken = failure.code === 'STRATEGY_OUT_OF_TIME' || failure.code === 'STRATEGY_OUT_OF_MEMORY';
      throw failure;
    } finally {
      this.#deadline = Infinity;
    }
  }

  /** Reads a text that came out of a call. @throws AppError STRATEGY_FAILED for one that is none, or too long */
  text(handle: QuickJSHandle): string {
    const said = this.context.typeof(handle) === 'string' ? this.context.getString(handle) : null;
    if (said === null || said.length > MAX_ANSWER) throw new AppError('STRATEGY_FAILED', `What the strategy says or remembers is ${said === null ? 'no JSON' : `longer than ${MAX_ANSWER} characters`}: keep less in its state`);
    return said;
  }

  /** Asks the strategy something that is answered in JSON. */
  ask(what: 'describe' | 'bind', given = ''): unknown {
    const answer = this.context.newString(given).consume((text) => this.call('load', () => this.context.callFunction(this.#asked(what), this.context.undefined, this.#strategy(), text)));
    return JSON.parse(answer.consume((handle) => this.text(handle))) as unknown;
  }

  /** Opens a run: `plan` as JSON, and its columns. */
  open(plan: string, buffers: QuickJSHandle): QuickJSHandle {
    return this.context.newString(plan).consume((text) => this.call('batch', () => this.context.callFunction(this.#asked('open'), this.context.undefined, this.#strategy(), text, buffers)));
  }

  #asked(what: GuestAsk): QuickJSHandle {
    const handle = this.#asks.get(what);
    invariant(handle, 'The interpreter was not prepared', { what });
    return handle;
  }

  #strategy(): QuickJSHandle {
    invariant(this.#spec, 'No strategy was loaded');
    return this.#spec;
  }

  #evaluate(code: string, indicators: readonly string[]): void {
    const { context } = this;
    this.call('batch', () => context.evalCode(guestPrelude(), 'guest.js')).consume((asks) => {
      for (const name of GUEST_ASKS) this.#asks.set(name, context.getProp(asks, name));
    });
    this.#runtime.setModuleLoader((name) => {
      if (name === STRATEGY_MODULE) return guestModule(indicators);
      return { error: new Error(`A strategy can import nothing but "${STRATEGY_MODULE}", not "${name}"`) };
    });
    const exported = this.call('load', () => context.evalCode(code, FILE, { type: 'module' }));
    const state = context.getPromiseState(exported);
    if (state.type === 'rejected') throw state.error.consume((handle) => this.#failure(handle, this.#limits.loadMs));
    if (state.type === 'pending') throw new AppError('STRATEGY_CODE_INVALID', 'A strategy must not wait at its beginning: remove the top-level await');
    this.#keep(state.value);
    state.value.dispose();
  }

  #keep(exported: QuickJSHandle): void {
    const { context } = this;
    const spec = context.getProp(exported, 'default');
    const isStrategy = context.typeof(spec) === 'object' && context.getProp(spec, 'onBar').consume((handle) => context.typeof(handle)) === 'function';
    if (!isStrategy) throw new AppError('STRATEGY_CODE_INVALID', 'The file must export its strategy: export default strategy({ ... })');
    this.#spec = spec;
    if (this.isMemoryFree) context.getProp(exported, CONSTANTS).consume((constants) => this.call('load', () => context.callFunction(this.#asked('keep'), context.undefined, spec, constants)).dispose());
  }

  #told(handle: QuickJSHandle): unknown {
    const { context } = this;
    const tell = this.#asks.get('tell');
    if (tell === undefined) return context.dump(handle) as unknown;
    if (context.typeof(handle) === 'object' && context.sameValue(handle, context.null)) return null;
    // Properties of what was thrown may be functions of the strategy: they have their own little time, and some memory where none was left.
    this.#deadline = performance.now() + TELL_MS;
    this.#runtime.setMemoryLimit(this.#bytes + 1024 * 1024);
    const result = context.callFunction(tell, context.undefined, handle);
    this.#runtime.setMemoryLimit(this.#bytes);
    if (result.error === undefined) return JSON.parse(result.value.consume((text) => this.text(text))) as unknown;
    result.error.dispose();
    return { name: 'Error', message: 'it threw something that cannot be read', stack: '' };
  }

  #failure(handle: QuickJSHandle, ms: number): AppError {
    const thrown = this.#told(handle);
    const { name, message, stack } = thrown === null ? { name: 'InternalError', message: 'out of memory', stack: '' } : thrownSchema.parse(thrown);
    const place = placeOf(stack);
    const where = place === null ? '' : `Line ${place.line}: `;
    const context = { ...place };
    if (name === 'InternalError' && message === 'interrupted') return new AppError('STRATEGY_OUT_OF_TIME', `${where}the strategy did not end within ${ms / 1_000} s. Look for a loop without an end`, { context });
    if (name === 'InternalError' && message === 'out of memory') return new AppError('STRATEGY_OUT_OF_MEMORY', `${where}the strategy used more than ${Math.round(this.#bytes / 1024 / 1024)} MB. Keep less in its state`, { context });
    if (name === 'SyntaxError') return new AppError('STRATEGY_CODE_INVALID', `${where}${message}`, { context });
    return new AppError('STRATEGY_FAILED', `${where}${name}: ${message}`, { context });
  }
}
