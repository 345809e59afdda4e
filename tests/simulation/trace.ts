/** What happened in a run, line by line: two runs are the same when the hashes of their traces are. */
import { createHash } from 'node:crypto';

const KEPT = 4_000;

/** The trace. */
export class Trace {
  readonly #hash = createHash('sha256');
  readonly #lines: string[] = [];
  readonly #elapsed: () => number;
  readonly #echo: ((line: string) => void) | null;
  #count = 0;

  /** `echo` hears every line as it is written. */
  constructor(elapsed: () => number, echo: ((line: string) => void) | null = null) {
    this.#elapsed = elapsed;
    this.#echo = echo;
  }

  note(words: string): void {
    const line = `${this.#elapsed().toFixed(3).padStart(11)} ${words}`;
    this.#hash.update(line).update('\n');
    this.#count += 1;
    this.#lines.push(line);
    if (this.#lines.length > KEPT) this.#lines.splice(0, KEPT / 2);
    this.#echo?.(line);
  }

  /** Hash of all lines so far. */
  digest(): string {
    return this.#hash.copy().digest('hex').slice(0, 16);
  }

  count(): number {
    return this.#count;
  }

  /** The last lines. */
  tail(lines: number): readonly string[] {
    return this.#lines.slice(-lines);
  }
}
