/** HALT, from anywhere. */
import { useState } from 'react';
import { outcomeWords } from './kill-words.ts';
import { useKill } from './use-kill.ts';

/** Halting, and what came of it in words. */
export function useHalt(): { halt: () => void; error: string | null; told: string | null } {
  const action = useKill();
  const [error, setError] = useState<string | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const halt = (): void => {
    setError(null);
    setTold(null);
    action.mutate({ level: 'halt', reason: 'Halted by hand on the dashboard' }, { onError: (failure) => setError(`Not halted: ${failure.message}`), onSuccess: (outcome) => setTold(outcomeWords(outcome)) });
  };
  return { halt, error, told };
}
