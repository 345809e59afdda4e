/** How many orders may be on their way at once, and which: those of one key one after another, urgent ones never behind others. */

/** Orders between their approval and the end of their booking. Those that are not urgent leave places free: an exit never waits for entries. */
const PLACES = 8;
const PLACES_OF_OTHERS = 6;

/** Something that wants a place. `key`: of those with the same key the next waits for the answer to the one before. `isHeld`: it cannot go yet, and keeps its turn. */
export type Wanting = { readonly id: string; readonly key: string; readonly isUrgent: boolean; readonly isHeld: boolean };

/** The places. `fill` gives them in the order of the list; `send` calls `onAnswer` when the next of the key may go, and must not fail. */
export type Places = { fill<T extends Wanting>(waiting: readonly T[], send: (one: T, onAnswer: () => void) => Promise<void>): void; idle(): Promise<void> };

/** Creates the places; `onFree` is called when one was answered or is done. */
export function createPlaces(onFree: () => void): Places {
  const running = new Map<string, Promise<void>>();
  /** Keys whose answer is awaited. */
  const busy = new Set<string>();
  let others = 0;
  const take = <T extends Wanting>(one: T, send: (one: T, onAnswer: () => void) => Promise<void>): void => {
    let isAnswered = false;
    const answered = (): void => {
      if (isAnswered) return;
      isAnswered = true;
      busy.delete(one.key);
      onFree();
    };
    busy.add(one.key);
    if (!one.isUrgent) others += 1;
    running.set(one.id, send(one, answered).finally(() => {
      running.delete(one.id);
      if (!one.isUrgent) others -= 1;
      answered();
      onFree();
    }));
  };
  return {
    fill(waiting, send) {
      const behind = new Set<string>();
      for (const one of waiting) {
        if (running.has(one.id)) continue;
        const hasPlace = running.size < PLACES && (one.isUrgent || others < PLACES_OF_OTHERS);
        if (one.isHeld || behind.has(one.key) || busy.has(one.key) || !hasPlace) behind.add(one.key);
        else take(one, send);
      }
    },
    idle: async () => void (await Promise.all(running.values())),
  };
}
