/** What passes between a worker and the process in which strangers' strategies run. Structured clones: typed arrays cross as they are. */
import type { PriceJitter } from '#app/analytics/jitter.ts';
import type { ProjectFinding } from '#app/contracts/author.ts';
import type { RunStep } from '#app/contracts/studio.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { ErrorCode } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { RunFigure } from '#app/backtest/search/figures.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import type { BarRecord } from '#app/strategy/explain.ts';
import type { HostSignal, StandingWish, SymbolState } from '#app/strategy/host.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { PositionView, Wish } from '#app/strategy/context.ts';
import type { LookAheadReport } from '#app/strategy/look-ahead.ts';
import type { ParameterValues } from '#app/strategy/parameters.ts';
import type { WarmUpReport } from '#app/strategy/warm-up.ts';
import type { JobInput } from '../job.ts';
import type { ProjectFileLike } from '../strategy-source.ts';
import type { Span } from '../work.ts';
import type { GuestDescription } from './guest-terms.ts';
import type { MachineLimits } from './machine.ts';
import type { SandboxLog } from './run-log.ts';

/** Bars by the names that a job gives them, or the name under which `hold` keeps them on the other side. */
export type SandboxBars = ReadonlyMap<string, BarColumns> | { readonly held: string };

/**
 * What a strategy says of itself; bars before its first decision, and for a warm-up (`warmUpBars` in days, `warmUps` for every width of its own bars) after which its beginning no longer shows. `findings`: warnings of the look over its files (errors refuse them).
 * `isMemoryFree`: proven to remember nothing outside of its state; one that is not runs in a fresh interpreter each time and is asked at each bar, which takes longer. `log`: what it wrote while it was loaded.
 */
export type SandboxFacts = GuestDescription & {
  readonly bound: ParameterValues; readonly firstBar: number; readonly warmUpBars: number; readonly warmUps: Readonly<Record<Timeframe, number>>; readonly history: number; readonly forgetting: number; readonly findings: readonly ProjectFinding[]; readonly isMemoryFree: boolean; readonly log: SandboxLog;
};

/** The back-test of a stranger's strategy: a job without a strategy, and the bars that it names. `span`: opens that count, epoch ms; left out, all bars (indicators warm up on bars before). */
export type SandboxRun = { readonly parameters: unknown; readonly job: Omit<JobInput, 'strategy'>; readonly bars: SandboxBars; readonly hasLines: boolean; readonly span?: Span; /** The lines as one text: hundreds of thousands of them would keep who receives them from trading. */ readonly isOneText?: boolean };
/** What came of it. */
export type SandboxResult = RunResult & { readonly log: SandboxLog };

/** Many points of a search in one question. `points[n]`: the parameters of the n-th (what is left out has its default); `periods`: returns over so many equal stretches follow the figures in a row, 0 = none. */
export type SandboxPoints = {
  readonly job: Omit<JobInput, 'strategy'>; readonly bars: SandboxBars; readonly span: Span; readonly points: readonly Readonly<Record<string, unknown>>[]; readonly figures: readonly RunFigure[]; readonly periods: number;
  /** Noise on the prices of all bars, made on the other side. */ readonly noise?: PriceJitter;
};
/** Rows one after the other, `width` numbers each, as `Trials.run` of trial.ts makes them; NaN where a point failed. `failed`: why, by place. */
export type SandboxRows = { readonly width: number; readonly rows: Float64Array; readonly failed: ReadonlyMap<number, string> };

/** The look-ahead and warm-up checks. `cuts`, `starts`: as the checks take them, left out: their own; both are fewer where the strategy is slow. `withinMs`: a look ahead alone, with no more cuts after so long. */
export type SandboxLook = { readonly parameters: unknown; readonly bars: SandboxBars; readonly timeframe: Timeframe; readonly cuts?: number; readonly starts?: number; readonly withinMs?: number };
/** Where bars that come in several pieces belong: from which row on, of how many. */
export type SandboxPiece = { readonly from: number; readonly rows: number };
/**
 * What the checks found. `problem`: why one of them could not be finished (the strategy threw), in words with its line; what it would have found is then not known. `place`: of the line that threw; `places`: where to show what was
 * found: signals at `onBar`, an indicator where it is declared (by its name). */
export type SandboxLookAnswer = {
  readonly lookAhead: LookAheadReport | null; readonly warmUp: WarmUpReport | null; readonly problem: string | null; readonly place: SandboxPlace | null; readonly places: { readonly signals: SandboxPlace | null; readonly indicators: ReadonlyMap<string, SandboxPlace> };
  readonly symbols: readonly string[]; readonly bars: number; readonly from: number | null; readonly to: number | null;
};
/** A place in an author's files, from 1. */
export type SandboxPlace = { readonly path: string; readonly line: number; readonly column: number };

