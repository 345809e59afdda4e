/** Pulling the kill switch, by whichever way is the shortest: from the window straight to the supervisor, gateway or not; from a browser through the gateway. */
import { useRef } from 'react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { UseMutationResult } from '@tanstack/react-query';
import type { KillLevel, KillOutcome } from '#app/contracts/kill.ts';
import { call, isUnanswered, newKey } from '../data/client.ts';
import { noteTradingState } from '../data/stack.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';
import { refreshShellStatus } from '../shell/shell-status.ts';

/** How far, and why. */
export type Pull = { readonly level: KillLevel; readonly reason: string };

/** The act. A pull that nobody answered is repeated under its own key, so that it is one pull however often it is tried. */
export function useKill(): UseMutationResult<KillOutcome, Error, Pull> {
  const client = useQueryClient();
  const lost = useRef<{ readonly level: KillLevel; readonly key: string } | null>(null);
  return useMutation({
    mutationFn: async ({ level, reason }: Pull) => {
      const key = lost.current?.level === level ? lost.current.key : newKey();
      try {
        const outcome = hasShell ? await shellCall('kill', { level, reason, idempotencyKey: key }) : await call('kill', { level, reason }, { idempotencyKey: key });
        lost.current = null;
        return outcome;
      } catch (error) {
        lost.current = isUnanswered(error) ? { level, key } : null;
        throw error;
      }
    },
    onSuccess: (_outcome, { level }) => {
      if (hasShell) noteTradingState(level === 'stop_entries' || level === 'flatten' ? 'REDUCING' : 'HALTED');
    },
    onSettled: () => {
      refreshShellStatus();
      for (const list of ['tradingState', 'orders', 'positions']) void client.invalidateQueries({ queryKey: [list] });
    },
  });
}
