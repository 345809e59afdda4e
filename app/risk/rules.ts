/** The pre-trade rules: named, ordered, each with the threshold and the value it saw. The first that fails gives the denial's code. */
import { maySendLive } from '#app/domain/arming.ts';
import type { DenialCode, RuleResult } from '#app/domain/limits.ts';
import { addMoney, addQuantity, notional, toText, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderType, Side, TimeInForce } from '#app/domain/order.ts';
import { cashNeed, dayLossOf, freeCash, grossExposure, ordersAcross, positionNotional, reservedOn, shareOf, type RiskBook, type RiskMarket, type Share } from './book.ts';

/** The order that an intent comes down to. enter: a strategy wants to be long; exit: a share is to be closed; manual: a person's order. */
export type Proposal = {
  readonly purpose: 'enter' | 'exit' | 'manual';
  readonly strategyId: string | null;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Shares, 0 when there is nothing to order. */
  readonly qty: Quantity;
  readonly limitPrice: Price | null;
  /** Newest price of the symbol, null when none is known. */
  readonly referencePrice: Price | null;
  readonly isReducing: boolean;
  /** The arithmetic behind qty, in words. */
  readonly sizing: string | null;
};

/** A rule's answer: its result and, when it failed, the sentence that a person reads. */
export type Answer = { readonly result: RuleResult; readonly because: string };

type Question = { readonly book: RiskBook; readonly market: RiskMarket; readonly proposal: Proposal; readonly share: Share };
type Verdict = { readonly passed: boolean; readonly threshold: string | null; readonly observed: string | null; readonly because: string };
/** `ask` gives null when the rule does not apply to the question. */
type Rule = { readonly name: string; readonly code: DenialCode; readonly unit: RuleResult['unit']; readonly ask: (question: Question) => Verdict | null };

/** Dollars for people: two digits, for example $10,400.25. */
function dollars(amount: Money): string {
  const [whole = '0', cents = '00'] = amount.abs().toFixed(2).split('.');
  return `${amount.isNegative() && !amount.isZero() ? '-' : ''}$${whole.replace(/\B(?=(\d{3})+$)/g, ',')}.${cents}`;
}

/** Dollars of the order at the price that counts: the limit of a limit order, else the newest price. Null when no price is known. */
export function orderNotional(proposal: Proposal): Money | null {
  const price = proposal.limitPrice ?? proposal.referencePrice;
  return price === null ? null : notional(proposal.qty, price);
}

/** A limit in dollars. An order that reduces passes it always: an exit is never held up by the exposure that it shrinks. */
function dollarLimit(question: Question, limit: Money, observed: Money, because: (limit: string, observed: string) => string): Verdict {
  const passed = question.proposal.isReducing || observed.lte(limit);
  return { passed, threshold: toText(limit), observed: toText(observed), because: because(dollars(limit), dollars(observed)) };
}

const STATE_RULES: readonly Rule[] = [
  {
    name: 'trading_not_halted', code: 'TRADING_HALTED', unit: 'state',
    ask: ({ book }) => ({ passed: book.tradingState !== 'HALTED', threshold: 'not HALTED', observed: book.tradingState, because: 'Trading is halted. Resume it to send orders.' }),
  },
  {
    name: 'trading_allows_entries', code: 'TRADING_REDUCING_ONLY', unit: 'state',
    ask: ({ book, proposal }) => ({
      passed: book.tradingState === 'ACTIVE' || proposal.isReducing, threshold: 'ACTIVE, or the order reduces a position', observed: book.tradingState,
      because: 'Only orders that reduce a position may go out now.',
    }),
  },
  {
    name: 'live_armed', code: 'LIVE_DISARMED', unit: 'state',
    ask: ({ book, proposal }) => {
      if (book.arming === 'not_needed') return null;
      return {
        passed: maySendLive(book.arming, proposal.isReducing), threshold: 'armed, or the order reduces a position', observed: book.arming,
        because: 'The real account is not armed: only orders that reduce a position may go out. Arm live trading to open or enlarge positions.',
      };
    },
  },
  {
    name: 'symbol_tradable', code: 'SYMBOL_NOT_TRADABLE', unit: 'state',
    ask: ({ book, proposal }) => {
      const asset = book.assets.get(proposal.symbol);
      const observed = asset === undefined ? 'unknown' : asset.isTradable ? 'tradable' : 'not tradable';
      return { passed: asset?.isTradable === true, threshold: 'tradable', observed, because: asset ? `The broker does not trade ${proposal.symbol} now.` : `${proposal.symbol} is not among the broker's symbols.` };
    },
  },
  {
    name: 'fractions_allowed', code: 'SYMBOL_NOT_TRADABLE', unit: 'shares',
    ask: ({ book, proposal }) => {
      if (proposal.purpose !== 'manual' || proposal.qty.isInteger()) return null;
      const passed = book.assets.get(proposal.symbol)?.isFractionable === true && proposal.timeInForce === 'day';
      return { passed, threshold: 'whole shares', observed: toText(proposal.qty), because: `A part of a share can be traded only in symbols that allow it, and only good for the day; ${proposal.symbol} needs whole shares here.` };
    },
  },
  {
    name: 'price_known', code: 'PRICE_MISSING', unit: 'USD',
    ask: ({ proposal }) => ({
      passed: proposal.referencePrice !== null, threshold: null, observed: proposal.referencePrice === null ? null : toText(proposal.referencePrice),
      because: `No price of ${proposal.symbol} is known yet.`,
    }),
  },
];

