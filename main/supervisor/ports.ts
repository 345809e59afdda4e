/** Choice of ports: the wish first, another free one when somebody else holds it. */
import { createServer } from 'node:net';
import type { Server } from 'node:net';
import { AppError } from '#app/domain/errors.ts';
import type { PortClaims } from './port-claims.ts';

/** Replacement ports come from this range: below the ephemeral ports of all systems, above what servers use by default. */
export const REPLACEMENT_RANGE = [20_000, 32_000] as const;
const MAX_TRIES = 200;
const LOOPBACK = '127.0.0.1';

/** A port that nobody else can take until it is released, right before its unit listens on it. */
export type Reservation = { readonly port: number; release(): Promise<void> };

/** Holds a port by listening on it; null when somebody has it. Visitors are hung up on. */
export function reserve(port: number): Promise<Reservation | null> {
  return new Promise((resolve, reject) => {
    const server: Server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ host: LOOPBACK, port, exclusive: true }, () => {
      server.unref();
      resolve({
        port,
        release: () =>
          new Promise((released) => {
            server.close(() => released());
          }),
      });
    });
  });
}

/** What to choose from: the wish of the settings, and the replacement that was taken the last time (null = none). */
export type PortChoice = { readonly wish: number; readonly remembered: number | null; readonly taken: ReadonlySet<number>; readonly claims: PortClaims };

/**
 * Reserves a port: the wish, else the remembered replacement, else a random free one.
 * @throws AppError PORT_HELD (operator) when no port of the range is free.
 */
export async function choosePort(choice: PortChoice, random: () => number): Promise<Reservation> {
  const [low, high] = REPLACEMENT_RANGE;
  const candidates = [choice.wish, ...(choice.remembered === null ? [] : [choice.remembered])];
  for (let index = 0; index < MAX_TRIES; index += 1) {
    const port = candidates[index] ?? low + Math.floor(random() * (high - low));
    if (choice.taken.has(port)) continue;
    const reservation = await reserve(port);
    if (!reservation) continue;
    if (await choice.claims.claim(port)) return reservation;
    await reservation.release();
  }
  throw new AppError('PORT_HELD', `No free port was found between ${low} and ${high}. Close programs that listen on many ports, then start again.`, {
    context: { wish: choice.wish },
  });
}
