/** Which screen the window shows: the dashboard belongs to a running stack, everything else has a page of its own. */
import type { ShellStatus } from '#app/contracts/shell.ts';

/** `quiet` = nothing is known yet; `dashboard` = the pages. */
export type Screen = 'quiet' | 'welcome' | 'starting' | 'stopping' | 'stopped' | 'failed' | 'dashboard';

/** The screen for what the shell says. `isPeeking`: the person asked for the dashboard although not every part is ready. Pure. */
export function screenOf(status: Pick<ShellStatus, 'phase' | 'isWelcomeDone'> | null, isPeeking: boolean): Screen {
  if (status === null) return 'quiet';
  if (!status.isWelcomeDone) return 'welcome';
  if (status.phase === 'running') return 'dashboard';
  if (status.phase === 'starting' && isPeeking) return 'dashboard';
  return status.phase;
}
