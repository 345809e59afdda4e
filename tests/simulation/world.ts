/** The one world that is being simulated now: what the stand-ins for the outside find each other by. */
import { invariant } from '#app/domain/errors.ts';

/** Everything outside of the services. What it holds is said where it is put together (run-seed.ts), so that its parts need not know each other. */
export interface World {}

let present: World | null = null;

/** The world that is being simulated. */
export function world(): World {
  invariant(present, 'A simulation is running');
  return present;
}

/** Puts a world in the place of the one before. */
export function enterWorld(next: World | null): void {
  present = next;
}

/** The unit of a name. */
export function unitOf(name: string): World['units'] extends ReadonlyMap<string, infer U> ? U : never {
  const unit = world().units.get(name as never);
  invariant(unit, 'A unit of the simulation', { name });
  return unit;
}

/** What a dead worker waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