/** A run bar by bar. `from`: open of the first bar, epoch ms, null = the first bar at which it is asked; `count`: bars; `only`: `acts` = bars at which it spoke or an order changed; `symbol`: bars and facts of this symbol alone. */
export type SandboxStepsAsk = Omit<SandboxRun, 'hasLines' | 'isOneText'> & { readonly from: number | null; readonly count: number; readonly only: 'all' | 'acts'; readonly symbol?: string };
/** The bars. `total`: those there are of this kind; `first`, `last`: opens of the first and last of them, null for none; `lines`: the run's own, to compare with those of the run that is stored. */
export type SandboxSteps = { readonly steps: readonly RunStep[]; readonly total: number; readonly first: number | null; readonly last: number | null; readonly lines: readonly string[] };

/** A moment of the market and of the account, in words that can be cloned. */
export type SandboxMoment = {
  readonly openTime: number; readonly closeTime: number; readonly bars: ReadonlyMap<string, NumericBar>; readonly mode: 'live' | 'quiet';
  readonly equity: number; readonly cash: number; readonly positions: ReadonlyMap<string, PositionView>;
};
/** A cell: one host of a deployment (of one symbol, or of a portfolio), by a name. Opened again under the same name it begins anew from `saved` (null: from nothing, with `wishes` of a version before). */
export type SandboxCell = { readonly cell: string; readonly symbols: readonly string[]; readonly saved: unknown; readonly wishes: ReadonlyMap<string, StandingWish> | null };
/** What a moment brought. `saved`: everything that the cell knows, plain JSON; `states`: what it shows of each symbol; `tookMs`: inside; `usage`: of the whole process since it began, null of a thread, which has none of its own. */
export type SandboxAdvanced = { readonly signals: readonly HostSignal[]; readonly saved: unknown; readonly log: SandboxLog; readonly states: ReadonlyMap<string, SymbolState>; readonly tookMs: number; readonly usage: { readonly cpuMs: number; readonly memoryBytes: number } | null };

/** A strategy run again over stored bars up to the last moment, which is taken down: app/strategy/explain.ts says what it means. `raised`: what the book has of a moment, by symbol. */
export type SandboxRecord = {
  readonly symbols: readonly string[]; readonly symbol: string; readonly follows: 'book' | 'itself'; readonly wishes: ReadonlyMap<string, StandingWish> | null; readonly checks: number;
  readonly moments: readonly (SandboxMoment & { readonly raised: ReadonlyMap<string, Wish> | null })[];
};

/** Tasks by name: what is asked, what comes back. One after the other. */
export type SandboxTasks = {
  /** Runs a strategy of nobody's, so that a process that waits has all its code compiled. */
  readonly rehearse: { readonly ask: null; readonly answer: null };
  /** Reads files and looks over them; nothing of them runs. Where that takes too long the process is ended. The strategy of before, what is held and its cells are gone. */
  readonly read: { readonly ask: { readonly files: readonly ProjectFileLike[] }; readonly answer: { readonly findings: readonly ProjectFinding[] } };
  /** Loads and binds what was read last; its errors refuse it. What is held and the cells of before are gone. */
  readonly load: { readonly ask: { readonly parameters: unknown; readonly limits?: Partial<MachineLimits> }; readonly answer: SandboxFacts };
  /** Other parameters for the same files; cells that are open keep theirs. */
  readonly bind: { readonly ask: { readonly parameters: unknown }; readonly answer: SandboxFacts };
  /** Keeps columns under a name; null lets go of them. With a `piece` they are added to what is held under the name. */
  readonly hold: { readonly ask: { readonly name: string; readonly bars: ReadonlyMap<string, BarColumns> | null; readonly piece?: SandboxPiece }; readonly answer: { readonly bars: number } };
  readonly backtest: { readonly ask: SandboxRun; readonly answer: SandboxResult };
  readonly points: { readonly ask: SandboxPoints; readonly answer: SandboxRows };
  readonly look: { readonly ask: SandboxLook; readonly answer: SandboxLookAnswer };
  readonly steps: { readonly ask: SandboxStepsAsk; readonly answer: SandboxSteps };
  readonly open: { readonly ask: SandboxCell; readonly answer: null };
  readonly close: { readonly ask: { readonly cell: string }; readonly answer: null };
  /** One more moment for a cell. After an error the cell is where it was before the moment. */
  readonly advance: { readonly ask: SandboxMoment & { readonly cell: string }; readonly answer: SandboxAdvanced };
  /** `memory` of the answer is the strategy's own state. */
  readonly record: { readonly ask: SandboxRecord; readonly answer: BarRecord & { readonly log: SandboxLog } };
};
/** Name of a task. */
export type SandboxTask = keyof SandboxTasks;
/** A task with a number to answer under. */
export type SandboxAsk = { readonly [T in SandboxTask]: { readonly id: number; readonly task: T; readonly ask: SandboxTasks[T]['ask'] } }[SandboxTask];

/** How far a task is. `done`: 0..1; `rows`: of `points`, those that have come since the last message, by place. */
export type SandboxProgress = { readonly done: number; readonly rows: ReadonlyMap<number, Float64Array> };
/** The answer, or why there is none; or how far it is. */
export type SandboxAnswer =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly code: ErrorCode; readonly message: string; readonly context: Readonly<Record<string, unknown>> } }
  | { readonly id: number; readonly progress: SandboxProgress };