const TARGET_RULES: readonly Rule[] = [
  {
    name: 'at_least_one_share', code: 'QUANTITY_ZERO', unit: 'shares',
    ask: ({ proposal }) => {
      if (proposal.purpose === 'exit' || proposal.referencePrice === null) return null;
      return { passed: proposal.qty.gt(0), threshold: proposal.purpose === 'enter' ? '1' : '0', observed: toText(proposal.qty), because: `The sizing gives no whole share: ${proposal.sizing ?? 'no sizing'}.` };
    },
  },
  {
    name: 'something_to_exit', code: 'NOTHING_TO_EXIT', unit: 'shares',
    ask: ({ proposal, share }) => {
      if (proposal.purpose !== 'exit') return null;
      const isEntering = share.entering.gt(0);
      return { passed: !share.held.isZero() || isEntering, threshold: 'more than 0', observed: toText(share.held), because: `There is no position in ${proposal.symbol} to close.` };
    },
  },
  {
    name: 'no_exit_pending', code: 'EXIT_PENDING', unit: 'shares',
    ask: ({ proposal, share }) => {
      if (proposal.purpose === 'manual') return null;
      if (proposal.purpose === 'enter') {
        return { passed: share.exiting.isZero(), threshold: '0', observed: toText(share.exiting), because: `An exit of ${toText(share.exiting)} ${proposal.symbol} is still open; entering now would cross it.` };
      }
      if (share.held.isZero() && share.entering.isZero()) return null;
      const because = share.entering.gt(0)
        ? `An entry into ${proposal.symbol} is still open. It is being cancelled; what it filled is sold when it has closed.`
        : share.exiting.gt(0)
          ? `The ${proposal.symbol} shares are already in open closing orders.`
          : `The account holds fewer ${proposal.symbol} than this share says. Reconcile before closing it.`;
      return { passed: share.entering.isZero() && share.free.gt(0), threshold: 'free shares, no open entry', observed: toText(share.free), because };
    },
  },
  {
    name: 'target_not_held', code: 'TARGET_ALREADY_HELD', unit: 'shares',
    ask: ({ proposal, share }) => {
      if (proposal.purpose !== 'enter') return null;
      const onTheWay = share.held.plus(share.entering) as Quantity;
      return { passed: onTheWay.isZero(), threshold: '0', observed: toText(onTheWay), because: `The strategy already holds or is buying ${toText(onTheWay)} ${proposal.symbol}.` };
    },
  },
  {
    name: 'no_opposite_order', code: 'OPPOSITE_ORDER_OPEN', unit: 'shares',
    ask: ({ book, proposal }) => {
      if (proposal.qty.isZero()) return null;
      const across = ordersAcross(book, proposal).reduce((sum, order) => addQuantity(sum, order.openQty), ZERO_QUANTITY);
      const opposite = proposal.side === 'buy' ? 'sell' : 'buy';
      const then = proposal.purpose === 'exit' ? 'The exit follows when it has closed.' : 'Cancel it, or wait until it has closed.';
      return { passed: across.isZero(), threshold: '0', observed: toText(across), because: `An open order to ${opposite} ${toText(across)} ${proposal.symbol} would trade against this one, which brokers refuse. ${then}` };
    },
  },
  {
    name: 'no_short', code: 'SHORT_NOT_ALLOWED', unit: 'shares',
    ask: ({ proposal, share }) => {
      if (proposal.side !== 'sell') return null;
      const mayBeSold = share.closingSide === 'sell' ? share.free : share.free.times(0);
      const passed = proposal.purpose === 'exit' || proposal.qty.lte(mayBeSold);
      const because = `Only ${toText(mayBeSold)} ${proposal.symbol} bought by hand can be sold; selling short is not allowed. Close a strategy's position with Flatten.`;
      return { passed, threshold: toText(mayBeSold), observed: toText(proposal.qty), because };
    },
  },
];

