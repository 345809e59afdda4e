/** Start, stop and restart of a part: by the shell in the window (it needs no gateway), by the gateway in a browser. */
import { useMutation } from '@tanstack/react-query';
import type { UseMutationResult } from '@tanstack/react-query';
import type { UnitId } from '#app/contracts/health.ts';
import { call, newKey } from '../data/client.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';
import { refreshShellStatus } from '../shell/shell-status.ts';

/** A press of the button. */
export function useUnitAction(verb: 'startUnit' | 'stopUnit' | 'restartUnit'): UseMutationResult<{ accepted: true }, Error, { unitId: UnitId }> {
  return useMutation({ mutationFn: (input: { unitId: UnitId }) => (hasShell ? shellCall(verb, input) : call(verb, input, { idempotencyKey: newKey() })), onSettled: refreshShellStatus });
}
