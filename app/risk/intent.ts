/** What somebody wants of risk: a strategy's target or order, what follows on one, a person's order. */
import type { Decimal, Price, Quantity } from '#app/domain/numeric.ts';
import type { OrderTerms } from '#app/domain/order-terms.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Replacing } from './draft.ts';
import type { Sizing } from '#app/domain/sizing.ts';
import type { TargetSide } from './target.ts';

/** Exits that a strategy wants at the broker from its entry on, dollars per share; null = none. */
export type Protection = { readonly stopPrice: Price | null; readonly takeProfitPrice: Price | null };

/**
 * A strategy's new target. `weight`: signed part of the equity, on the side of `target`; null or left out = by `sizing`. `sizing` null: its sizing could not be read, so no entry.
 * `isDaily`: its bars are whole days.
 */
export type SignalIntent = {
  readonly kind: 'signal'; readonly signalId: string; readonly strategyId: string; readonly symbol: string; readonly target: TargetSide; readonly weight?: Decimal | null; readonly isDaily?: boolean;
  readonly referencePrice: Price; readonly atr: Price | null; readonly sizing: Sizing | null; readonly protection?: Protection | null; readonly tsMarket: EpochMs; readonly tsBarSeen: EpochMs | null;
};

/** The next step of a target of which only the first could be taken: `desired` signed shares, worked out when the signal was decided. `decisionId`: of the attempt. */
export type TargetIntent = {
  readonly kind: 'target'; readonly decisionId: string; readonly signalId: string; readonly strategyId: string; readonly symbol: string; readonly desired: Quantity; readonly protection: Protection | null;
  readonly isDaily: boolean; readonly tsMarket: EpochMs;
};

/** An order of a strategy's own making: it meets the rules of a person's order, and moves the strategy's share. */
export type OrderIntent = {
  readonly kind: 'order'; readonly signalId: string; readonly strategyId: string; readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly terms: OrderTerms; readonly isDaily: boolean;
  readonly referencePrice: Price; readonly tsMarket: EpochMs; readonly tsBarSeen: EpochMs | null;
};

/** What somebody wants. `tsMarket` is the market time of the wish. */
export type Intent =
  | SignalIntent
  | TargetIntent
  | OrderIntent
  /** A share is to be closed: a follow-up of an exit that did not complete, or a flatten. strategyId null = the manual share. */
  | { readonly kind: 'exit'; readonly decisionId: string; readonly signalId: string | null; readonly strategyId: string | null; readonly symbol: string; readonly tsMarket: EpochMs }
  /** A person closes a part of a share at market. */
  | { readonly kind: 'reduce'; readonly decisionId: string; readonly strategyId: string | null; readonly symbol: string; readonly qty: Quantity; readonly tsMarket: EpochMs }
  /** A person's order. */
  | { readonly kind: 'manual'; readonly decisionId: string; readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly terms: OrderTerms; readonly tsMarket: EpochMs }
  /** A person's change of an open order: `qty` unfilled shares under new terms in its place. */
  | { readonly kind: 'replace'; readonly decisionId: string; readonly replacing: Replacing; readonly qty: Quantity; readonly terms: OrderTerms; readonly tsMarket: EpochMs };
