/** The last minute of each unit's CPU and memory, kept by the page for its sparklines. */
import type { StackHealth, UnitId } from '#app/contracts/health.ts';

/** Samples per unit, one a status. */
export const SAMPLES = 60;
/** CPU percent of the last samples, oldest first. */
export type UnitHistory = ReadonlyMap<UnitId, readonly number[]>;

/** Adds a stack's sample. Pure. */
export function addSample(history: UnitHistory, stack: StackHealth): UnitHistory {
  return new Map(stack.units.map((unit) => [unit.id, [...(history.get(unit.id) ?? []), unit.cpuPercent ?? 0].slice(-SAMPLES)]));
}
