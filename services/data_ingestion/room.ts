/** Room on the disk for bars: looked at every second, said to whoever shows it. */
import { statfs } from 'node:fs/promises';
import { judgeRoom, megabytes, PAUSE_BELOW_BYTES, type DiskRoom } from '#app/domain/disk.ts';

const LOOK_EVERY_MS = 1_000;

/** How to look. `onChange` hears why bars wait, and null when they do no longer. `freeBytes` asks the disk; tests put their own in its place. */
export type RoomOptions = { readonly folder: string; readonly signal: AbortSignal; readonly onChange: (reason: string | null) => void; readonly freeBytes?: (folder: string) => Promise<number> };

/** Is there room? */
export type Room = { hasRoom(): boolean };

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Starts looking. A disk that does not answer changes nothing: its errors show where something is written. */
export function watchRoom({ folder, signal, onChange, freeBytes = freeBytesOf }: RoomOptions): Room {
  let room: DiskRoom = 'enough';
  const look = async (): Promise<void> => {
    const free = await freeBytes(folder).catch(() => null);
    if (free === null || signal.aborted) return;
    const next = judgeRoom(room, free);
    const isChanged = (next === 'enough') !== (room === 'enough');
    room = next;
    if (isChanged) onChange(next === 'enough' ? null : `The disk has ${megabytes(free)} left: market data is not stored until there are ${megabytes(PAUSE_BELOW_BYTES)}`);
  };
  void look();
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  signal.addEventListener('abort', () => clearInterval(timer));
  return { hasRoom: () => room === 'enough' };
}
