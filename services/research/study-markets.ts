/** The markets of a study on one thread: what its points have in common (indicator columns, stretches of bars) is made once and kept. */
import { firstAtOrAfter, sliceColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import type { IndicatorUse } from '#app/indicators/indicator.ts';
import { firstBar, type BoundStrategy } from '#app/strategy/spec.ts';
import { timedBars } from '#app/backtest/run/sessions.ts';
import type { Market } from '#app/backtest/run/types.ts';
import { wideColumns, wideIndicator, type WideColumns } from '#app/backtest/run/wide.ts';
import type { Span } from './work.ts';

/** Markets cut to a stretch, and the indicator columns of the same stretch: made of all bars before it, as they would have been at the time. */
export type Stretch = { readonly markets: readonly Market[]; columns(market: number, use: IndicatorUse): readonly Float64Array[] | null };

/** Bytes of indicator columns that a thread keeps, of all markets together; beyond, it begins again. */
const MAX_BYTES = 256 * 1_024 * 1_024;
const MAX_CUTS = 256;

/** Indicator columns by market and use, within their bytes. */
class ColumnStore {
  private readonly known = new Map<string, readonly Float64Array[]>();
  private bytes = 0;

  get(key: string, make: () => readonly Float64Array[]): readonly Float64Array[] {
    const found = this.known.get(key);
    if (found) return found;
    const made = make();
    const size = made.reduce((sum, { byteLength }) => sum + byteLength, 0);
    if (this.bytes + size > MAX_BYTES) {
      this.known.clear();
      this.bytes = 0;
    }
    this.bytes += size;
    this.known.set(key, made);
    return made;
  }
}

/** A market with all its bars, which are of regular trading alone. */
class WholeMarket {
  readonly market: Market;
  private readonly timeframe: Timeframe;
  private readonly wide = new Map<Timeframe, WideColumns>();
  private readonly store: ColumnStore;

  constructor(market: Market, timeframe: Timeframe, store: ColumnStore) {
    // What the engine would leave out must not be in the columns either.
    this.market = { ...market, bars: regularBars(market.bars, timeframe) };
    this.timeframe = timeframe;
    this.store = store;
  }

  /** Outputs of an indicator over all bars. */
  columns(use: IndicatorUse): readonly Float64Array[] {
    const key = `${this.market.symbol} ${use.indicator.id} ${use.values.join(',')} ${use.source} ${use.timeframe ?? ''}`;
    const make = (): readonly Float64Array[] => (use.timeframe === null ? Object.values<Float64Array>(columnsOf(use, this.market.bars)) : wideIndicator(use, this.wideBars(use.timeframe)).columns);
    return this.store.get(key, make);
  }

  /**
   * The first bar that a run over bars from `at` on must be shown, so that its first decision falls on `at`. With indicators of a wider timeframe, which begin anew with the bars that are
   * shown, it may fall up to one wide bar earlier.
   */
  begin(strategy: BoundStrategy, at: number): number {
    const uses = Object.values(strategy.indicators);
    const narrow = uses.filter(({ timeframe }) => timeframe === null);
    const begins = uses.flatMap((use) => {
      if (use.timeframe === null) return [];
      const { closed } = this.wideBars(use.timeframe);
      // One more than it needs: the first wide bar may lack its beginning.
      const needed = use.indicator.lookback(use.values) + 2;
      return [firstAtOrAfter(closed, (closed[at - strategy.history] ?? 0) - needed + 1) - 1];
    });
    const named = Object.fromEntries(narrow.map((use, n) => [String(n), use]));
    return Math.max(0, Math.min(at - firstBar({ indicators: named, history: strategy.history }), ...begins));
  }

  private wideBars(timeframe: Timeframe): WideColumns {
    const made = this.wide.get(timeframe) ?? wideColumns(this.market.bars, timedBars(this.market.bars, this.timeframe).sessions.close, timeframe);
    this.wide.set(timeframe, made);
    return made;
  }
}

/** A market from one bar to another. What happened to it before is in its first price already. */
function cut(market: Market, begin: number, end: number, to: number): Market {
  const { bars, detail } = market;
  const opened = bars.time[begin] ?? Infinity;
  return {
    ...market,
    bars: sliceColumns(bars, begin, end),
    detail: detail === null ? null : sliceColumns(detail, firstAtOrAfter(detail.time, opened), firstAtOrAfter(detail.time, to)),
    actions: market.actions.filter(({ at }) => at > opened && at < to),
  };
}

/** All markets of a study. */
export class StudyMarkets {
  private readonly whole: readonly WholeMarket[];
  private readonly cuts = new Map<string, Stretch>();

  constructor(markets: readonly Market[], timeframe: Timeframe) {
    const store = new ColumnStore();
    this.whole = markets.map((market) => new WholeMarket(market, timeframe, store));
  }

  /** The stretch of a span for a strategy. The same objects for the same stretch: the engine keeps what it has worked out about columns. @throws AppError INVARIANT_BROKEN when no bar lies in it */
  stretch(strategy: BoundStrategy, span: Span): Stretch {
    const places = this.whole.flatMap((whole) => {
      const { time } = whole.market.bars;
      const [from, end] = [firstAtOrAfter(time, span.from), firstAtOrAfter(time, span.to)];
      return from < end ? [{ whole, begin: span.from === -Infinity ? 0 : whole.begin(strategy, from), end }] : [];
    });
    invariant(places.length > 0, 'There are no bars in the span', { from: span.from, to: span.to });
    const key = places.map(({ whole, begin, end }) => `${whole.market.symbol} ${begin} ${end}`).join();
    const found = this.cuts.get(key);
    if (found) return found;
    const isWhole = ({ whole, begin, end }: (typeof places)[number]): boolean => begin === 0 && end === whole.market.bars.time.length;
    const made: Stretch = {
      markets: places.map((place) => (isWhole(place) ? place.whole.market : cut(place.whole.market, place.begin, place.end, span.to))),
      columns(market, use) {
        const place = places[market];
        return place === undefined ? null : place.whole.columns(use).map((column) => column.subarray(place.begin, place.end));
      },
    };
    if (this.cuts.size >= MAX_CUTS) this.cuts.clear();
    this.cuts.set(key, made);
    return made;
  }
}

/** The bars of regular trading: what the engine would leave out does not reach the threads, so that columns and bars keep step. @throws AppError INPUT_INVALID where none are */
export function regularBars(bars: BarColumns, timeframe: Timeframe): BarColumns {
  return timedBars(bars, timeframe).bars;
}
