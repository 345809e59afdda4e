/** Watches what the supervisor says of the units: a failing is reported once for each time it happens. */
import type { StackHealth } from '#app/contracts/health.ts';

/** A unit that failed: what a run of monitor_system_health is told. */
export type UnitFailure = { readonly unit: string; readonly since: number; readonly reasons: string[]; readonly lastLines: string[] };

const LINES = 20;
const TEXT_MAX = 400;
const REASONS_MAX = 10;

function cut(texts: readonly string[], most: number): string[] {
  return texts.slice(-most).map((text) => text.slice(0, TEXT_MAX));
}

/** The key of a failing: the same however often it is heard, also after a restart. */
export function failureKey({ unit, since }: UnitFailure): string {
  return `${unit}-${since}`;
}

/** The watch. `take`: what has failed since the last state; `forget`: the failing of a unit could not be reported, and is new with the next state. */
export type UnitWatch = { take(stack: StackHealth): UnitFailure[]; forget(unit: string): void };

/** Begins to watch. */
export function watchUnits(): UnitWatch {
  const known = new Set<string>();
  return {
    forget: (unit) => void known.delete(unit),
    take: ({ units, stopping }) => (stopping ? [] : units.flatMap(({ id, state, since, reasons, lastExit }): UnitFailure[] => {
      // Given up, tried again by itself and given up anew is one failing, until it was up in between.
      if (state === 'ready' || state === 'done' || state === 'stopped') known.delete(id);
      if (state !== 'failed' || known.has(id)) return [];
      known.add(id);
      return [{ unit: id, since, reasons: cut(reasons, REASONS_MAX), lastLines: cut(lastExit?.lastLines ?? [], LINES) }];
    })),
  };
}
