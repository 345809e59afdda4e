/** The logs' part in notification: the collector with its metrics, and the flow beside it. */
import type { FlowDefinition } from '#chassis/flows.ts';
import type { ServiceContext } from '#chassis/service.ts';
import { createCollector, logFolderOf } from './collector.ts';
import { logFlows } from './flow.ts';

/** What notification runs for the logs. */
export type LogWork = { readonly flows: readonly FlowDefinition[]; start(): void; stop(): Promise<void> };

/** Puts it together; nothing runs before `start`. */
export function createLogWork({ config, db, log, health, metrics, signal, clock }: ServiceContext): LogWork {
  const folder = logFolderOf(config.dataDir);
  const collector = createCollector({ folder, db, log, health, retentionDays: config.logRetentionDays, now: clock.now });
  const lines = metrics.gauge('log_lines_collected', 'Log lines brought into the book since the start');
  const behind = metrics.gauge('logs_behind_bytes', 'Bytes of log files that are not in the book yet');
  const lost = metrics.gauge('logs_lost_bytes', 'Bytes of log files that were removed before they were collected');
  let running: Promise<void> = Promise.resolve();
  return {
    flows: logFlows({ db, collector, folder, retentionDays: config.logRetentionDays, now: clock.now }),
    start() {
      running = collector.run(signal);
      const timer = setInterval(() => {
        const state = collector.state();
        lines.set(state.lines);
        behind.set(state.behindBytes);
        lost.set(state.lostBytes);
      }, 1_000);
      signal.addEventListener('abort', () => clearInterval(timer), { once: true });
    },
    stop: () => running,
  };
}
