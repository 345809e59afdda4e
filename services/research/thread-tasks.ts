/** What the pool asks its threads for: batches of a search, and single tasks with their answers. */
import type { RunResult } from '#app/backtest/run/types.ts';
import type { StepsAsk } from './house-steps.ts';
import type { Judged, JudgeAsk, Ran, RanAsk } from './run-told.ts';
import type { SandboxSteps } from './sandbox/protocol.ts';
import type { Batch, SingleRun, Study } from './work.ts';

/** What one thread does for one who waits: a run; a run told as it is stored; the judgement of a run; bars of a run one by one. */
export type ThreadTasks = {
  readonly single: { readonly ask: SingleRun; readonly answer: RunResult };
  readonly ran: { readonly ask: RanAsk; readonly answer: Ran };
  readonly judge: { readonly ask: JudgeAsk; readonly answer: Judged };
  readonly steps: { readonly ask: StepsAsk; readonly answer: SandboxSteps };
};
/** Name of a task. */
export type ThreadTask = keyof ThreadTasks;
/** A task with what it is about. */
export type Asked = { readonly [T in ThreadTask]: { readonly task: T; readonly ask: ThreadTasks[T]['ask'] } }[ThreadTask];

/** From the pool to a thread. */
export type Order =
  | { readonly type: 'batch'; readonly turn: number; readonly study: Study; readonly batch: Batch }
  | { readonly type: 'single'; readonly turn: number; readonly asked: Asked; readonly control: Int32Array };
