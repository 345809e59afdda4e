/** Watches the room on the data folder's disk: tells people when it gets low, halts trading when it is full, starts again what gave up once there is room. */
import type { KillWish } from '#app/contracts/kill.ts';
import { HALT_BELOW_BYTES, judgeRoom, megabytes, PAUSE_BELOW_BYTES, type DiskRoom } from '#app/domain/disk.ts';

const LOOK_EVERY_MS = 2_000;

/** What the guard sees and does. `freeBytes` null: the disk cannot be asked, which says nothing about its room. `restartFailed`: starts the parts that were given up. */
export type DiskGuardParts = {
  readonly freeBytes: () => number | null;
  readonly halt: (wish: KillWish) => void;
  readonly restartFailed: (reason: string) => void;
  readonly tell: (level: 'info' | 'warn' | 'error', text: string) => void;
  readonly wall: () => number;
};

/** The guard. `look` is one look, as the timer makes it. */
export type DiskGuard = { look(): void; close(): void };

/** Starts watching, with a first look at once. Trading stays halted until a person resumes it, however much room there is then. */
export function watchDisk(parts: DiskGuardParts): DiskGuard {
  let room: DiskRoom = 'enough';
  const look = (): void => {
    const free = parts.freeBytes();
    if (free === null) return;
    const next = judgeRoom(room, free);
    if (next === room) return;
    const before = room;
    room = next;
    if (next === 'full') {
      const reason = `The disk is full: ${megabytes(free)} are free, ${megabytes(HALT_BELOW_BYTES)} are needed to trade`;
      parts.tell('error', `${reason}. Trading is halted. Make room, then resume trading.`);
      parts.halt({ key: `disk-full-${parts.wall()}`, level: 'halt', reason, actor: 'disk guard' });
    } else if (next === 'low') parts.tell('warn', `The disk has ${megabytes(free)} left. Below ${megabytes(PAUSE_BELOW_BYTES)} no market data is stored${before === 'full' ? '; trading stays halted until you resume it' : ''}.`);
    else parts.tell('info', `The disk has room again: ${megabytes(free)} are free. Market data is stored.`);
    if (before === 'full') parts.restartFailed('there is room on the disk again');
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return { look, close: () => clearInterval(timer) };
}
