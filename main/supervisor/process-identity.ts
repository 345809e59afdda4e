/** Who a process is. */

/**
 * Identity of a process. `startMark` differs between two processes that had the same pid one after the other
 * (Linux: boot id and start tick; elsewhere the start time); `image` is the name of its program.
 */
export type ProcessIdentity = { readonly pid: number; readonly startMark: string; readonly image: string; readonly startedAt: number };
