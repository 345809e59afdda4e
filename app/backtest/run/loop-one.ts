/** The loop over one symbol: nothing happens on a bar without open orders but the call of the strategy. */
import { strategyFailed } from '#app/strategy/view.ts';
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { worth, type Core, type MarketState } from './core.ts';
import type { Floor } from './floor.ts';
import { findBounds } from './quiet.ts';
import type { Stage } from './prepare.ts';
import { MICRO, NANO } from './units.ts';

/** Columns of a run's steps. */
export type Curve = { readonly time: Float64Array; readonly equity: Float64Array; readonly gross: Float64Array };

/** Bars between two words to who waits. */
export const PROGRESS_EVERY = 65_536;

/** Fills the curve up to a step (exclusive): between two changes it is cash and a number of shares. */
class CurveWriter {
  readonly equity: Float64Array;
  readonly gross: Float64Array;
  private readonly core: Core;
  private readonly m: MarketState;
  private at = 0;

  constructor(core: Core, m: MarketState) {
    this.core = core;
    this.m = m;
    this.equity = new Float64Array(m.bars.time.length);
    this.gross = new Float64Array(m.bars.time.length);
  }

  writeUntil(step: number): void {
    const { core, m, equity, gross, at } = this;
    this.at = Math.max(at, step);
    if (m.qty === 0) {
      equity.fill(core.cashDollars, at, step);
      return;
    }
    const { close } = m.bars;
    const shares = m.qty / NANO;
    const cash = core.cash + core.sub / 1_000;
    for (let i = at; i < step; i += 1) {
      const value = shares * Math.round((close[i] ?? 0) * MICRO);
      equity[i] = (cash + value) / MICRO;
      gross[i] = Math.abs(value) / MICRO;
    }
  }
}

/** Runs a strategy over one market. */
export function runOne(core: Core, floor: Floor, stage: Stage, goOn: (done: number) => void): Curve {
  const [m] = stage.markets;
  if (m === undefined) throw new RangeError('A run needs a market');
  const { time } = m.bars;
  const { close: closes } = m.sessions;
  const writer = new CurveWriter(core, m);
  core.beforeChange = () => writer.writeUntil(core.step);
  const { length } = time;
  const isBusyByItself = floor.hasNights || m.market.actions.length > 0;
  const first = Math.max(0, m.first);
  let from = isBusyByItself ? 0 : Math.min(first, length);
  try {
    while (from < length) {
      const to = Math.min(length, from + PROGRESS_EVERY);
      stretch({ core, floor, stage, m }, { from, to, first, isBusyByItself });
      from = to;
      goOn(from / length);
    }
  } catch (error) {
    throw failed(core, m, closes[m.cursor.i] ?? 0, error);
  }
  core.step = length;
  writer.writeUntil(length);
  core.step = length - 1;
  m.cursor.i = length - 1;
  return { time: closes, equity: writer.equity, gross: writer.gross };
}

/** The error of a strategy that threw says where; the engine's own are its own. */
class StrategyThrew extends Error {}

function failed(core: Core, m: MarketState, at: number, error: unknown): unknown {
  return error instanceof StrategyThrew ? strategyFailed(core.config.strategy.kind, { symbol: m.market.symbol, at: toRfc3339(at as EpochMs) }, error.cause) : error;
}

type Players = { readonly core: Core; readonly floor: Floor; readonly stage: Stage; readonly m: MarketState };
type Range = { readonly from: number; readonly to: number; readonly first: number; readonly isBusyByItself: boolean };

function stretch({ core, floor, stage, m }: Players, { from, to, first, isBusyByItself }: Range): void {
  const { context, slate, markets } = stage;
  const { strategy } = core.config;
  const { cursor } = m;
  const { time, high, low } = m.bars;
  const { close: closes } = m.sessions;
  for (let i = from; i < to; i += 1) {
    if (isBusyByItself || core.isDeskWaiting || core.hasGoals || (core.openCount !== 0 && !((time[i] ?? 0) < m.quietUntil && (high[i] ?? 0) < m.quietAbove && (low[i] ?? 0) > m.quietBelow))) {
      core.step = i;
      core.now = closes[i] ?? 0;
      floor.before(markets, time[i] ?? 0);
      cursor.i = i;
      if (core.openCount !== 0 || core.hasGoals) floor.trade(markets, time[i] ?? 0, core.now);
      if (core.isDeskWaiting) {
        m.value = worth(m.qty, m.last);
        core.openTime = time[i] ?? 0;
        floor.desk.atClose();
      }
      if (core.openCount !== 0 && m.market.detail === null) findBounds(m);
    } else cursor.i = i;
    if (i < first) continue;
    try {
      strategy.onBar(context);
    } catch (error) {
      throw new StrategyThrew('', { cause: error });
    }
    if (!slate.hasSpoken) continue;
    core.step = i;
    core.now = closes[i] ?? 0;
    core.openTime = time[i] ?? 0;
    m.value = worth(m.qty, m.last);
    floor.desk.hear(markets);
    m.view.settle();
    slate.hasSpoken = false;
    m.quietUntil = -1;
  }
}
