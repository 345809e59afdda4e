/** A run bar by bar, told: which bars, what was held, what each of them looked like. The same for a strategy of the house and for a user's. */
import { MAX_STEPS, type RunStep } from '#app/contracts/studio.ts';
import type { Market, RunResult } from '#app/backtest/run/types.ts';
import type { SandboxSteps, SandboxStepsAsk } from './protocol.ts';
import type { SandboxLogLine } from './run-log.ts';
import { memoriesText, type StepRecorder } from './step-recorder.ts';

/** What a pass over the run gave. `memory`: of the strategy at the end, JSON; `closes`: of each bar by symbol, epoch ms. */
export type StepPass = { readonly markets: readonly Market[]; readonly closes: ReadonlyMap<string, Float64Array>; readonly result: RunResult; readonly recorder: StepRecorder; readonly log: readonly SandboxLogLine[]; readonly memory: string };

/** Which bars. */
export type StepsWanted = Pick<SandboxStepsAsk, 'from' | 'count' | 'only' | 'symbol'>;

/** The bars that are asked for. `pass` runs it once with its ears on at the closes that it is given; twice where it must be found out first at which bars something happened. @throws what the engine and the strategy throw */
export async function tellSteps(ask: StepsWanted, pass: (wanted: ReadonlySet<number>) => Promise<StepPass>): Promise<SandboxSteps> {
  const count = Math.min(MAX_STEPS, Math.max(1, Math.floor(ask.count)));
  const look = await pass(new Set());
  const opens = opensOf(look, ask.symbol ?? null);
  const all = [...opens.keys()].sort((a, b) => a - b).filter((close) => ask.only === 'all' || look.recorder.acts.has(close));
  const firstOpen = ask.from === null ? (opens.get(look.recorder.firstAsked ?? NaN) ?? -Infinity) : ask.from;
  const chosen = all.filter((close) => (opens.get(close) ?? -Infinity) >= firstOpen).slice(0, count);
  const ends = { first: opens.get(all[0] ?? NaN) ?? null, last: opens.get(all.at(-1) ?? NaN) ?? null, total: all.length, lines: look.result.lines };
  if (chosen.length === 0) return { steps: [], ...ends };
  const told = await pass(new Set(chosen));
  const held = holdings(told, chosen);
  return { steps: chosen.map((close) => stepOf(told, { close, openTime: opens.get(close) ?? close, symbol: ask.symbol ?? null, held: held.get(close) ?? new Map() })), ...ends };
}

/** Opens of the bars by their closes, epoch ms: of a symbol, or of all. */
function opensOf({ markets, closes }: StepPass, symbol: string | null): ReadonlyMap<number, number> {
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
function holdings({ result: { time, fills }, markets }: StepPass, chosen: readonly number[]): ReadonlyMap<number, ReadonlyMap<string, Holding>> {
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

function stepOf({ markets, closes, result, recorder, log, memory }: StepPass, { close, openTime, symbol, held }: Place): RunStep {
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
