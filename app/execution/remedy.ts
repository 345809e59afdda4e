/** What can be wrong with orders and positions, and what a person may have done about it. */
import type { Side } from '#app/domain/order.ts';

/**
 * What applying a remedy does. Numbers are decimal text, `strategyId` null = the manual share. `cancel`: ask the broker to cancel these orders.
 * `protect`, `exit`: ask risk for a stop, or for a market order, that reduces: risk decides as about any order. `compare`: compare the books again.
 * `give_back`: shares that a strategy believes in and the account has not go to the manual share, which owes them. `take_over_position`, `take_over_cash`: an entry by that person, after which our ledger holds what the broker holds.
 */
export type RemedyAction =
  | { readonly kind: 'cancel'; readonly orderIds: readonly string[] }
  | { readonly kind: 'protect'; readonly symbol: string; readonly side: Side; readonly qty: string; readonly stopPrice: string }
  | { readonly kind: 'exit'; readonly symbol: string; readonly strategyId: string | null; readonly qty: string }
  | { readonly kind: 'give_back'; readonly symbol: string; readonly strategyId: string; readonly qty: string; readonly price: string }
  | { readonly kind: 'compare' }
  | { readonly kind: 'take_over_position'; readonly symbol: string; readonly ours: string; readonly theirs: string; readonly avgPrice: string | null }
  | { readonly kind: 'take_over_cash'; readonly ours: string; readonly theirs: string };

/** The kinds of trouble. */
export type IssueKind =
  | 'stuck_order' | 'unprotected_position' | 'leftover_exit' | 'exit_of_nothing' | 'unowned_position' | 'overheld_share' | 'order_mismatch' | 'order_lost'
  | 'fill_extra' | 'position_mismatch' | 'cash_mismatch' | 'odd_activity';

/** Something wrong. `subject`: what it is about (an order id, a symbol, `strategy/symbol`); one kind of trouble of one subject is one finding. */
export type FoundIssue = {
  readonly kind: IssueKind; readonly severity: 'info' | 'warning' | 'critical'; readonly subject: string; readonly message: string;
  /** `words`: what applying it does, in a sentence; null = only a person can mend it. */ readonly remedy: { readonly words: string; readonly action: RemedyAction } | null;
};