const LIMIT_RULES: readonly Rule[] = [
  {
    name: 'buying_power', code: 'BUYING_POWER_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const size = orderNotional(question.proposal);
      if (size === null) return null;
      return dollarLimit(question, freeCash(question.book), cashNeed(question.proposal.limitPrice, size), (limit, observed) => `The order needs ${observed} in cash, ${limit} is free.`);
    },
  },
  {
    name: 'max_order_notional', code: 'ORDER_NOTIONAL_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const size = orderNotional(question.proposal);
      if (size === null) return null;
      return dollarLimit(question, question.book.limits.maxOrderNotional, size, (limit, observed) => `The order is worth ${observed}; one order may be ${limit} at most.`);
    },
  },
  {
    name: 'max_position_notional', code: 'POSITION_NOTIONAL_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const { book, market, proposal } = question;
      const size = orderNotional(proposal);
      if (size === null) return null;
      const before = addMoney(positionNotional(book, market, proposal.symbol, proposal.referencePrice ?? undefined), reservedOn(book, proposal.symbol));
      const after = proposal.isReducing ? before : addMoney(before, size);
      return dollarLimit(question, book.limits.maxPositionNotional, after, (limit, observed) => `The position in ${proposal.symbol} would be worth ${observed}; ${limit} is allowed.`);
    },
  },
  {
    name: 'max_gross_exposure', code: 'GROSS_EXPOSURE_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const { book, market, proposal } = question;
      const size = orderNotional(proposal);
      if (size === null) return null;
      const before = grossExposure(book, market, proposal.referencePrice === null ? undefined : { symbol: proposal.symbol, price: proposal.referencePrice });
      const after = proposal.isReducing ? before : addMoney(before, size);
      return dollarLimit(question, book.limits.maxGrossExposure, after, (limit, observed) => `All positions and open orders would be worth ${observed}; ${limit} is allowed.`);
    },
  },
  {
    name: 'max_daily_loss', code: 'DAILY_LOSS_EXCEEDED', unit: 'USD',
    ask: ({ book, market, proposal }) => {
      const loss = dayLossOf(book, market);
      const limit = book.limits.maxDailyLoss;
      const passed = proposal.isReducing || (!market.isDailyLossTripped && loss.lt(limit));
      const because = loss.lt(limit)
        ? `The day's loss reached the limit of ${dollars(limit)} earlier today; until tomorrow only orders that reduce a position pass.`
        : `The day's loss is ${dollars(loss)}; at ${dollars(limit)} only orders that reduce a position pass.`;
      return { passed, threshold: toText(limit), observed: toText(loss), because };
    },
  },
];

/** All rules in the order in which they are asked. */
export const RULES: readonly Rule[] = [...STATE_RULES, ...TARGET_RULES, ...LIMIT_RULES];

/** Asks every rule that applies. All are asked, so that a person sees the whole picture and not only the first obstacle. */
export function askRules(book: RiskBook, market: RiskMarket, proposal: Proposal): Answer[] {
  const share = shareOf(book, proposal.strategyId, proposal.symbol);
  const answers: Answer[] = [];
  for (const rule of RULES) {
    const verdict = rule.ask({ book, market, proposal, share });
    if (verdict === null) continue;
    const { passed, threshold, observed, because } = verdict;
    answers.push({ result: { rule: rule.name, passed, threshold, observed, unit: rule.unit, code: passed ? null : rule.code, wouldPass: null }, because });
  }
  return answers;
}
