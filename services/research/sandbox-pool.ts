/** Runs the points of a search in sandboxes: several processes of one user's strategy, each of which keeps the bars. A point that ends its process is tried once more alone, then given up; the rest goes on. */
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import type { RunResult } from '#app/backtest/run/types.ts';
import { parametersAt, type Space } from '#app/backtest/search/space.ts';
import type { Job } from './job.ts';
import type { BatchOptions, BatchResult, Pool, SingleOptions } from './pool.ts';
import { holdBars } from './sandbox/hold-bars.ts';
import type { Sandbox } from './sandbox/sandbox.ts';
import { spaceOf } from './trial.ts';
import { DONE, FAILED, FREE, rowWidth, sharedBatch, type Batch, type SingleRun, type Span, type Study } from './work.ts';

/** `sandboxes`: how many work at once. `open`: starts one with the strategy in it. */
export type SandboxPoolOptions = { readonly sandboxes: number; open(): Promise<Sandbox> };

/** A pool over sandboxes. Dispose of it to end their processes. */
export type SandboxPool = AsyncDisposable & Pick<Pool, 'run' | 'single'>;

/** Points of one question: few enough that a wish to stop and the others are heard soon. */
const CHUNK = 16;
const MAX_WHY = 500;
/** The name under which the bars of a study are kept on the other side. */
const HELD = 'study';

type Seat = { sandbox: Sandbox; held: ReadonlyMap<string, unknown> | null };
type Round = { readonly study: Study; readonly space: Space; readonly span: Span; readonly batch: Batch; readonly why: Map<number, string>; readonly queue: number[][]; readonly options: BatchOptions };

function withoutStrategy({ strategy: _strategy, ...job }: Job): Omit<Job, 'strategy'> {
  return job;
}

class Processes implements SandboxPool {
  private readonly options: SandboxPoolOptions;
  private readonly seats: Seat[] = [];

  constructor(options: SandboxPoolOptions) {
    this.options = options;
  }

  async run(study: Study, { span, points }: { readonly span: Span; readonly points: readonly number[] }, options: BatchOptions = {}): Promise<BatchResult> {
    const batch = sharedBatch(span, points, rowWidth(study));
    const why = new Map<number, string>();
    const queue: number[][] = [];
    const size = Math.max(1, Math.min(CHUNK, Math.ceil(points.length / this.options.sandboxes)));
    for (let from = 0; from < points.length; from += size) queue.push(Array.from({ length: Math.min(size, points.length - from) }, (_none, n) => from + n));
    const round: Round = { study, space: spaceOf(study), span, batch, why, queue, options };
    await Promise.all(Array.from({ length: Math.min(this.options.sandboxes, queue.length) }, (_none, n) => this.work(n, round)));
    return { batch, why, isCancelled: batch.states.includes(FREE) };
  }

  async single({ job, bars, span }: SingleRun, { signal, onProgress }: SingleOptions = {}): Promise<RunResult> {
    const seat = await this.seat(0);
    await this.hold(seat, bars);
    const { log: _log, ...result } = await seat.sandbox.ask('backtest', { parameters: job.strategy.parameters, job: withoutStrategy(job), bars: { held: HELD }, hasLines: false, ...(span === undefined ? {} : { span }) }, signal, ({ done }) => onProgress?.(done));
    return result;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { sandbox } of this.seats) sandbox[Symbol.dispose]();
    return Promise.resolve();
  }

  /** One process takes chunks until there are none. */
  private async work(n: number, round: Round): Promise<void> {
    const isAborted = (): boolean => round.options.signal?.aborted === true;
    for (let chunk = round.queue.shift(); chunk !== undefined; chunk = round.queue.shift()) {
      if (isAborted()) return;
      try {
        const seat = await this.seat(n);
        await this.hold(seat, round.study.bars);
        await this.ask(seat, round, chunk);
      } catch (error) {
        if (isAborted()) return;
        if (!(error instanceof AppError) || !error.code.startsWith('STRATEGY_')) throw error;
        this.giveUp(round, chunk, error);
      }
    }
  }

  /** Rows are told as they come, so that a journal has them before the chunk ends. */
  private async ask({ sandbox }: Seat, { study, space, span, batch, why, options }: Round, chunk: readonly number[]): Promise<void> {
    const width = rowWidth(study);
    const take = (places: readonly number[], rowOf: (place: number) => Float64Array): void => {
      const fresh = places.filter((place) => batch.states[place] === FREE);
      for (const place of fresh) {
        batch.values.set(rowOf(place), place * width);
        batch.states[place] = DONE;
      }
      if (fresh.length > 0) options.onDone?.(fresh, batch);
    };
    const points = chunk.map((place) => parametersAt(space, batch.points[place] ?? -1));
    const { rows, failed } = await sandbox.ask('points', { job: withoutStrategy(study.job), bars: { held: HELD }, span, points, figures: study.figures, periods: study.periods }, options.signal, ({ rows: fresh }) => {
      const places = [...fresh.keys()].flatMap((at) => chunk[at] ?? []);
      take(places, (place) => fresh.get(chunk.indexOf(place)) ?? new Float64Array(width).fill(NaN));
    });
    for (const [at, text] of failed) {
      const place = chunk[at] ?? -1;
      batch.states[place] = FAILED;
      why.set(place, text.slice(0, MAX_WHY));
    }
    take(chunk.filter((_place, at) => !failed.has(at)), (place) => rows.subarray(chunk.indexOf(place) * width, (chunk.indexOf(place) + 1) * width));
  }

  /** A chunk that ended its process: its points are tried one by one; a point that was alone is given up. */
  private giveUp({ batch, why, queue }: Round, chunk: readonly number[], error: AppError): void {
    const open = chunk.filter((place) => batch.states[place] === FREE);
    if (chunk.length > 1) {
      for (const place of open) queue.push([place]);
      return;
    }
    for (const place of open) {
      batch.states[place] = FAILED;
      why.set(place, describeError(error).slice(0, MAX_WHY));
    }
  }

  private async seat(n: number): Promise<Seat> {
    const known = this.seats[n];
    if (known !== undefined && known.sandbox.ended === null) return known;
    const seat: Seat = { sandbox: await this.options.open(), held: null };
    this.seats[n] = seat;
    return seat;
  }

  private async hold(seat: Seat, bars: Study['bars']): Promise<void> {
    if (seat.held === bars) return;
    await holdBars(seat.sandbox, HELD, bars);
    seat.held = bars;
  }
}

/** Opens a pool; processes start with its first work. */
export function openSandboxPool(options: SandboxPoolOptions): SandboxPool {
  invariant(options.sandboxes >= 1, 'A pool has at least one sandbox');
  return new Processes(options);
}

/**
 * The points that the strategy refuses (its `check` says so), found by asking it. Of a space with more than `most` points none is asked: those that it refuses then fail when they are run, and are told.
 */
export async function refusedPoints(sandbox: Sandbox, space: Space, { most, signal }: { readonly most: number; readonly signal: AbortSignal | undefined }): Promise<ReadonlySet<number>> {
  const refused = new Set<number>();
  if (space.size > most) return refused;
  for (let point = 0; point < space.size; point += 1) {
    signal?.throwIfAborted();
    try {
      await sandbox.ask('bind', { parameters: parametersAt(space, point) });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'STRATEGY_PARAMETERS_INVALID') throw error;
      refused.add(point);
    }
  }
  return refused;
}
