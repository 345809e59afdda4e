/** Steps on the time line of their run. Pure. */
import type { FlowRunDetail, StepRun } from '#app/contracts/flows.ts';

/** From the run's start to its end, or to now; never empty. */
export type StepScale = { readonly from: number; readonly to: number };

/** The scale of a run: wide enough for all of its steps, even where clocks of two processes differ. */
export function scaleOf(run: Pick<FlowRunDetail, 'startedAt' | 'endedAt' | 'createdAt'> & { readonly steps: readonly Pick<StepRun, 'startedAt' | 'endedAt'>[] }, now: number): StepScale {
  const starts = run.steps.flatMap((step) => (step.startedAt === null ? [] : [step.startedAt]));
  const ends = run.steps.flatMap((step) => (step.endedAt === null ? [] : [step.endedAt]));
  const from = Math.min(run.startedAt ?? run.createdAt, ...starts);
  const to = Math.max(run.endedAt ?? now, ...ends);
  return { from, to: Math.max(to, from + 1) };
}

/** Place and width of a step, percent of the scale, kept inside of it. */
export function share(step: Pick<StepRun, 'startedAt' | 'endedAt'>, { from, to }: StepScale, now: number): { readonly left: number; readonly width: number } {
  if (step.startedAt === null) return { left: 0, width: 0 };
  const inside = (at: number): number => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  const left = inside(step.startedAt);
  return { left: Math.min(99.5, left), width: Math.max(0, inside(step.endedAt ?? now) - left) };
}
