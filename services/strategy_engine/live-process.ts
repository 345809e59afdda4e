/** The process of one authored strategy at work: started at its first bar, told where the book is, started again after an end. */
import type { Resource } from '#app/contracts/deploy.ts';
import { AppError } from '#app/domain/errors.ts';
import type { HostSignal } from '#app/strategy/host.ts';
import { monotonicMs } from '#chassis/clock.ts';
import { openSandbox, type Sandbox } from '../research/sandbox/sandbox.ts';
import type { SandboxLogLine } from '../research/sandbox/run-log.ts';
import type { ProjectFileLike } from '../research/strategy-source.ts';
import type { Step } from './apply-bars.ts';
import type { Deployment } from './deployments.ts';
import { RemoteHost, shownOf, type RemoteState } from './live-host.ts';

/** What a strategy may take for one batch of bars, ms: others wait for it no longer. */
export const BATCH_MS = 5_000;
/** A batch that took so much of it is told, and counted. */
export const SLOW_MS = 0.8 * BATCH_MS;
/** Lines of its log that are kept of one batch. */
const MAX_LINES = 200;
/** Between two looks at the processor time. */
const LOOK_MS = 2_000;
/** Bars over which the mean is taken. */
const MEAN_BARS = 100;

/** A signal with the step that it was raised at. */
export type SaidAt = { readonly step: Step; readonly signal: HostSignal };
/** What a batch brought. `states`: where its cells have come to; `dropped`: lines that were more than are kept. */
export type Ran = { readonly said: readonly SaidAt[]; readonly states: ReadonlyMap<string, RemoteState>; readonly lines: readonly (SandboxLogLine & { readonly openTime: number })[]; readonly dropped: number; readonly tookMs: number };

/** The code of a version with its parameters. */
export type LiveCode = { readonly files: readonly ProjectFileLike[]; readonly parameters: unknown };

/** What it is told of a process that ended while it loaded: it was killed from outside, or its memory did not suffice. */
const ENDED_LOADING: ReadonlySet<string> = new Set(['STRATEGY_OUT_OF_MEMORY', 'STRATEGY_FAILED']);

/** It was stopped or replaced in the middle of a batch: the batch is repeated without it. */
function takenAway(): AppError {
  return new AppError('VERSION_CONFLICT', 'The strategy was stopped or replaced while it was at work on a batch');
}

/** Answers one batch after the other. Dispose of it to end the process. */
export class LiveProcess implements Disposable {
  readonly #deployment: Deployment;
  readonly #code: () => Promise<LiveCode>;
  #sandbox: Sandbox | null = null;
  /** Where the cells of the process stand: the very objects that it gave. */
  readonly #opened = new Map<string, RemoteState | null>();
  readonly #took: number[] = [];
  #worst = 0;
  #bars = 0;
  #starts = 0;
  #usage: { readonly cpuPercent: number | null; readonly memoryBytes: number | null } = { cpuPercent: null, memoryBytes: null };
  /** Processor time of this process at an instant (monotonic ms): the next look some seconds later makes a share of it. */
  #cpu: { readonly cpuMs: number; readonly at: number } | null = null;
  #isClosed = false;
  #current: Step | null = null;

  constructor(deployment: Deployment, code: () => Promise<LiveCode>) {
    this.#deployment = deployment;
    this.#code = code;
  }

