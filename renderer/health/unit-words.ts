/** Units in words: tone of a state, the phases of the start, and what an exit code says. */
import type { LastExit, UnitHealth, UnitId, UnitState } from '#app/contracts/health.ts';

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

const CODES: Readonly<Record<number, string>> = { 0: 'asked to stop', 70: 'a fault of its own', 75: 'lost what it needs', 78: 'wrong configuration' };

/** How a process ended, for a narrow column. exitShort({ code: 75, signal: null }) = 'code 75' */
export function exitShort(exit: Pick<LastExit, 'code' | 'signal'>): string {
  return exit.signal ?? (exit.code === null ? 'ended' : `code ${exit.code}`);
}

/** How a process ended, in words. exitWords({ code: 75, signal: null }) = 'code 75: lost what it needs' */
export function exitWords(exit: Pick<LastExit, 'code' | 'signal'>): string {
  if (exit.signal !== null) return `killed by ${exit.signal}`;
  if (exit.code === null) return 'ended';
  const words = CODES[exit.code];
  return words === undefined ? `code ${exit.code}` : `code ${exit.code}: ${words}`;
}
