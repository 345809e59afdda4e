/** The one world that is being simulated now: what the stand-ins for the outside find each other by. */
import { invariant } from '#app/domain/errors.ts';
import type { Random } from '#app/backtest/random.ts';
import type { SimulatedBook } from './book.ts';
import type { Exchange } from './exchange.ts';
import type { Faults } from './faults.ts';
import type { Session } from './session.ts';
import type { Trace } from './trace.ts';
import type { Unit, UnitName } from './unit.ts';
import type { VirtualTime } from './virtual-time.ts';
import type { Wire } from './wire.ts';

/** Everything outside of the services. */
export type World = {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly faults: Faults;
  readonly trace: Trace;
  readonly book: SimulatedBook;
  readonly session: Session;
  readonly wire: Wire;
  readonly exchange: Exchange;
  readonly units: ReadonlyMap<UnitName, Unit>;
  /** For the many small delays. */
  readonly delays: Random;
  /** Nobody wants anything new any more. */
  isClosing(): boolean;
  /** Broken promises that were seen while it ran. */
  readonly broken: string[];
  /** Crash points by name: how often they were passed, and how often a worker died there. */
  readonly points: Map<string, { passed: number; died: number }>;
};

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
export function unitOf(name: string): Unit {
  const unit = world().units.get(name as UnitName);
  invariant(unit, 'A unit of the simulation', { name });
  return unit;
}

/** What a dead worker waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