  /**
   * Shows the steps, in order, within `limitMs`. A process that has ended by itself, at work or while it started, is started again once: the book tells it where it was.
   * @throws AppError STRATEGY_FAILED, STRATEGY_OUT_OF_TIME, STRATEGY_OUT_OF_MEMORY, STRATEGY_CODE_INVALID: the steps have then left no trace; VERSION_CONFLICT when it is disposed of meanwhile
   */
  async run(steps: readonly Step[], limitMs: number): Promise<Ran> {
    let spentMs = 0;
    for (let attempt = 0; ; attempt += 1) {
      let sandbox: Sandbox | null = null;
      let began = Infinity;
      try {
        sandbox = await this.#open();
        began = monotonicMs();
        return await this.#show(sandbox, steps, { limitMs, leftMs: limitMs - spentMs });
      } catch (error) {
        if (this.#isClosed) throw takenAway();
        // What the start takes is not the strategy's.
        spentMs += Math.max(0, monotonicMs() - began);
        const code = error instanceof AppError ? error.code : '';
        const hasEnded = sandbox === null ? ENDED_LOADING.has(code) : sandbox.ended !== null;
        if (hasEnded) this.#end();
        const isOwnEnd = hasEnded && code !== 'STRATEGY_OUT_OF_TIME';
        if (!isOwnEnd || attempt > 0 || spentMs >= limitMs) throw error;
      }
    }
  }

  /** The step that was shown last: after an error the one that it is of; null before the first. */
  get current(): Step | null {
    return this.#current;
  }

  resource(now: number): Resource {
    const mean = this.#took.length === 0 ? null : this.#took.reduce((sum, ms) => sum + ms, 0) / this.#took.length;
    return { isOwnProcess: true, ...this.#usage, msPerBar: mean, worstMsPerBar: this.#bars === 0 ? null : this.#worst, bars: this.#bars, restarts: Math.max(0, this.#starts - 1), at: now };
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#end();
  }

  async #open(): Promise<Sandbox> {
    if (this.#sandbox !== null && this.#sandbox.ended === null) return this.#sandbox;
    this.#end();
    const { files, parameters } = await this.#code();
    const sandbox = await openSandbox(files, parameters);
    if (this.#isClosed) {
      sandbox[Symbol.dispose]();
      throw takenAway();
    }
    this.#starts += 1;
    this.#sandbox = sandbox;
    return sandbox;
  }

  #end(): void {
    this.#sandbox?.[Symbol.dispose]();
    this.#sandbox = null;
    this.#opened.clear();
    this.#cpu = null;
  }

  async #show(sandbox: Sandbox, steps: readonly Step[], { limitMs, leftMs }: { readonly limitMs: number; readonly leftMs: number }): Promise<Ran> {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new AppError('STRATEGY_OUT_OF_TIME', `The strategy took longer than ${limitMs / 1_000} s for ${steps.length} bars and was ended`)), leftMs);
    const began = monotonicMs();
    const states = new Map<string, RemoteState>();
    const said: SaidAt[] = [];
    const lines: Ran['lines'][number][] = [];
    let dropped = 0;
    try {
      for (const step of steps) {
        this.#current = step;
        const answer = await this.#advance(sandbox, step, { states, signal: abort.signal });
        for (const signal of answer.signals) said.push({ step, signal });
        dropped += answer.log.dropped;
        for (const line of answer.log.lines) {
          if (lines.length < MAX_LINES) lines.push({ ...line, openTime: step.moment.openTime });
          else dropped += 1;
        }
      }
      return { said, states, lines, dropped, tookMs: monotonicMs() - began };
    } finally {
      clearTimeout(timer);
    }
  }

  async #advance(sandbox: Sandbox, step: Step, { states, signal }: { readonly states: Map<string, RemoteState>; readonly signal: AbortSignal }) {
    const { cell, moment, mode, equity, cash, positions } = step;
    const { host, name } = cell;
    if (!(host instanceof RemoteHost)) throw new AppError('INVARIANT_BROKEN', 'A strategy of the house needs no process');
    const state = states.get(name) ?? host.state;
    // The process is where the book is only when it stands at the very state that was read or written there.
    if (!this.#opened.has(name) || this.#opened.get(name) !== state) {
      this.#opened.delete(name);
      await sandbox.ask('open', { cell: name, symbols: host.symbols, saved: state?.saved ?? null, wishes: state === null ? host.wishes : null }, signal);
    }
    this.#opened.delete(name);
    const answer = await sandbox.ask('advance', { cell: name, ...moment, mode, equity, cash, positions }, signal);
    const next: RemoteState = { saved: answer.saved, shown: shownOf(answer.states) };
    this.#opened.set(name, next);
    states.set(name, next);
    this.#note(answer.tookMs);
    if (answer.usage !== null) this.#measure(answer.usage);
    return answer;
  }

  #measure({ cpuMs, memoryBytes }: { readonly cpuMs: number; readonly memoryBytes: number }): void {
    const at = monotonicMs();
    this.#usage = { ...this.#usage, memoryBytes };
    if (this.#cpu !== null && at - this.#cpu.at < LOOK_MS) return;
    if (this.#cpu !== null) this.#usage = { memoryBytes, cpuPercent: (100 * (cpuMs - this.#cpu.cpuMs)) / (at - this.#cpu.at) };
    this.#cpu = { cpuMs, at };
  }

  #note(ms: number): void {
    this.#bars += 1;
    this.#worst = Math.max(this.#worst, ms);
    this.#took.push(ms);
    if (this.#took.length > MEAN_BARS) this.#took.shift();
  }
}
