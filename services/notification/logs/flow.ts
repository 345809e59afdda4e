/** aggregate_logs: everything collected, the day summed up, and what is older than its retention removed. */
import * as z from 'zod';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import { flow, type FlowDefinition } from '#chassis/flows.ts';
import { deleteOldFiles, deleteOldLines } from './clean.ts';
import type { Collector } from './collector.ts';
import { dayBefore, summariseDay } from './summary.ts';

const DAY_MS = 86_400_000;
const STEPS = 5;

/** What the flow works with. `folder`: the log folder. */
export type LogFlowParts = { readonly db: Db; readonly collector: Collector; readonly folder: string; readonly retentionDays: number; readonly now: () => number };

const input = z.object({
  day: z.iso.date().optional().describe('The day to sum up, in New York; without it the day before the run'),
}).strict();

/** The flows about logs. */
export function logFlows({ db, collector, folder, retentionDays, now }: LogFlowParts): FlowDefinition[] {
  return [
    flow({
      name: 'aggregate_logs',
      description: 'Brings the lines of all parts into the book, sums up the day before, and removes lines and log files beyond their retention.',
      input,
      schedule: { kind: 'cron', cron: '0 1 * * *', only: 'always' },
      retries: 3, retryDelayMs: 5_000, timeoutMs: 1_800_000, concurrency: 1, onMissed: 'run_once', overlap: 'skip',
      async run(ctx, { day: asked }) {
        const { day, oldest } = await ctx.step('choose the day', async () => {
          const at = ctx.scheduledFor ?? now();
          return { day: asked ?? (await dayBefore(db, toRfc3339(at as EpochMs))), oldest: at - retentionDays * DAY_MS };
        });
        ctx.progress(1, STEPS);
        const collected = await ctx.step('collect everything', (step) => collector.collectAll(step.signal));
        ctx.log('info', 'Collected what was not in the book yet', { ...collected });
        ctx.progress(2, STEPS);
        const summary = await ctx.step('sum up the day', () => summariseDay(db, day, ctx.runId));
        const count = (pick: (unit: (typeof summary.units)[number]) => number): number => summary.units.reduce((sum, unit) => sum + pick(unit), 0);
        const restarts = count((unit) => Math.max(0, unit.starts - 1));
        const errors = count((unit) => unit.errors);
        ctx.log(errors > 0 ? 'warn' : 'info', 'The day is summed up', { day, lines: summary.lines, errors, restarts });
        ctx.progress(3, STEPS);
        const linesDeleted = await ctx.step('delete old lines', (step) => deleteOldLines(db, oldest, step.signal));
        ctx.progress(4, STEPS);
        const removed = await ctx.step('delete old files', () => deleteOldFiles(folder, oldest));
        ctx.progress(STEPS, STEPS);
        ctx.log('info', 'What is beyond its retention is gone', { retentionDays, linesDeleted, filesDeleted: removed.files });
        return {
          day, lines: summary.lines, errors, warnings: count((unit) => unit.warnings), restarts, linesCollected: collected.lines, linesDeleted, filesDeleted: removed.files, bytesFreed: removed.bytes,
          units: summary.units, topErrors: summary.errors.slice(0, 10), slowest: summary.slowest.slice(0, 10),
        };
      },
    }),
  ];
}
