/** Units in words: tone of a state, and the phases of the start. */
import type { UnitHealth, UnitId, UnitState } from '#app/contracts/health.ts';

/** How a state feels. */
export const STATE_TONES: Readonly<Record<UnitState, 'good' | 'warn' | 'bad' | 'idle' | 'busy'>> = {
  stopped: 'idle', waiting: 'busy', starting: 'busy', ready: 'good', degraded: 'warn', unresponsive: 'bad', stopping: 'busy', backoff: 'bad', failed: 'bad', done: 'good',
};

/** The start order in phases; a phase begins when the one before it is ready. */
export const PHASES: readonly { readonly name: string; readonly units: readonly UnitId[] }[] = [
  { name: 'Book and wire', units: ['postgres', 'redis', 'migrate'] },
  { name: 'Market and flows', units: ['simulator', 'orchestrator'] },
  { name: 'Services', units: ['data_ingestion', 'strategy_engine', 'risk_management', 'execution', 'analytics', 'notification'] },
  { name: 'Door', units: ['gateway'] },
];

/** Sum of restarts and memory, and how many are ready. */
export function sumUnits(units: readonly UnitHealth[]): { ready: number; total: number; memoryBytes: number; restarts: number } {
  return {
    ready: units.filter((unit) => unit.state === 'ready' || unit.state === 'done').length, total: units.length,
    memoryBytes: units.reduce((sum, unit) => sum + (unit.memoryBytes ?? 0), 0), restarts: units.reduce((sum, unit) => sum + unit.restarts, 0),
  };
}
