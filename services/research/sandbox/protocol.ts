/** What passes between a worker and the process in which strangers' strategies run. Structured clones: typed arrays cross as they are. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { ErrorCode } from '#app/domain/errors.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import type { HostSignal, StandingWish } from '#app/strategy/host.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { PositionView } from '#app/strategy/context.ts';
import type { StaticFinding } from '#app/strategy/static-check.ts';
import type { ParameterValues } from '#app/strategy/parameters.ts';
import type { JobInput } from '../job.ts';
import type { GuestDescription } from './guest-terms.ts';

/** A moment of the market and of the account, in words that can be cloned. */
export type SandboxMoment = {
  readonly openTime: number; readonly closeTime: number; readonly bars: ReadonlyMap<string, NumericBar>; readonly mode: 'live' | 'quiet';
  readonly equity: number; readonly cash: number; readonly positions: ReadonlyMap<string, PositionView>;
};

/**
 * What a strategy says of itself; bars before its first decision, and for a warm-up after which its beginning no longer shows. `findings`: warnings of the look over its source (errors refuse it).
 * `isMemoryFree`: proven to remember nothing outside of its state; one that is not runs in a fresh interpreter each time and is asked at each bar, which takes longer.
 */
export type SandboxFacts = GuestDescription & { readonly bound: ParameterValues; readonly firstBar: number; readonly warmUpBars: number; readonly findings: readonly StaticFinding[]; readonly isMemoryFree: boolean };

/** The back-test of a stranger's strategy: a job without a strategy, and the bars that it names. */
export type SandboxRun = { readonly parameters: unknown; readonly job: Omit<JobInput, 'strategy'>; readonly bars: ReadonlyMap<string, BarColumns>; readonly hasLines: boolean };

/** Tasks by name: what is asked, what comes back. One at a time. */
export type SandboxTasks = {
  readonly load: { readonly ask: { readonly source: string; readonly parameters: unknown }; readonly answer: SandboxFacts };
  readonly backtest: { readonly ask: SandboxRun; readonly answer: RunResult };
  readonly open: { readonly ask: { readonly symbols: readonly string[]; readonly saved: unknown; readonly wishes: ReadonlyMap<string, StandingWish> | null }; readonly answer: null };
  readonly advance: { readonly ask: SandboxMoment; readonly answer: { readonly signals: readonly HostSignal[]; readonly saved: unknown } };
};
/** Name of a task. */
export type SandboxTask = keyof SandboxTasks;
/** A task with a number to answer under. */
export type SandboxAsk = { readonly [T in SandboxTask]: { readonly id: number; readonly task: T; readonly ask: SandboxTasks[T]['ask'] } }[SandboxTask];
/** The answer, or why there is none. */
export type SandboxAnswer = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string; readonly context: Readonly<Record<string, unknown>> } };
