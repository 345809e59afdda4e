/** A run bar by bar inside of the sandbox's process: run in full once more, asked and listened to at the bars that are wanted. */
import { runBacktest } from '#app/backtest/run/run.ts';
import type { Market, RunConfig, RunResult } from '#app/backtest/run/types.ts';
import { MAX_STEPS, type RunStep } from '#app/contracts/studio.ts';
import { barsAmong, runConfigOf } from '../job.ts';
import { StudyMarkets } from '../study-markets.ts';
import { jobOf } from './inside-runs.ts';
import { closesOf, type InsideStrategy } from './inside-strategy.ts';
import type { SandboxLogLine, SandboxSteps, SandboxStepsAsk } from './protocol.ts';
import { RunLog } from './run-log.ts';
import { memoriesText, StepRecorder } from './step-recorder.ts';

/** What a pass over the run gave. */
type Pass = { readonly config: RunConfig; readonly markets: readonly Market[]; readonly closes: ReadonlyMap<string, Float64Array>; readonly result: RunResult; readonly recorder: StepRecorder; readonly log: readonly SandboxLogLine[]; readonly memory: string };

async function pass(inside: InsideStrategy, ask: SandboxStepsAsk, wanted: ReadonlySet<number>): Promise<Pass> {
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
  return { config, markets, closes, result, recorder, log: log.take().lines, memory: guest.memoryOf('') };
}

/** The bars that are asked for. Runs twice where it must be found out first at which of them something happened. @throws AppError what the engine and the strategy throw */
export async function insideSteps(inside: InsideStrategy, ask: SandboxStepsAsk): Promise<SandboxSteps> {
  const count = Math.min(MAX_STEPS, Math.max(1, Math.floor(ask.count)));
  const needsLook = ask.only === 'acts' || ask.from === null;
  const look = await pass(inside, ask, new Set());
  const opens = opensOf(look, ask.symbol ?? null);
  const all = [...opens.keys()].sort((a, b) => a - b).filter((close) => ask.only === 'all' || look.recorder.acts.has(close));
  const firstOpen = needsLook && ask.from === null ? (opens.get(look.recorder.firstAsked ?? NaN) ?? -Infinity) : (ask.from ?? -Infinity);
  const chosen = all.filter((close) => (opens.get(close) ?? -Infinity) >= firstOpen).slice(0, count);
  const ends = { first: opens.get(all[0] ?? NaN) ?? null, last: opens.get(all.at(-1) ?? NaN) ?? null, total: all.length, lines: look.result.lines };
  if (chosen.length === 0) return { steps: [], ...ends };
  const told = await pass(inside, ask, new Set(chosen));
  const held = holdings(told, chosen);
  return { steps: chosen.map((close) => stepOf(told, { close, openTime: opens.get(close) ?? close, symbol: ask.symbol ?? null, held: held.get(close) ?? new Map() })), ...ends };
}

/** Opens of the bars by their closes, epoch ms: of a symbol, or of all. */
function opensOf({ markets, closes }: Pass, symbol: string | null): ReadonlyMap<number, number> {
  const opens = new Map<number, number>();
  for (const market of markets) {
    if (symbol !== null && market.symbol !== symbol) continue;
    const times = closes.get(market.symbol) ?? new Float64Array(0);
    times.forEach((close, i) => opens.set(close, Math.min(opens.get(close) ?? Infinity, market.bars.time[i] ?? close)));
  }
  return opens;
}

type Holding = { readonly qty: number; readonly cost: number };

/** Shares and what they cost at some closes, out of the fills: for bars at which nobody asked the strategy. */
function holdings({ result: { time, fills }, markets }: Pass, chosen: readonly number[]): ReadonlyMap<number, ReadonlyMap<string, Holding>> {
  const at = new Map<number, ReadonlyMap<string, Holding>>();
  const held = new Map<string, Holding>();
  let row = 0;
  for (const close of chosen) {
    for (; row < fills.length && (time[fills.step[row] ?? 0] ?? Infinity) <= close; row += 1) {
      const symbol = markets[fills.market[row] ?? -1]?.symbol ?? '';
      const { qty, cost } = held.get(symbol) ?? { qty: 0, cost: 0 };
      const change = (fills.side[row] ?? 0) * (fills.qty[row] ?? 0);
      const after = qty + change;
      const grows = qty === 0 || Math.sign(change) === Math.sign(qty);
      held.set(symbol, { qty: after, cost: grows ? cost + change * (fills.price[row] ?? 0) : Math.sign(after) === Math.sign(qty) ? cost * (after / qty) : after * (fills.price[row] ?? 0) });
    }
    at.set(close, new Map(held));
  }
  return at;
}

type Place = { readonly close: number; readonly openTime: number; readonly symbol: string | null; readonly held: ReadonlyMap<string, Holding> };

function stepOf({ markets, closes, result, recorder, log, memory }: Pass, { close, openTime, symbol, held }: Place): RunStep {
  const recorded = recorder.steps.get(close);
  const step = result.time.indexOf(close);
  const bars: RunStep['bars'] = [];
  const positions: RunStep['positions'] = [];
  let value = 0;
  for (const market of markets) {
    const times = closes.get(market.symbol) ?? new Float64Array(0);
    const i = lastAtOrBefore(times, close);
    const at = (column: Float64Array): number => column[i] ?? NaN;
    const { open, high, low, close: price, volume } = market.bars;
    const { qty, cost } = held.get(market.symbol) ?? { qty: 0, cost: 0 };
    if (qty !== 0) value += qty * at(price);
    if (symbol !== null && market.symbol !== symbol) continue;
    if (qty !== 0) positions.push({ symbol: market.symbol, qty, averagePrice: cost / qty, openProfit: qty * at(price) - cost });
    if (times[i] === close) bars.push({ symbol: market.symbol, open: at(open), high: at(high), low: at(low), close: at(price), volume: at(volume) });
  }
  const equity = recorded === undefined ? (result.equity[step] ?? NaN) : recorded.equity;
  return {
    openTime, closeTime: close, bars, wasAsked: recorded !== undefined, indicators: recorded?.indicators ?? [], checks: recorded?.checks ?? [], said: recorded?.said ?? [], orders: recorder.orders.get(close) ?? [],
    state: { before: recorded === undefined ? memory : memoriesText(recorded.before), after: recorded === undefined ? memory : memoriesText(recorded.after) },
    positions: recorded?.positions ?? positions, cash: recorded === undefined ? equity - value : recorded.cash, equity,
    log: log.filter((line) => line.barTime === close && (symbol === null || line.symbol === null || line.symbol === symbol)).map(({ line }) => line),
  };
}

function lastAtOrBefore(times: Float64Array, time: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
