/** One QuickJS with a strategy in it: loaded, described, asked. Limits of memory and time; errors speak of the lines that its author wrote. */
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime } from 'quickjs-emscripten-core';
import * as z from 'zod';
import { AppError, invariant } from '#app/domain/errors.ts';
import { STRATEGY_MODULE } from '#app/strategy/typings.ts';
import { plainText } from '#chassis/plain-text.ts';
import type { ProjectFileLike } from '../strategy-source.ts';
import { beginCall, endCall } from './deadline.ts';
import { compileFiles, HOST_MODULE, LOG_MODULE, wordsOf, type Compiled } from './guest-code.ts';
import { GUEST_ASKS, guestPrelude, type GuestAsk } from './guest-text.ts';
import { MachineHeap } from './machine-heap.ts';
import { readLines, type GuestLines } from './run-log.ts';

/** What a strategy may use. `bytes`: memory of its own, beside the columns it is shown. */
export type MachineLimits = { readonly bytes: number; readonly loadMs: number; readonly barMs: number; readonly batchMs: number };
/** Which limit of time a call has. */
type Limit = 'house' | 'load' | 'bar' | 'batch';
/** Generous for a strategy, small for a computer. */
export const MACHINE_LIMITS: MachineLimits = { bytes: 64 * 1024 * 1024, loadMs: 2_000, barMs: 1_000, batchMs: 60_000 };

const STACK_BYTES = 256 * 1024;
/** What WebAssembly can address, less what the interpreter itself needs. */
const MAX_BYTES = 1.9 * 1024 ** 3;
/** Answers longer than this are not read. */
const MAX_ANSWER = 2_000_000;
/** For what is our own, however busy the computer is, ms. */
const HOUSE_MS = 10_000;
/** What a call gets beyond its limit: of its own processor time, and in all, ms. */
const MORE_CPU_MS = 100;
const MORE_MS = 1_000;
/** Time to say what was thrown, ms. */
const TELL_MS = 100;
/** Before the name of a module that nobody may have. */
const REFUSED = '@refused ';

const thrownSchema = z.object({ name: z.string().transform(plainText), message: z.string().transform(plainText), stack: z.string().catch('') });

/** Interpreters that one WebAssembly memory is used for: what the ones before held stays in it until it goes as a whole. */
const MAX_AGAIN = 40;

/** Memory to say what was thrown where none was left. */
const TELL_BYTES = 1024 * 1024;

let spare: Promise<MachineHeap> | null = null;

/** Makes the next WebAssembly memory ready, so that whoever loads a strategy need not wait for it. */
export function prepareMachine(): void {
  spare ??= MachineHeap.make();
}

/** A WebAssembly memory that nobody has used. */
async function unusedHeap(): Promise<MachineHeap> {
  const ready = spare;
  spare = null;
  return ready ?? MachineHeap.make();
}

/**
 * A strategy in its machine. Each has a WebAssembly memory of its own, which goes with the machine when nobody holds it any more: a strategy that ran out of memory or time leaves
 * its interpreter in no state to be tidied up, and must not harm another.
 */
export class Machine {
  readonly context: QuickJSContext;
  /** Whether its source proves that it can remember nothing outside of its state: it may run ahead, and be run again. */
  readonly isMemoryFree: boolean;
  readonly #heap: MachineHeap;
  readonly #runtime: QuickJSRuntime;
  readonly #compiled: Compiled;
  readonly #limits: MachineLimits;
  readonly #asks = new Map<GuestAsk, QuickJSHandle>();
  #spec: QuickJSHandle | null = null;
  #bytes: number;
  /** Until when the present call may take, on the monotonic clock, ms. */
  #deadline = Infinity;
  /** When the limit was passed, and what the process had used by then. */
  #overdue: { readonly since: number; readonly cpu: NodeJS.CpuUsage } | null = null;
  /** It broke or was stopped in the middle: its memory is in no state to go on with. */
  #isBroken = false;
  /** How many there were before it in the same WebAssembly memory. */
  readonly #turn: number;
  /** How often that memory had refused to grow when the present call began. */
  #refusals = 0;

