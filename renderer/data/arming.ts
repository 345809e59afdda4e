/** Until when orders may go to the live account. */
import { hasShell } from '../shell/bridge.ts';
import { useShellPart } from '../shell/shell-status.ts';
import { useNow } from './clock.ts';

/** The end of the arming (EpochMs); null = disarmed or run out; undefined = this page does not know (a browser). */
export function useArmedUntil(): number | null | undefined {
  const now = useNow();
  const until = useShellPart((status) => status?.armedUntil ?? null);
  if (!hasShell) return undefined;
  return until !== null && until > now ? until : null;
}
