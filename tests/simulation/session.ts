/** Who may speak to the book: one transaction at a time, in the order of asking; the dead lose their turn. */
import type { Life } from './unit.ts';
import { never } from './world.ts';

type Waiter = { readonly life: Life; readonly go: () => void };

/** The turn at the one session of the book. */
export class Session {
  #holder: Life | null = null;
  readonly #waiting: Waiter[] = [];
  readonly #rollBack: () => void;
  #isInTransaction = false;

  /** `rollBack` ends the transaction of a worker that died in it. */
  constructor(rollBack: () => void) {
    this.#rollBack = rollBack;
  }

  /** Resolves when it is this worker's turn. */
  async take(life: Life): Promise<void> {
    // It may have died since it was asked whether it lives.
    if (life.isDead) return never();
    if (this.#holder === null) {
      this.#holder = life;
      return;
    }
    // Whoever frees the session makes the next one its holder; one that died meanwhile must not take it then.
    await new Promise<void>((go) => {
      this.#waiting.push({ life, go });
    });
  }

  noteTransaction(isOpen: boolean): void {
    this.#isInTransaction = isOpen;
  }

  /** Nobody has changed anything that is not committed. */
  isQuiet(): boolean {
    return !this.#isInTransaction;
  }

  free(life: Life): void {
    if (this.#holder !== life) return;
    if (this.#isInTransaction) {
      this.#rollBack();
      this.#isInTransaction = false;
    }
    let next = this.#waiting.shift();
    while (next?.life.isDead === true) next = this.#waiting.shift();
    // Handed over at once: nobody comes in between.
    this.#holder = next?.life ?? null;
    next?.go();
  }
}
