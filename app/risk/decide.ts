/** From an intent to a decision: the same bars, book and limits give the same order, or the same reason for none. */
import type { DenialCode, RuleResult } from '#app/domain/limits.ts';
import { clientOrderId } from '#app/domain/ids.ts';
import { notional, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderSource, OrderType, Side, TimeInForce } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { equityOf, shareOf, withOpenOrder, type OpenOrder, type RiskBook, type RiskMarket } from './book.ts';
import { askRules, orderNotional, type Answer, type Proposal } from './rules.ts';
import { sizeEntry, type Sizing } from './sizing.ts';

/** What somebody wants. `tsMarket` is the market time of the wish. */
export type Intent =
  /** A strategy's new target. `sizing` null: its sizing could not be read, so no entry. */
  | {
      readonly kind: 'signal'; readonly signalId: string; readonly strategyId: string; readonly symbol: string; readonly target: 'long' | 'flat';
      readonly referencePrice: Price; readonly atr: Price | null; readonly sizing: Sizing | null; readonly tsMarket: EpochMs; readonly tsBarSeen: EpochMs | null;
    }
  /** Risk closes a share: a follow-up of an exit that did not complete, or a flatten. strategyId null = the manual share. */
  | { readonly kind: 'exit'; readonly decisionId: string; readonly signalId: string | null; readonly strategyId: string | null; readonly symbol: string; readonly tsMarket: EpochMs }
  /** A person's order. */
  | {
      readonly kind: 'manual'; readonly decisionId: string; readonly symbol: string; readonly side: Side; readonly type: OrderType; readonly timeInForce: TimeInForce;
      readonly qty: Quantity; readonly limitPrice: Price | null; readonly tsMarket: EpochMs;
    };

/** What risk decided, complete: the row, the event and the explanation are all made from it. */
export type Decision = {
  readonly decisionId: string;
  readonly clientOrderId: string | null;
  readonly outcome: 'approved' | 'denied';
  readonly code: DenialCode | null;
  /** One sentence for people. */
  readonly message: string;
  readonly rules: readonly RuleResult[];
  readonly source: OrderSource;
  readonly signalId: string | null;
  readonly strategyId: string | null;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly timeInForce: TimeInForce;
  /** Shares; 0 when there was nothing to order. */
  readonly qty: Quantity;
  readonly limitPrice: Price | null;
  readonly isReducing: boolean;
  readonly referencePrice: Price | null;
  readonly reservedNotional: Money;
  readonly tsMarket: EpochMs;
  readonly tsBarSeen: EpochMs | null;
  /** Open orders to cancel because the share is to be closed: its entries, and its resting limit orders. */
  readonly cancels: readonly OpenOrder[];
};

type Head = Pick<Decision, 'decisionId' | 'source' | 'signalId' | 'strategyId' | 'tsMarket' | 'tsBarSeen'>;

const MARKET = { type: 'market', timeInForce: 'day', limitPrice: null } as const;

function headOf(intent: Intent): Head {
  switch (intent.kind) {
    case 'signal':
      return { decisionId: intent.signalId, source: 'strategy', signalId: intent.signalId, strategyId: intent.strategyId, tsMarket: intent.tsMarket, tsBarSeen: intent.tsBarSeen };
    case 'exit':
      return { decisionId: intent.decisionId, source: 'risk', signalId: intent.signalId, strategyId: intent.strategyId, tsMarket: intent.tsMarket, tsBarSeen: null };
    case 'manual':
      return { decisionId: intent.decisionId, source: 'manual', signalId: null, strategyId: null, tsMarket: intent.tsMarket, tsBarSeen: null };
  }
}

function proposeExit(book: RiskBook, strategyId: string | null, symbol: string, referencePrice: Price | null): Proposal {
  const share = shareOf(book, strategyId, symbol);
  return { ...MARKET, purpose: 'exit', strategyId, symbol, side: share.closingSide ?? 'sell', qty: share.free, referencePrice, isReducing: true, sizing: null };
}

