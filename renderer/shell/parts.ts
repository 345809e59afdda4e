/** The parts of the system in plain words, in start order, and how a start goes by the clock. */
import type { Mode } from '#app/contracts/config.ts';
import type { StackHealth, UnitHealth, UnitId, UnitState } from '#app/contracts/health.ts';

/** A part as it is told to somebody who never ran a database. */
export type Part = { readonly id: UnitId; readonly name: string; readonly does: string };

const PARTS: readonly Part[] = [
  { id: 'postgres', name: 'PostgreSQL', does: 'the book: keeps each order and fill' },
  { id: 'redis', name: 'Redis', does: 'the wire: carries news between the parts' },
  { id: 'migrate', name: 'Migrations', does: 'brings the book’s tables up to date' },
  { id: 'simulator', name: 'Simulator', does: 'a market and a broker of your own' },
  { id: 'orchestrator', name: 'Orchestrator', does: 'runs what is due, by the market’s calendar' },
  { id: 'data_ingestion', name: 'Data ingestion', does: 'prices come in and are checked' },
  { id: 'strategy_engine', name: 'Strategy engine', does: 'strategies look at prices and raise signals' },
  { id: 'risk_management', name: 'Risk management', does: 'says yes or no to each order' },
  { id: 'execution', name: 'Execution', does: 'sends orders, books fills' },
  { id: 'analytics', name: 'Analytics', does: 'works out how it went' },
  { id: 'notification', name: 'Notification', does: 'tells you what matters' },
  { id: 'gateway', name: 'Gateway', does: 'the door to this dashboard' },
];

/** The parts of a market, in start order: only the demo has a simulator. */
export function partsOf(mode: Mode): readonly Part[] {
  return PARTS.filter((part) => part.id !== 'simulator' || mode === 'demo');
}
/** The parts that a stack really has, in start order. */
export function partsIn(stack: Pick<StackHealth, 'units'>): readonly Part[] {
  return PARTS.filter((part) => stack.units.some((unit) => unit.id === part.id));
}

/** What a part is called. */
export function partName(id: UnitId): string {
  return PARTS.find((part) => part.id === id)?.name ?? id;
}

/** Has it arrived? Degraded counts: it works, and says what is missing. */
export function isUp(state: UnitState): boolean {
  return state === 'ready' || state === 'degraded' || state === 'done';
}

/** When a part began and when it was ready, EpochMs; null = not yet, or not seen. */
export type Span = { readonly begin: number | null; readonly end: number | null };
/** The spans of one start; `startedAt` tells it from the next. */
export type StartTimes = { readonly startedAt: number; readonly spans: ReadonlyMap<UnitId, Span> };

function spanOf(unit: UnitHealth, known: Span | undefined, at: number): Span {
  const end = isUp(unit.state) ? unit.since : null;
  if (unit.state === 'starting') return { begin: unit.since, end: null };
  const process = unit.uptimeMs === null || end === null ? null : Math.min(end, at - unit.uptimeMs);
  return { begin: known?.begin ?? process ?? null, end };
}

/** Adds what a stack says to the spans known so far. Pure. */
export function noteTimes(known: StartTimes | null, stack: Pick<StackHealth, 'units' | 'startedAt' | 'at'>): StartTimes {
  const before = known?.startedAt === stack.startedAt ? known.spans : new Map<UnitId, Span>();
  return { startedAt: stack.startedAt, spans: new Map(stack.units.map((unit) => [unit.id, spanOf(unit, before.get(unit.id), stack.at)])) };
}
