/** Until when a call into the interpreter or the reading of a source may take, where another thread can see it: loops within the language itself (a search through a list of 2^53 places) and a parser at work are reached by no interrupt. */

/** What a call may take beyond its limit before it is ended from outside, ms. */
const GRACE_MS = 2_500;
/** What reading takes at most, ms: a few hundred lines are read in 30 ms. */
export const READ_MS = 3_000;
/** And for each character more: a million of them are read in some seconds. */
const READ_CHARACTER_MS = 0.005;
/** How often the watch looks, ms. */
export const WATCH_MS = 250;

let cell: Float64Array = new Float64Array(1);

/** A clock that all threads of the process share, and that no change of the time of day and no sleep moves on, ms. */
function sharedMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Shares the deadline with a watch: one number on the shared clock, 0 while nothing is called. */
export function shareDeadline(shared: Float64Array): void {
  cell = shared;
}

/** A call begins that may take so long. */
export function beginCall(ms: number): void {
  cell[0] = sharedMs() + ms + GRACE_MS;
}

/** It has ended. */
export function endCall(): void {
  cell[0] = 0;
}

/** Reads so many characters of somebody's source: a parser that goes back and forth over what is nested takes twice as long for each level, so the watch ends the process or thread of one that does not end. */
export function withinReading<T>(characters: number, read: () => T): T {
  cell[0] = sharedMs() + READ_MS + characters * READ_CHARACTER_MS;
  try {
    return read();
  } finally {
    endCall();
  }
}

/** Whether the call that a deadline stands for is over its time. It is read once: a call that ends between two looks leaves a 0, which every time is later than. */
export function isOverdue(shared: Float64Array): boolean {
  const [until = 0] = shared;
  return until > 0 && sharedMs() > until;
}

/** A number that two threads see. */
export function sharedDeadline(): Float64Array {
  return new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT));
}
