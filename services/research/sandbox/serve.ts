/** The inside of the sandbox's process: it holds one strategy, and answers what is asked of it. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { InsideCells } from './inside-cells.ts';
import { insideLook } from './inside-look.ts';
import { causeOf, FailedRun, insideBacktest, insidePoints, type TellProgress } from './inside-runs.ts';
import { insideSteps } from './inside-steps.ts';
import { InsideStrategy, readFiles, type ReadFiles } from './inside-strategy.ts';
import { prepareMachine } from './machine.ts';
import { rehearse } from './rehearsal.ts';
import type { SandboxAnswer, SandboxAsk, SandboxFacts, SandboxTasks } from './protocol.ts';
import type { SandboxLog } from './run-log.ts';

/** Who listens and answers: a process's channel, or a thread's port. */
export type SandboxPort = { onAsk(listener: (ask: SandboxAsk) => void): void; answer(answer: SandboxAnswer): void };

/** Lines that go with the error of a run that failed: the last ones. */
const FAILED_LINES = 200;

class Inside {
  #read: ReadFiles | null = null;
  #strategy: InsideStrategy | null = null;
  #cells: InsideCells | null = null;

  get strategy(): InsideStrategy {
    invariant(this.#strategy, 'No strategy is loaded');
    return this.#strategy;
  }

  get cells(): InsideCells {
    this.#cells ??= new InsideCells(this.strategy);
    return this.#cells;
  }

  read({ files }: SandboxTasks['read']['ask']): SandboxTasks['read']['answer'] {
    [this.#strategy, this.#cells, this.#read] = [null, null, null];
    this.#read = readFiles(files);
    return { findings: this.#read.findings };
  }

  async load(ask: SandboxTasks['load']['ask']): Promise<SandboxFacts> {
    [this.#strategy, this.#cells] = [null, null];
    invariant(this.#read, 'No files were read');
    this.#strategy = await InsideStrategy.load(this.#read, ask);
    return this.#strategy.facts();
  }

  async run({ task, ask }: SandboxAsk, tell: TellProgress): Promise<unknown> {
    switch (task) {
      case 'rehearse':
        return rehearse();
      case 'read':
        return this.read(ask);
      case 'load':
        return this.load(ask);
      case 'bind':
        return this.strategy.bind(ask.parameters);
      case 'hold':
        return { bars: this.strategy.hold(ask) };
      case 'backtest':
        return insideBacktest(this.strategy, ask, tell);
      case 'points':
        return insidePoints(this.strategy, ask, tell);
      case 'look':
        return insideLook(this.strategy, ask);
      case 'steps':
        return insideSteps(this.strategy, ask);
      case 'open':
        return this.cells.open(ask);
      case 'close':
        return this.cells.close(ask.cell);
      case 'advance':
        return this.cells.advance(ask);
      case 'record':
        return this.cells.record(ask);
    }
  }

  /** What was written before it failed. */
  logOf(error: unknown, { task, ask }: SandboxAsk): SandboxLog | null {
    const log = error instanceof FailedRun ? error.log : task === 'advance' ? this.#cells?.takeLog(ask.cell) : undefined;
    const { lines, dropped } = log?.take() ?? { lines: [], dropped: 0 };
    return lines.length === 0 ? null : { lines: lines.slice(-FAILED_LINES), dropped: dropped + Math.max(0, lines.length - FAILED_LINES) };
  }
}

/** The symbol and the close of the bar at which a strategy failed, where the engine says so. */
function barOf(error: unknown): Readonly<Record<string, unknown>> {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (!(at instanceof AppError) || at.context['symbol'] === undefined) continue;
    const { symbol, at: closed } = at.context;
    return { symbol, at: closed };
  }
  return {};
}

/** Answers tasks, one after the other. */
export function serveSandbox(port: SandboxPort): void {
  const inside = new Inside();
  prepareMachine();
  port.onAsk((ask) => {
    inside.run(ask, (progress) => port.answer({ id: ask.id, progress })).then(
      (answer) => {
        port.answer({ id: ask.id, answer });
        if (ask.task === 'rehearse') prepareMachine();
      },
      (error: unknown) => {
        const { code, message, context } = causeOf(error);
        const log = inside.logOf(error, ask);
        port.answer({ id: ask.id, error: { code, message, context: { ...barOf(error), ...context, ...(log === null ? {} : { log }) } } });
      },
    );
  });
}
