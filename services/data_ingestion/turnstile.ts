/** A turnstile: work that must not run all at once. */

/** Lets so many at a time through, the others in their order. */
export function turnstile(most: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async (work) => {
    if (inside >= most) await new Promise<void>((enter) => waiting.push(enter));
    else inside += 1;
    try {
      return await work();
    } finally {
      // Whoever waits takes the place over; else it is free.
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    }
  };
}
