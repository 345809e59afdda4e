/** What a market is to the simulator: listed assets and a tape of minute bars, step by step. */
import type { VenueBar } from '#app/backtest/venue-types.ts';
import { uuidOf } from '#app/backtest/venue-ids.ts';
import { hashText } from '#app/domain/random.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';

/** Width of every bar on the tape. */
export const BAR_MS = MINUTE_MS;

/** One listed asset. */
export type ListedAsset = { readonly symbol: string; readonly name: string; readonly exchange: 'NASDAQ' | 'NYSE' | 'ARCA' };

/** One minute of one symbol. Prices in dollars (decimal numbers of at most 9 digits after the point), volume in shares. */
export type MarketBar = {
  readonly symbol: string;
  readonly openTime: EpochMs;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly trades: number;
  readonly vwap: number;
};

/** All bars of one minute. They may be known from openTime + BAR_MS on. */
export type Step = { readonly openTime: EpochMs; readonly isRegular: boolean; readonly bars: readonly MarketBar[] };

/** A market: pure function of its seed or files. The caller never asks beyond the time it has released. */
export type Market = {
  readonly kind: 'synthetic' | 'replay';
  /** Names what the tape is made of: a journal must not go on with another. */
  readonly fingerprint: string;
  readonly assets: ReadonlyMap<string, ListedAsset>;
  /** Market time before the first step of a new account. */
  readonly startTime: EpochMs;
  /** The next minute that has bars, strictly after `openTime`; null at the end of the tape. */
  nextStep(openTime: EpochMs): Step | null;
  /** The minute's step, or null when it has no bars. */
  stepAt(openTime: EpochMs): Step | null;
  /** Bars of a symbol with from <= openTime <= to, oldest first (newest first when `isDescending`), at most `limit`. */
  bars(symbol: string, range: BarRange): readonly MarketBar[];
  /** Steps and bars of the whole tape; null when it has no end. */
  readonly size: { readonly steps: number; readonly bars: number } | null;
};

/** A cut of a series by open time, both ends included. */
export type BarRange = { readonly from: EpochMs; readonly to: EpochMs; readonly limit: number; readonly isDescending?: boolean };

/** The bar as the venue reads it. Numbers came from decimal text of at most 15 digits, so their shortest form is that text again. */
export function venueBarOf(bar: MarketBar): VenueBar {
  return { symbol: bar.symbol, open: String(bar.open), high: String(bar.high), low: String(bar.low), close: String(bar.close), volume: String(bar.volume) };
}

/** The asset's id, the same in every run. */
export function assetIdOf(symbol: string): string {
  return uuidOf(hashText(symbol), 'asset', hashText(`${symbol}.`));
}