function propose(book: RiskBook, market: RiskMarket, intent: Intent): Proposal {
  const { symbol } = intent;
  const price = market.prices.get(symbol);
  const known = price?.gt(0) === true ? price : null;
  if (intent.kind === 'exit') return proposeExit(book, intent.strategyId, symbol, known);
  if (intent.kind === 'manual') {
    const { side, type, timeInForce, qty, limitPrice } = intent;
    const share = shareOf(book, null, symbol);
    const isReducing = side === share.closingSide && qty.lte(share.free);
    return { purpose: 'manual', strategyId: null, symbol, side, type, timeInForce, qty, limitPrice, referencePrice: known, isReducing, sizing: null };
  }
  const { strategyId, referencePrice, atr, sizing } = intent;
  if (intent.target === 'flat') return proposeExit(book, strategyId, symbol, referencePrice);
  const sized = sizing === null ? { qty: ZERO_QUANTITY, why: "the strategy's sizing cannot be read" } : sizeEntry(sizing, { equity: equityOf(book, market), price: referencePrice, atr });
  return { ...MARKET, purpose: 'enter', strategyId, symbol, side: 'buy', qty: sized.qty, referencePrice, isReducing: false, sizing: sized.why };
}

/** What stands in the way of closing a share: orders that build it up, and resting limit orders that hold its shares. */
function blockingOrders(book: RiskBook, proposal: Proposal): OpenOrder[] {
  if (proposal.purpose !== 'exit') return [];
  return book.openOrders.filter((order) => order.symbol === proposal.symbol && order.strategyId === proposal.strategyId && (!order.isReducing || order.limitPrice !== null));
}

function approvalMessage(proposal: Proposal): string {
  const verb = proposal.side === 'buy' ? 'Buy' : 'Sell';
  const how = proposal.limitPrice === null ? 'at market' : `at ${toText(proposal.limitPrice)} or better`;
  return `${verb} ${toText(proposal.qty)} ${proposal.symbol} ${how}${proposal.sizing === null ? '' : ` (${proposal.sizing})`}`;
}

/** Why not, and for an entry also how many shares were meant: a limit is understood only with the size that met it. */
function denialMessage(proposal: Proposal, obstacle: Answer): string {
  return proposal.sizing === null || obstacle.result.code === 'QUANTITY_ZERO' ? obstacle.because : `${obstacle.because} Sizing: ${proposal.sizing}.`;
}

/** Decides. Pure: the book that the next decision must see is `applyDecision(book, decision)`. */
export function decide(book: RiskBook, market: RiskMarket, intent: Intent): Decision {
  const head = headOf(intent);
  const proposal = propose(book, market, intent);
  const answers = askRules(book, market, proposal);
  const obstacle = answers.find((answer) => !answer.result.passed);
  const isApproved = obstacle === undefined;
  const reserved = isApproved && !proposal.isReducing ? (orderNotional(proposal) ?? ZERO_MONEY) : ZERO_MONEY;
  const { symbol, side, type, timeInForce, qty, limitPrice, isReducing, referencePrice } = proposal;
  return {
    ...head, symbol, side, type, timeInForce, qty, limitPrice, isReducing, referencePrice,
    clientOrderId: isApproved ? clientOrderId(head.decisionId) : null,
    outcome: isApproved ? 'approved' : 'denied',
    code: obstacle?.result.code ?? null,
    message: obstacle === undefined ? approvalMessage(proposal) : denialMessage(proposal, obstacle),
    rules: answers.map((answer) => answer.result),
    reservedNotional: reserved,
    cancels: blockingOrders(book, proposal),
  };
}

/** The book after a decision: an approved order is open from now on. */
export function applyDecision(book: RiskBook, decision: Decision): RiskBook {
  if (decision.clientOrderId === null) return book;
  const { decisionId, strategyId, symbol, side, limitPrice, isReducing, qty, reservedNotional } = decision;
  return withOpenOrder(book, { decisionId, clientOrderId: decision.clientOrderId, strategyId, symbol, side, limitPrice, isReducing, openQty: qty, reserved: reservedNotional });
}

/** The reservation of an order's unfilled part. reserved 100 for 10 shares, 4 filled = 60. */
export function reservationLeft(reserved: Money, qty: Quantity, filledQty: Quantity): Money {
  const left = qty.minus(filledQty) as Quantity;
  return left.gt(0) && !reserved.isZero() ? notional(left, reserved.div(qty) as Price) : ZERO_MONEY;
}
