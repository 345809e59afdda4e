/** Until when orders may go to the live account. */
import { hasShell } from '../shell/bridge.ts';
import { useShellPart } from '../shell/shell-status.ts';
import { useNow } from './clock.ts';
import { useStatus } from './live.ts';

/** The end of the arming (EpochMs); null = disarmed or run out; undefined = not known yet. The shell knows first, the gateway's pulse tells a browser. */
export function useArmedUntil(): number | null | undefined {
  const now = useNow();
  const own = useShellPart((status) => status?.armedUntil ?? null);
  const told = useStatus();
  if (!hasShell && told === null) return undefined;
  const until = hasShell ? own : (told?.armedUntil ?? null);
  return until !== null && until > now ? until : null;
}
