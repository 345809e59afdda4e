/** The WebAssembly memory that interpreters live in. QuickJS cannot tell the size of what it holds there, so that its own limit stops single large pieces alone: the memory itself must not grow. */
import variant from '@jitl/quickjs-singlefile-mjs-release-sync';
import { newQuickJSWASMModuleFromVariant, newVariant, type QuickJSWASMModule } from 'quickjs-emscripten-core';

/** What is used of WebAssembly's own: the types of a service do not know it. */
type WasmMemory = { readonly buffer: ArrayBuffer; grow(pages: number): number };
declare const WebAssembly: { readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory };

const PAGE_BYTES = 64 * 1024;
/** What the build of the interpreter asks for: its own beginning, and all that it can address. */
const [FIRST_PAGES, MOST_PAGES] = [256, 32_768];
/** Memory from which on no further interpreter begins in it. */
const FULL_BYTES = 512 * 1024 * 1024;

/** A memory with its module, whose growth ends where its interpreters' allowance does. */
export class MachineHeap {
  readonly wasm: QuickJSWASMModule;
  readonly #memory: WasmMemory;
  #own = 0;
  #columns = 0;
  #refusals = 0;

  private constructor(wasm: QuickJSWASMModule, memory: WasmMemory) {
    [this.wasm, this.#memory] = [wasm, memory];
    const grow = memory.grow.bind(memory);
    // The interpreter takes what is thrown here for an end of memory.
    memory.grow = (pages) => {
      if (memory.buffer.byteLength + pages * PAGE_BYTES <= this.#own + this.#columns) return grow(pages);
      this.#refusals += 1;
      throw new RangeError('No more memory is granted');
    };
  }

  /** One that nobody has used. */
  static async make(): Promise<MachineHeap> {
    const memory = new WebAssembly.Memory({ initial: FIRST_PAGES, maximum: MOST_PAGES });
    return new MachineHeap(await newQuickJSWASMModuleFromVariant(newVariant(variant, { wasmMemory: memory })), memory);
  }

  /** Whether so much lies in it that another interpreter should begin elsewhere. */
  get isFull(): boolean {
    return this.#memory.buffer.byteLength > FULL_BYTES;
  }

  /** How often it could not grow. */
  get refusals(): number {
    return this.#refusals;
  }

  /** Another interpreter begins, which may use so many bytes beyond what is there. */
  begin(bytes: number): void {
    this.#own = this.#memory.buffer.byteLength + bytes;
  }

  /** Allows for columns; less than 0: they are gone. */
  allow(bytes: number): void {
    this.#columns += bytes;
  }
}
