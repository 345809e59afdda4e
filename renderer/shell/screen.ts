/** What follows from the shell's status: whether the gateway is away, and which screen the window shows: the dashboard belongs to a running stack, everything else has a page of its own. */
import type { UnitState } from '#app/contracts/health.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';

/** `quiet` = nothing is known yet; `dashboard` = the pages. */
export type Screen = 'quiet' | 'welcome' | 'starting' | 'stopping' | 'stopped' | 'failed' | 'dashboard';

/**
 * The gateway's state when it is away, null while it is there. One that is late with its beats counts as there: it either speaks again within
 * seconds or is replaced, and a page must not jump for less. Pure.
 */
export function gatewayAway(status: Pick<ShellStatus, 'gatewayUrl' | 'stack'>): UnitState | null {
  if (status.gatewayUrl !== null) return null;
  const state = status.stack?.units.find((unit) => unit.id === 'gateway')?.state ?? 'stopped';
  return state === 'unresponsive' ? null : state;
}

/** The screen for what the shell says. `isPeeking`: the person asked for the dashboard although not every part is ready. Pure. */
export function screenOf(status: Pick<ShellStatus, 'phase' | 'isWelcomeDone'> | null, isPeeking: boolean): Screen {
  if (status === null) return 'quiet';
  if (!status.isWelcomeDone) return 'welcome';
  if (status.phase === 'running') return 'dashboard';
  if (status.phase === 'starting' && isPeeking) return 'dashboard';
  return status.phase;
}