  private constructor(heap: MachineHeap, compiled: Compiled, limits: MachineLimits, turn: number) {
    heap.begin(limits.bytes);
    const runtime = heap.wasm.newRuntime();
    this.isMemoryFree = compiled.isMemoryFree;
    [this.#heap, this.#runtime, this.#compiled, this.#turn] = [heap, runtime, compiled, turn];
    this.#limits = limits;
    this.#bytes = limits.bytes;
    runtime.setMemoryLimit(limits.bytes);
    runtime.setMaxStackSize(STACK_BYTES);
    runtime.setInterruptHandler(() => performance.now() > this.#deadline && this.#isSpent());
    this.context = runtime.newContext();
  }

  /** Makes a machine and evaluates a strategy's files in it (a text: the one file `strategy.ts`). @throws AppError STRATEGY_CODE_INVALID, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY */
  static async load(files: string | readonly ProjectFileLike[], indicators: readonly string[], limits: MachineLimits = MACHINE_LIMITS): Promise<Machine> {
    return Machine.#made(await unusedHeap(), compileFiles(files, indicators), limits, 0);
  }

  static #made(heap: MachineHeap, compiled: Compiled, limits: MachineLimits, turn: number): Machine {
    const machine = new Machine(heap, compiled, limits, turn);
    machine.#evaluate();
    return machine;
  }

  /** Another interpreter with the same strategy, fresh; quicker than loading it. Null where this one's memory is spent: load it. */
  again(): Machine | null {
    return this.#isBroken || this.#turn >= MAX_AGAIN || this.#heap.isFull ? null : Machine.#made(this.#heap, this.#compiled, this.#limits, this.#turn + 1);
  }

  /** It failed for good: load its strategy again. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Allows for columns that the strategy is shown. @throws AppError STRATEGY_OUT_OF_MEMORY for more than there is */
  allow(bytes: number): void {
    if (this.#bytes + bytes > MAX_BYTES) throw new AppError('STRATEGY_OUT_OF_MEMORY', 'The bars and indicators of this run do not fit into the memory of a strategy: run over fewer bars, or declare fewer indicators');
    this.#grant(bytes);
  }

  /** Calls something within a limit of time; what it gives is the caller's to dispose of. */
  call(limit: Limit, run: () => ReturnType<QuickJSContext['callFunction']>): QuickJSHandle {
    if (this.#isBroken) throw new AppError('STRATEGY_FAILED', 'The strategy failed before and must be loaded again');
    const { loadMs, barMs, batchMs } = this.#limits;
    const ms = { house: HOUSE_MS, load: loadMs, bar: barMs, batch: batchMs }[limit];
    this.#overdue = null;
    this.#refusals = this.#heap.refusals;
    this.#deadline = performance.now() + ms;
    beginCall(ms);
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
      endCall();
    }
  }

  /** Asks for a number after a call that was ended, within a little time of its own; null where nothing comes. The machine stays broken. */
  lastWord(run: () => ReturnType<QuickJSContext['callFunction']>): number | null {
    this.#deadline = performance.now() + TELL_MS;
    this.#overdue = null;
    this.#grant(TELL_BYTES);
    try {
      const result = run();
      if (result.error !== undefined) {
        result.error.dispose();
        return null;
      }
      return result.value.consume((handle) => (this.context.typeof(handle) === 'number' ? this.context.getNumber(handle) : null));
    } finally {
      this.#grant(-TELL_BYTES);
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

  /** What the strategy wrote while it was loaded and asked about itself, taken out. */
  outside(): GuestLines {
    if (this.#isBroken) return { lines: [], dropped: 0 };
    return readLines(JSON.parse(this.call('load', () => this.context.callFunction(this.#asked('outside'), this.context.undefined)).consume((handle) => this.text(handle))));
  }

  /** Opens a run: `plan` as JSON, and its columns. */
  open(plan: string, buffers: QuickJSHandle): QuickJSHandle {
    return this.context.newString(plan).consume((text) => this.call('batch', () => this.context.callFunction(this.#asked('open'), this.context.undefined, this.#strategy(), text, buffers)));
  }

  #grant(bytes: number): void {
    this.#bytes += bytes;
    this.#heap.allow(bytes);
    this.#runtime.setMemoryLimit(this.#bytes);
  }

  /** Its time is over; on a computer that did something else meanwhile it gets a little more. */
  #isSpent(): boolean {
    this.#overdue ??= { since: performance.now(), cpu: process.cpuUsage() };
    const { user, system } = process.cpuUsage(this.#overdue.cpu);
    return (user + system) / 1_000 > MORE_CPU_MS || performance.now() - this.#overdue.since > MORE_MS;
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

  #evaluate(): void {
    const { context } = this;
    const { modules, resolve } = this.#compiled;
    this.call('house', () => context.evalCode(guestPrelude(), 'guest.js')).consume((asks) => {
      for (const name of GUEST_ASKS) this.#asks.set(name, context.getProp(asks, name));
    });
    this.#runtime.setModuleLoader(
      // An error of the resolver itself would lose its words on the way.
      (name) => modules.get(name) ?? { error: new SyntaxError(`A strategy can import nothing but "${STRATEGY_MODULE}" and files of its own project, not "${name.replace(REFUSED, '')}"`) },
      (from, name) => resolve(from, name) ?? `${REFUSED}${name.slice(0, 200)}`,
    );
    const inner = this.call('house', () => context.evalCode(modules.get(LOG_MODULE) ?? '', LOG_MODULE, { type: 'module' }));
    this.#settled(inner, (exported) => context.getProp(exported, 'attach').consume((attach) => this.call('house', () => context.callFunction(this.#asked('attach'), context.undefined, attach)).dispose()));
    const exported = this.call('load', () => context.evalCode(modules.get(HOST_MODULE) ?? '', HOST_MODULE, { type: 'module' }));
    this.#settled(exported, (handle) => this.#keep(handle));
  }

  /** What a module exports, when it has come to its end at once. */
  #settled(exported: QuickJSHandle, use: (handle: QuickJSHandle) => void): void {
    const state = this.context.getPromiseState(exported);
    if (state.type === 'rejected') throw state.error.consume((handle) => this.#failure(handle, this.#limits.loadMs));
    if (state.type === 'pending') throw new AppError('STRATEGY_CODE_INVALID', 'A strategy must not wait at its beginning: remove the top-level await');
    use(state.value);
    state.value.dispose();
  }

  #keep(exported: QuickJSHandle): void {
    const { context } = this;
    const spec = context.getProp(exported, 'default');
    const isStrategy = context.typeof(spec) === 'object' && context.getProp(spec, 'onBar').consume((handle) => context.typeof(handle)) === 'function';
    if (!isStrategy) throw new AppError('STRATEGY_CODE_INVALID', 'The file must export its strategy: export default strategy({ ... })');
    this.#spec = spec;
    if (this.isMemoryFree) context.getProp(exported, 'constants').consume((constants) => this.call('load', () => context.callFunction(this.#asked('keep'), context.undefined, spec, constants)).dispose());
  }

  #told(handle: QuickJSHandle): unknown {
    const { context } = this;
    const tell = this.#asks.get('tell');
    if (tell === undefined) return context.dump(handle) as unknown;
    // Where not even an error could be made, null is thrown; a strategy may throw it as well.
    if (context.typeof(handle) === 'object' && context.sameValue(handle, context.null) && this.#heap.refusals > this.#refusals) return null;
    // Properties of what was thrown may be functions of the strategy: they have their own little time, and some memory where none was left.
    this.#deadline = performance.now() + TELL_MS;
    this.#grant(TELL_BYTES);
    const result = context.callFunction(tell, context.undefined, handle);
    this.#grant(-TELL_BYTES);
    if (result.error === undefined) return JSON.parse(result.value.consume((text) => this.text(text))) as unknown;
    result.error.dispose();
    return { name: 'Error', message: 'it threw something that cannot be read', stack: '' };
  }

  #failure(handle: QuickJSHandle, ms: number): AppError {
    const thrown = this.#told(handle);
    const { name, message, stack } = thrown === null ? { name: 'InternalError', message: 'out of memory', stack: '' } : thrownSchema.parse(thrown);
    const place = this.#compiled.placeOf(stack);
    const where = place === null ? '' : `${wordsOf(place)}: `;
    const context = { ...place };
    if (name === 'InternalError' && message === 'interrupted') return new AppError('STRATEGY_OUT_OF_TIME', `${where}the strategy did not end within ${ms / 1_000} s. Look for a loop without an end`, { context });
    if (name === 'InternalError' && message === 'out of memory') return new AppError('STRATEGY_OUT_OF_MEMORY', `${where}the strategy used more than ${Math.round(this.#bytes / 1024 / 1024)} MB. Keep less in its state`, { context });
    if (name === 'SyntaxError') return new AppError('STRATEGY_CODE_INVALID', `${where}${message}`, { context });
    return new AppError('STRATEGY_FAILED', `${where}${name}: ${message}`, { context });
  }
}
