/** What a market is to the simulator: listed assets and a tape of minute bars, step by step. */
import type { VenueBar } from '#app/backtest/venue-types.ts';
import { uuidOf } from '#app/backtest/venue-ids.ts';
import { hashText } from '#app/domain/random.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import type { AnnouncedAction } from './journal-lists.ts';

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

/** Something that changed a listing and no price. Dates are civil days. */
export type ListingChange =
  | { readonly id: string; readonly kind: 'name_change'; readonly processDate: string; readonly oldSymbol: string; readonly newSymbol: string }
  | { readonly id: string; readonly kind: 'cash_merger'; readonly processDate: string; readonly symbol: string; readonly rate: string }
  | { readonly id: string; readonly kind: 'worthless_removal'; readonly processDate: string; readonly symbol: string };

/** A split or a dividend of the past, with what raw prices before it are multiplied by. `exAt`: New York's midnight of the ex-date. */
export type PastAction = { readonly action: AnnouncedAction; readonly exAt: EpochMs; readonly rawFactor: number };

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
  /** Symbols whose bars the steps carry; those of the other listed ones are asked for with `barAt`. */
  readonly tape: ReadonlySet<string>;
  /** The bar of one minute of any listed symbol, also of one that is not on the tape; null when it has none. */
  barAt(symbol: string, openTime: EpochMs): MarketBar | null;
  /** Open time of the oldest minute. */
  readonly firstMinute: EpochMs;
  /** Daily bars of sessions before the first minute whose openTime (New York's midnight) lies in the range, both ends included, oldest first. A recorded market has none. */
  olderDays(symbol: string, range: { readonly from: EpochMs; readonly to: EpochMs }): readonly MarketBar[];
  /** Splits and dividends of a symbol before the first minute, oldest first. */
  pastActions(symbol: string): readonly PastAction[];
  /** Renames, take-overs and removals before the first minute, oldest first. */
  readonly listingChanges: readonly ListingChange[];
  /** What was listed once and is not any more. */
  readonly delisted: ReadonlyMap<string, ListedAsset>;
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
