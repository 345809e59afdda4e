/** The list of our workers: who needs whom, who follows whom, and how long each may take. */
import type { UnitId, WorkerId } from '#app/contracts/health.ts';
import { SERVICE_IDS } from '#app/domain/ids.ts';
import type { Mode } from '#app/contracts/config.ts';
import type { UnitSpec } from '../supervisor/unit.ts';
import { WORKER_SILENCE } from '../supervisor/watchdog.ts';

/** A worker of this run, without its port. */
export type WorkerPlan = { readonly spec: Omit<UnitSpec, 'port' | 'id'> & { readonly id: WorkerId }; readonly stopMs: number };

const TITLES: Readonly<Record<WorkerId, string>> = {
  simulator: 'Simulator',
  orchestrator: 'Orchestrator',
  data_ingestion: 'Data ingestion',
  strategy_engine: 'Strategy engine',
  execution: 'Execution',
  risk_management: 'Risk management',
  analytics: 'Analytics',
  notification: 'Notification',
  gateway: 'Gateway',
};

/** Nobody can work without the book. The wire may be away for a while: workers wait for it at the start, then live without it. */
const NEEDS: readonly UnitId[] = ['migrate'];

const AFTER: Readonly<Record<WorkerId, readonly UnitId[]>> = {
  simulator: ['redis'],
  orchestrator: ['redis'],
  data_ingestion: ['redis', 'orchestrator', 'simulator'],
  strategy_engine: ['redis', 'orchestrator'],
  execution: ['redis', 'orchestrator', 'simulator'],
  risk_management: ['redis', 'orchestrator'],
  analytics: ['redis', 'orchestrator'],
  notification: ['redis', 'orchestrator'],
  gateway: ['redis', 'orchestrator', 'simulator', ...SERVICE_IDS],
};

/** Execution reconciles with the broker before it is ready, and finishes its submits before it stops. */
const SLOW_START: ReadonlySet<WorkerId> = new Set(['execution']);
const DEFAULT_START_MS = 30_000;
const SLOW_START_MS = 120_000;
const DEFAULT_STOP_MS = 10_000;
const SLOW_STOP_MS = 15_000;
const FORCE_MS = 5_000;

/** The workers of a mode: the simulator only where there is no real broker. */
export function workersOf(mode: Mode): WorkerPlan[] {
  const ids: WorkerId[] = [...(mode === 'demo' ? (['simulator'] as const) : []), 'orchestrator', ...SERVICE_IDS, 'gateway'];
  return ids.map((id) => {
    const stopMs = SLOW_START.has(id) ? SLOW_STOP_MS : DEFAULT_STOP_MS;
    return {
      stopMs,
      spec: {
        id,
        title: TITLES[id],
        kind: 'worker',
        needs: NEEDS,
        after: AFTER[id],
        startLimitMs: SLOW_START.has(id) ? SLOW_START_MS : DEFAULT_START_MS,
        stopLimitMs: stopMs + FORCE_MS,
        silence: WORKER_SILENCE,
      },
    };
  });
}
