/** Whether a memory of the book must be read again: a change that is told while the reads are on their way counts for the next ones, for they may have missed it. */

/** Stale from the beginning. */
export class Staleness {
  #isStale = true;

  get isStale(): boolean {
    return this.#isStale;
  }

  /** The book has changed, or may have. */
  mark(): void {
    this.#isStale = true;
  }

  /** Reads the memory anew. It is stale again when the reads throw. @throws what they throw */
  async renew(read: () => Promise<void>): Promise<void> {
    this.#isStale = false;
    try {
      await read();
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
  }
}
