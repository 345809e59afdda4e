/** From an intent to a decision: the same bars, book and limits give the same order, or the same reason for none. */
import type { DecisionRecord, DenialCode, RuleResult, SizingStep } from '#app/domain/limits.ts';
import { clientOrderId } from '#app/domain/ids.ts';
import { notional, roundToTick, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS, type OrderTerms } from '#app/domain/order-terms.ts';
import type { OrderSource, Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { equityOf, shareOf, withOpenOrder, type RiskBook, type RiskMarket } from './book.ts';
import type { OpenOrder } from './open-orders.ts';
import { sizeThatCounts, type OrderDraft, type Proposal, type Replacing } from './draft.ts';
import { inputsOf } from './record.ts';
import { askRules } from './rules.ts';
import type { Answer } from './rule.ts';
import { sizeEntry, type Sizing } from './sizing.ts';

/** Exits that a strategy wants at the broker from its entry on, dollars per share; null = none. */
export type Protection = { readonly stopPrice: Price | null; readonly takeProfitPrice: Price | null };

/** What somebody wants. `tsMarket` is the market time of the wish. */
export type Intent =
  /** A strategy's new target. `sizing` null: its sizing could not be read, so no entry. `isDaily`: its bars are whole days. */
  | {
      readonly kind: 'signal'; readonly signalId: string; readonly strategyId: string; readonly symbol: string; readonly target: 'long' | 'flat'; readonly isDaily?: boolean;
      readonly referencePrice: Price; readonly atr: Price | null; readonly sizing: Sizing | null; readonly protection?: Protection | null; readonly tsMarket: EpochMs; readonly tsBarSeen: EpochMs | null;
    }
  /** A share is to be closed: a follow-up of an exit that did not complete, or a flatten. strategyId null = the manual share. */
  | { readonly kind: 'exit'; readonly decisionId: string; readonly signalId: string | null; readonly strategyId: string | null; readonly symbol: string; readonly tsMarket: EpochMs }
  /** A person closes a part of a share at market. */
  | { readonly kind: 'reduce'; readonly decisionId: string; readonly strategyId: string | null; readonly symbol: string; readonly qty: Quantity; readonly tsMarket: EpochMs }
  /** A person's order. */
  | { readonly kind: 'manual'; readonly decisionId: string; readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly terms: OrderTerms; readonly tsMarket: EpochMs }
  /** A person's change of an open order: `qty` unfilled shares under new terms in its place. */
  | { readonly kind: 'replace'; readonly decisionId: string; readonly replacing: Replacing; readonly qty: Quantity; readonly terms: OrderTerms; readonly tsMarket: EpochMs };

/** What risk decided, complete: the row, the event and the explanation are all made from it. */
export type Decision = OrderDraft & {
  readonly decisionId: string;
  readonly clientOrderId: string | null;
  readonly outcome: 'approved' | 'denied';
  readonly code: DenialCode | null;
  /** One sentence for people. */
  readonly message: string;
  readonly rules: readonly RuleResult[];
  /** The facts that it was made on, and the steps of the sizing. */
  readonly record: DecisionRecord;
  readonly source: OrderSource;
  readonly signalId: string | null;
  readonly reservedNotional: Money;
  /** What the order to be replaced had filled when this was decided; null when none is replaced. */
  readonly replacedFilledQty: Quantity | null;
  readonly tsBarSeen: EpochMs | null;
  /** Open orders to cancel because the share is to be closed: its entries, and its resting orders. */
  readonly cancels: readonly OpenOrder[];
};

type Head = Pick<Decision, 'decisionId' | 'source' | 'signalId' | 'tsBarSeen'>;
type Proposed = { readonly proposal: Proposal; readonly steps: readonly SizingStep[] };

function headOf(intent: Intent): Head {
  switch (intent.kind) {
    case 'signal':
      return { decisionId: intent.signalId, source: 'strategy', signalId: intent.signalId, tsBarSeen: intent.tsBarSeen };
    case 'exit':
      return { decisionId: intent.decisionId, source: 'risk', signalId: intent.signalId, tsBarSeen: null };
    case 'reduce':
    case 'manual':
    case 'replace':
      return { decisionId: intent.decisionId, source: 'manual', signalId: null, tsBarSeen: null };
  }
}

const NOTHING_SPECIAL = { replaces: null, sizing: null, isDaily: false, asked: null, replacing: null } as const;

type Exit = { readonly strategyId: string | null; readonly symbol: string; readonly asked: Quantity | null; readonly referencePrice: Price | null; readonly tsMarket: EpochMs };

/** Closes a share: what is free of it, or as much as was asked for. What is asked beyond the free shares is denied, not cut. */
function proposeExit(book: RiskBook, exit: Exit): Proposed {
  const share = shareOf(book, exit.strategyId, exit.symbol);
  const isWithin = exit.asked === null || exit.asked.lte(share.free);
  const proposal: Proposal = { ...MARKET_TERMS, ...NOTHING_SPECIAL, ...exit, purpose: 'exit', side: share.closingSide ?? 'sell', qty: exit.asked ?? share.free, isReducing: isWithin };
  const steps: SizingStep[] = [
    { step: 'held', how: 'shares of this share of the position', result: toText(share.held), unit: 'shares' },
    { step: 'free', how: 'held less closing orders, never more than the account and the broker have', result: toText(share.free), unit: 'shares' },
  ];
  return { proposal, steps };
}

/** Terms of an entry with its exits: a market order with both (bracket) or one of them, good until canceled so that the exits live overnight. */
function protectedTerms(protection: Protection | null): OrderTerms {
  const stop = protection?.stopPrice ?? null;
  const profit = protection?.takeProfitPrice ?? null;
  if (stop === null && profit === null) return MARKET_TERMS;
  return {
    ...MARKET_TERMS, timeInForce: 'gtc', orderClass: stop !== null && profit !== null ? 'bracket' : 'oto',
    takeProfit: profit === null ? null : { limitPrice: roundToTick(profit) }, stopLoss: stop === null ? null : { stopPrice: roundToTick(stop), limitPrice: null },
  };
}

function proposeEntry(book: RiskBook, market: RiskMarket, intent: Extract<Intent, { kind: 'signal' }>): Proposed {
  const { strategyId, symbol, referencePrice, atr, sizing, tsMarket } = intent;
  const sized = sizing === null ? { qty: ZERO_QUANTITY, why: "the strategy's sizing cannot be read", steps: [] } : sizeEntry(sizing, { equity: equityOf(book, market), price: referencePrice, atr });
  const proposal: Proposal = {
    ...protectedTerms(intent.protection ?? null), ...NOTHING_SPECIAL, purpose: 'enter', strategyId, symbol, side: 'buy', qty: sized.qty, referencePrice, isReducing: false, sizing: sized.why, isDaily: intent.isDaily ?? false, tsMarket,
  };
  return { proposal, steps: sized.steps };
}

function asAsked(proposal: Proposal): Proposed {
  return { proposal, steps: [{ step: 'asked for', how: 'by a person', result: toText(proposal.qty), unit: 'shares' }] };
}

function propose(book: RiskBook, market: RiskMarket, intent: Intent): Proposed {
  const { tsMarket } = intent;
  const known = (symbol: string): Price | null => {
    const price = market.prices.get(symbol);
    return price?.gt(0) === true ? price : null;
  };
  switch (intent.kind) {
    case 'signal':
      return intent.target === 'long' ? proposeEntry(book, market, intent) : proposeExit(book, { strategyId: intent.strategyId, symbol: intent.symbol, asked: null, referencePrice: intent.referencePrice, tsMarket });
    case 'exit':
      return proposeExit(book, { strategyId: intent.strategyId, symbol: intent.symbol, asked: null, referencePrice: known(intent.symbol), tsMarket });
    case 'reduce':
      return proposeExit(book, { strategyId: intent.strategyId, symbol: intent.symbol, asked: intent.qty, referencePrice: known(intent.symbol), tsMarket });
    case 'manual': {
      const { symbol, side, qty, terms } = intent;
      const share = shareOf(book, null, symbol);
      return asAsked({ ...terms, ...NOTHING_SPECIAL, purpose: 'manual', strategyId: null, symbol, side, qty, referencePrice: known(symbol), isReducing: side === share.closingSide && qty.lte(share.free), tsMarket });
    }
    case 'replace': {
      const { replacing, qty, terms } = intent;
      const { symbol, side, strategyId, clientOrderId: replaces } = replacing.order;
      const share = shareOf(book, strategyId, symbol);
      const isReducing = replacing.order.isReducing && (replacing.order.role !== 'order' || (side === share.closingSide && qty.lte(share.free)));
      return asAsked({ ...terms, ...NOTHING_SPECIAL, purpose: 'replace', strategyId, symbol, side, qty, referencePrice: known(symbol), isReducing, replaces, replacing, tsMarket });
    }
  }
}

/** What stands in the way of closing a share: orders that build it up, and resting orders that hold its shares. */
function blockingOrders(book: RiskBook, proposal: Proposal): OpenOrder[] {
  if (proposal.purpose !== 'exit' || proposal.asked !== null) return [];
  return book.openOrders.filter((order) => order.symbol === proposal.symbol && order.strategyId === proposal.strategyId && (!order.isReducing || order.type !== 'market'));
}

function priceInWords(draft: OrderDraft): string {
  const { type, limitPrice, stopPrice, trailPrice, trailPercent } = draft;
  const limit = limitPrice === null ? '' : toText(limitPrice);
  if (type === 'limit') return `at ${limit} or better`;
  if (type === 'stop') return `at market once ${stopPrice === null ? 'its stop' : toText(stopPrice)} is reached`;
  if (type === 'stop_limit') return `at ${limit} or better once ${stopPrice === null ? 'its stop' : toText(stopPrice)} is reached`;
  if (type === 'trailing_stop') return `by a stop that trails ${trailPrice === null ? `${trailPercent === null ? '' : toText(trailPercent)} %` : `$${toText(trailPrice)}`}`;
  return 'at market';
}

function approvalMessage(proposal: Proposal): string {
  const verb = proposal.side === 'buy' ? 'Buy' : 'Sell';
  const exits = [proposal.takeProfit === null ? '' : `take-profit ${toText(proposal.takeProfit.limitPrice)}`, proposal.stopLoss === null ? '' : `stop-loss ${toText(proposal.stopLoss.stopPrice)}`].filter((exit) => exit !== '');
  const how = `${priceInWords(proposal)}${exits.length === 0 ? '' : `, ${exits.join(', ')}`}`;
  return `${verb} ${toText(proposal.qty)} ${proposal.symbol} ${how}${proposal.replaces === null ? '' : `, in place of ${proposal.replaces}`}${proposal.sizing === null ? '' : ` (${proposal.sizing})`}`;
}

/** Why not, and for an entry also how many shares were meant: a limit is understood only with the size that met it. */
function denialMessage(proposal: Proposal, obstacle: Answer): string {
  return proposal.sizing === null || obstacle.result.code === 'QUANTITY_ZERO' ? obstacle.because : `${obstacle.because} Sizing: ${proposal.sizing}.`;
}

function draftOf(proposal: Proposal): OrderDraft {
  const { purpose: _purpose, sizing: _sizing, isDaily: _isDaily, asked: _asked, replacing: _replacing, ...draft } = proposal;
  return draft;
}

/** The book without an open order: what the decision on the one that takes its place sees. */
function without(book: RiskBook, order: OpenOrder): RiskBook {
  return { ...book, openOrders: book.openOrders.filter((other) => other.clientOrderId !== order.clientOrderId) };
}

/** Decides. Pure: the book that the next decision must see is `applyDecision(book, decision)`. */
export function decide(book: RiskBook, market: RiskMarket, intent: Intent): Decision {
  const head = headOf(intent);
  const seen = intent.kind === 'replace' ? without(book, intent.replacing.order) : book;
  const { proposal, steps } = propose(seen, market, intent);
  const answers = askRules(seen, market, proposal);
  const obstacle = answers.find((answer) => !answer.result.passed);
  const isApproved = obstacle === undefined;
  return {
    ...draftOf(proposal), ...head,
    clientOrderId: isApproved ? clientOrderId(head.decisionId) : null,
    outcome: isApproved ? 'approved' : 'denied',
    code: obstacle?.result.code ?? null,
    message: obstacle === undefined ? approvalMessage(proposal) : denialMessage(proposal, obstacle),
    rules: answers.map((answer) => answer.result),
    record: { inputs: inputsOf(seen, market, proposal), sizing: [...steps] },
    reservedNotional: isApproved && !proposal.isReducing ? (sizeThatCounts({ ...proposal, replacing: null }) ?? ZERO_MONEY) : ZERO_MONEY,
    replacedFilledQty: intent.kind === 'replace' ? intent.replacing.filledQty : null,
    cancels: blockingOrders(seen, proposal),
  };
}

/** An approved decision as the open order that it becomes. */
export function openOrderOf(decision: Decision, filledQty: Quantity = ZERO_QUANTITY): OpenOrder {
  const { decisionId, strategyId, symbol, side, type, orderClass, limitPrice, isReducing, replaces, qty, reservedNotional } = decision;
  const openQty = qty.minus(filledQty) as Quantity;
  return {
    decisionId, clientOrderId: decision.clientOrderId ?? clientOrderId(decisionId), strategyId, symbol, side, type, orderClass, role: 'order', limitPrice, isReducing, replaces,
    openQty, countedQty: openQty, reserved: reservationLeft(reservedNotional, qty, filledQty),
  };
}

/** The book after a decision: an approved order is open from now on. */
export function applyDecision(book: RiskBook, decision: Decision): RiskBook {
  return decision.clientOrderId === null ? book : withOpenOrder(book, openOrderOf(decision));
}

/** The reservation of an order's unfilled part. reserved 100 for 10 shares, 4 filled = 60. */
export function reservationLeft(reserved: Money, qty: Quantity, filledQty: Quantity): Money {
  const left = qty.minus(filledQty) as Quantity;
  return left.gt(0) && !reserved.isZero() ? notional(left, reserved.div(qty) as Price) : ZERO_MONEY;
}
