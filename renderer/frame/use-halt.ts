/** HALT, by whichever way is the shortest. */
import { useState } from 'react';
import { newKey } from '../data/client.ts';
import { useAction } from '../data/queries.ts';
import { noteTradingState } from '../data/stack.ts';
import { hasShell } from '../shell/bridge.ts';
import { useShellAction } from '../shell/shell-queries.ts';
import { outcomeWords } from './kill-words.ts';

/** Halting from anywhere: one key per press, so that a repeated answer is one halt. */
export function useHalt(): { halt: () => void; error: string | null; told: string | null } {
  const action = useAction('kill', [['tradingState']]);
  const direct = useShellAction('halt');
  const [error, setError] = useState<string | null>(null);
  const [told, setTold] = useState<string | null>(null);
  const halt = (): void => {
    const words = { reason: 'Halted by hand on the dashboard', idempotencyKey: newKey() };
    const onError = (failure: Error): void => setError(`Not halted: ${failure.message}`);
    setError(null);
    setTold(null);
    // The window's way leads straight to the supervisor, gateway or not.
    if (hasShell) direct.mutate(words, { onError, onSuccess: (outcome) => { noteTradingState('HALTED'); setTold(outcomeWords(outcome)); } });
    else action.mutate({ ...words, level: 'halt' }, { onError, onSuccess: (outcome) => setTold(outcomeWords(outcome)) });
  };
  return { halt, error, told };
}
