/** A run of a strategy of the house bar by bar: run in full once more on a research thread, listened to at the bars that are wanted. */
import { runBacktest } from '#app/backtest/run/run.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { Context } from '#app/strategy/context.ts';
import { barsAmong, runConfigOf, type Job } from './job.ts';
import type { SandboxSteps } from './sandbox/protocol.ts';
import { StepRecorder } from './sandbox/step-recorder.ts';
import { tellSteps, type StepPass, type StepsWanted } from './sandbox/steps-told.ts';
import type { StrategyTypes } from './trial.ts';

/** What is run again, and which of its bars are told. */
export type StepsAsk = StepsWanted & { readonly job: Job; readonly bars: ReadonlyMap<string, BarColumns> };

/** The bars. @throws what the engine and the strategy throw */
export function houseSteps({ job, bars, ...ask }: StepsAsk, types: StrategyTypes): Promise<SandboxSteps> {
  const pass = (wanted: ReadonlySet<number>): Promise<StepPass> => {
    const config = runConfigOf(job, { strategyType: types, barsOf: barsAmong(bars) });
    const lines: string[] = [];
    const recorder = new StepRecorder({ wanted, symbol: ask.symbol ?? null, lines });
    const states = new Map<string, unknown>();
    const memoryOf = (symbol: string): string => JSON.stringify(states.get(symbol)) ?? '{}';
    const heard = recorder.around({ ...config.strategy, memoryOf });
    const onBar = (context: Context): void => {
      states.set(context.on.symbol, context.state);
      heard.onBar(context);
    };
    const result = runBacktest({ ...config, strategy: { ...heard, onBar } }, { lines });
    recorder.settle(result.time.at(-1) ?? NaN);
    const [last] = [...states.keys()].slice(-1);
    return Promise.resolve({ markets: config.markets, closes: new Map(config.markets.map((market) => [market.symbol, timedBars(market.bars, config.timeframe).sessions.close])), result, recorder, log: [], memory: last === undefined ? '{}' : memoryOf(last) });
  };
  return tellSteps(ask, pass);
}
