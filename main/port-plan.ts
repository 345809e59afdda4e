/** Reserves a port for every part that listens, and tells when one is not where people expect it. */
import type { UnitId } from '#app/contracts/health.ts';
import type { PortWishes } from '#app/contracts/settings.ts';
import type { ControlStore } from './store/control-store.ts';
import type { PortClaims } from './supervisor/port-claims.ts';
import { choosePort } from './supervisor/ports.ts';
import type { Reservation } from './supervisor/ports.ts';
import { listeningPorts } from './supervisor/windows-process-info.ts';

/** The reserved ports, and a line for each that had to move. */
export type PortPlan = { readonly reservations: ReadonlyMap<UnitId, Reservation>; readonly moved: readonly { unit: UnitId; text: string }[] };

/**
 * Reserves the ports of the given units: the wish first, else another free one that is remembered for the next time.
 * Everything reserved is let go when one cannot be had. @throws AppError PORT_HELD.
 */
export async function reservePorts(units: readonly (UnitId & keyof PortWishes)[], wishes: PortWishes, { store, claims }: { store: ControlStore; claims: PortClaims }): Promise<PortPlan> {
  const reservations = new Map<UnitId, Reservation>();
  const moved: { unit: UnitId; text: string }[] = [];
  const foreign = await listeningPorts();
  const wished = new Set(units.map((unit) => wishes[unit]));
  try {
    for (const unit of units) {
      const wish = wishes[unit];
      // Nobody may get what another one wishes for.
      const others = new Set([...wished, ...[...reservations.values()].map((reservation) => reservation.port)]);
      others.delete(wish);
      const taken = new Set([...others, ...foreign]);
      const reservation = await choosePort({ wish, remembered: store.rememberedPort(unit), taken, claims }, Math.random);
      reservations.set(unit, reservation);
      if (reservation.port !== wish) {
        store.rememberPort(unit, reservation.port);
        moved.push({ unit, text: `port ${wish} is held by another program; ${reservation.port} is used instead` });
      }
    }
  } catch (error) {
    await Promise.all([...reservations.values()].map((reservation) => reservation.release()));
    throw error;
  }
  return { reservations, moved };
}
