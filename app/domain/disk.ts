/** How much room the disk must have: below a gigabyte no bars are stored, below 200 MB nothing is traded, so that what was traded can always be written down. */
const MB = 1_048_576;

/** Less free space than this, in bytes, and market data is no longer stored. */
export const PAUSE_BELOW_BYTES = 1_024 * MB;
/** Less free space than this, in bytes, and trading is halted. */
export const HALT_BELOW_BYTES = 200 * MB;
/** So much more than the limit must be free before it counts as enough again: at the limit itself nothing shall flicker. */
const MARGIN = 1.1;

/** `enough`: everything runs; `low`: bars wait; `full`: trading is halted too. */
export type DiskRoom = 'enough' | 'low' | 'full';

/** What `freeBytes` mean after `before`. */
export function judgeRoom(before: DiskRoom, freeBytes: number): DiskRoom {
  if (freeBytes < HALT_BELOW_BYTES || (before === 'full' && freeBytes < HALT_BELOW_BYTES * MARGIN)) return 'full';
  return freeBytes < PAUSE_BELOW_BYTES || (before !== 'enough' && freeBytes < PAUSE_BELOW_BYTES * MARGIN) ? 'low' : 'enough';
}

/** Bytes as people read them. */
export function megabytes(bytes: number): string {
  return `${Math.floor(bytes / MB)} MB`;
}
