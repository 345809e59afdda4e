/** Something that a person asked for and that may fail: whether it runs, and why it failed, where it was asked. */
import { useState } from 'react';

/** Runs one thing at a time; a failure stays until the next try. */
export function useAct(): { readonly isRunning: boolean; readonly failure: unknown; run(work: () => Promise<unknown>): void; clear(): void } {
  const [isRunning, setRunning] = useState(false);
  const [failure, setFailure] = useState<unknown>(null);
  const run = (work: () => Promise<unknown>): void => {
    if (isRunning) return;
    setRunning(true);
    setFailure(null);
    work().then(() => undefined, (error: unknown) => setFailure(error)).finally(() => setRunning(false));
  };
  return { isRunning, failure, run, clear: () => setFailure(null) };
}
