/** A run bar by bar inside of the sandbox's process: run in full once more, asked and listened to at the bars that are wanted. */
import { runBacktest } from '#app/backtest/run/run.ts';
import { barsAmong, runConfigOf } from '../job.ts';
import { StudyMarkets } from '../study-markets.ts';
import { jobOf } from './inside-runs.ts';
import { closesOf, type InsideStrategy } from './inside-strategy.ts';
import type { SandboxSteps, SandboxStepsAsk } from './protocol.ts';
import { RunLog } from './run-log.ts';
import { StepRecorder } from './step-recorder.ts';
import { tellSteps, type StepPass } from './steps-told.ts';

async function pass(inside: InsideStrategy, ask: SandboxStepsAsk, wanted: ReadonlySet<number>): Promise<StepPass> {
  const { parameters, job, bars, span, symbol = null } = ask;
  const machine = await inside.fresh();
  using runs = new DisposableStack();
  const times = new Map<string, Float64Array>();
  const log = new RunLog(undefined, (time) => time !== null && wanted.has(time));
  const lines: string[] = [];
  const recorder = new StepRecorder({ wanted, symbol, lines });
  const stops = [...wanted].sort((a, b) => a - b);
  const guest = inside.guest(machine, parameters, { times, hasReasons: true, log, stops });
  runs.use(guest);
  const config = runConfigOf(jobOf(inside, job), { strategyType: () => inside.typeOf(machine, () => guest), barsOf: barsAmong(inside.barsOf(bars)) });
  const stretch = span === undefined || (span.from === -Infinity && span.to === Infinity) ? null : new StudyMarkets(config.markets, config.timeframe).stretch(config.strategy, span);
  const markets = stretch?.markets ?? config.markets;
  const closes = closesOf(markets, config.timeframe);
  for (const [name, close] of closes) times.set(name, close);
  const result = runBacktest({ ...config, markets, strategy: recorder.around(guest) }, { lines, ...(stretch === null ? {} : { columns: stretch.columns }) });
  recorder.settle(result.time.at(-1) ?? NaN);
  runs.dispose();
  return { markets, closes, result, recorder, log: log.take().lines, memory: guest.memoryOf('') };
}

/** The bars that are asked for. @throws AppError what the engine and the strategy throw */
export function insideSteps(inside: InsideStrategy, ask: SandboxStepsAsk): Promise<SandboxSteps> {
  return tellSteps(ask, (wanted) => pass(inside, ask, wanted));
}
