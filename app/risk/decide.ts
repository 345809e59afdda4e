/** From an intent to a decision: the same bars, book and limits give the same order, or the same reason for none. */
import type { DecisionRecord, DenialCode, RuleResult } from '#app/domain/limits.ts';
import { clientOrderId } from '#app/domain/ids.ts';
import { notional, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { OrderSource } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { forOneDecision, withOpenOrder, type RiskBook, type RiskMarket } from './book.ts';
import type { OpenOrder } from './open-orders.ts';
import { sizeThatCounts, type OrderDraft, type Proposal } from './draft.ts';
import type { Intent } from './intent.ts';
import { propose, type Proposed } from './propose.ts';
import { inputsOf } from './record.ts';
import { askRules } from './rules.ts';
import type { Answer } from './rule.ts';
import { isOwnResting, ordersOfShare } from './target.ts';

export type { Intent, Protection } from './intent.ts';

/** What risk decided, as far as an order is made of it. */
export type Ruling = OrderDraft & {
  readonly decisionId: string;
  readonly clientOrderId: string | null;
  readonly outcome: 'approved' | 'denied';
  readonly code: DenialCode | null;
  readonly source: OrderSource;
  readonly signalId: string | null;
  readonly reservedNotional: Money;
  /** What the order to be replaced had filled when this was decided; null when none is replaced. */
  readonly replacedFilledQty: Quantity | null;
  readonly tsBarSeen: EpochMs | null;
  /** Open orders to cancel because the share is to be closed, or a new target takes their place: its entries, and its resting orders. */
  readonly cancels: readonly OpenOrder[];
  /**
   * Signed shares that the share still owes its strategy after this decision: 0 after every wish to be flat; those of a target of which only the first step could be taken now, the
   * exit from the other side, or the end of what is open. Null: no more follows, whether it was reached or denied.
   */
  readonly owes: Quantity | null;
};

/** What risk decided, complete: the row, the event and the explanation are all made from it. */
export type Decision = Ruling & {
  /** One sentence for people. */
  readonly message: string;
  readonly rules: readonly RuleResult[];
  /** The facts that it was made on, and the steps of the sizing. */
  readonly record: DecisionRecord;
};

type Head = Pick<Ruling, 'decisionId' | 'source' | 'signalId' | 'tsBarSeen'>;

function headOf(intent: Intent): Head {
  switch (intent.kind) {
    case 'signal':
    case 'order':
      return { decisionId: intent.signalId, source: 'strategy', signalId: intent.signalId, tsBarSeen: intent.tsBarSeen };
    case 'target':
      return { decisionId: intent.decisionId, source: 'risk', signalId: intent.signalId, tsBarSeen: null };
    case 'exit':
      return { decisionId: intent.decisionId, source: 'risk', signalId: intent.signalId, tsBarSeen: null };
    case 'reduce':
    case 'manual':
    case 'replace':
      return { decisionId: intent.decisionId, source: 'manual', signalId: null, tsBarSeen: null };
  }
}

/** Denials that pass by themselves: what is in the way is on its way out. */
const PASSING: readonly (DenialCode | null)[] = ['EXIT_PENDING', 'OPPOSITE_ORDER_OPEN'];

/**
 * What a new target takes the place of: orders that build its share up, and resting ones that hold its shares. Where nothing follows (it is held already, or was denied for good) the
 * exits of what is held stay: a position does not lose its stop-loss to a target that came to nothing.
 */
function replacedOrders(book: RiskBook, { purpose, asked, desired, strategyId, symbol }: Proposal, code: DenialCode | null): OpenOrder[] {
  if (purpose === 'manual' || purpose === 'replace' || (asked !== null && desired === null)) return [];
  const open = ordersOfShare(book, strategyId, symbol);
  const isFollowed = desired === null ? purpose === 'exit' : code === null || PASSING.includes(code);
  if (isFollowed) return open.filter((order) => !order.isReducing || order.type !== 'market');
  if (code === 'TARGET_ALREADY_HELD') return open.filter(isOwnResting);
  return open.filter((order) => !order.isReducing && (desired !== null || isOwnResting(order)));
}

/** What is owed after a decision. A first step that was denied for good leaves the exit alone owed, not the entry behind it; a missed entry stays missed. */
function owedAfter({ purpose, desired }: Proposal, owes: Quantity | null, code: DenialCode | null): Quantity | null {
  const isPassing = PASSING.includes(code);
  if (owes !== null) return code === null || isPassing ? owes : ZERO_QUANTITY;
  if (desired === null || code === null || (purpose === 'enter' && code !== 'EXIT_PENDING')) return null;
  return isPassing ? desired : null;
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
  const isShortEntry = proposal.side === 'sell' && proposal.purpose === 'enter';
  const verb = proposal.side === 'buy' ? 'Buy' : isShortEntry ? 'Sell short' : 'Sell';
  const exits = [proposal.takeProfit === null ? '' : `take-profit ${toText(proposal.takeProfit.limitPrice)}`, proposal.stopLoss === null ? '' : `stop-loss ${toText(proposal.stopLoss.stopPrice)}`].filter((exit) => exit !== '');
  const how = `${priceInWords(proposal)}${exits.length === 0 ? '' : `, ${exits.join(', ')}`}`;
  return `${verb} ${toText(proposal.qty)} ${proposal.symbol} ${how}${proposal.replaces === null ? '' : `, in place of ${proposal.replaces}`}${proposal.sizing === null ? '' : ` (${proposal.sizing})`}`;
}

/** Why not, and for an entry also how many shares were meant: a limit is understood only with the size that met it. */
function denialMessage({ sizing }: Proposal, obstacle: Answer): string {
  const { because } = obstacle.told();
  return sizing === null || obstacle.code === 'QUANTITY_ZERO' ? because : `${because} Sizing: ${sizing}.`;
}

function draftOf(proposal: Proposal): OrderDraft {
  const { purpose: _purpose, sizing: _sizing, isDaily: _isDaily, asked: _asked, desired: _desired, replacing: _replacing, ...draft } = proposal;
  return draft;
}

/** The book without an open order: what the decision on the one that takes its place sees. */
function without(book: RiskBook, order: OpenOrder): RiskBook {
  return { ...book, openOrders: book.openOrders.filter((other) => other.clientOrderId !== order.clientOrderId) };
}

type Judged = Proposed & { readonly seen: RiskBook; readonly answers: readonly Answer[]; readonly obstacle: Answer | undefined; readonly ruling: Ruling };

function judge(book: RiskBook, market: RiskMarket, intent: Intent): Judged {
  const head = headOf(intent);
  const seen = forOneDecision(intent.kind === 'replace' ? without(book, intent.replacing.order) : book);
  const proposed = propose(seen, market, intent);
  const { proposal, owes } = proposed;
  const answers = askRules(seen, market, proposal);
  const obstacle = answers.find(({ code }) => code !== null);
  const isApproved = obstacle === undefined;
  const code = obstacle?.code ?? null;
  const ruling: Ruling = {
    ...draftOf(proposal), ...head, code,
    clientOrderId: isApproved ? clientOrderId(head.decisionId) : null,
    outcome: isApproved ? 'approved' : 'denied',
    reservedNotional: isApproved && !proposal.isReducing ? (sizeThatCounts({ ...proposal, replacing: null }) ?? ZERO_MONEY) : ZERO_MONEY,
    replacedFilledQty: intent.kind === 'replace' ? intent.replacing.filledQty : null,
    cancels: replacedOrders(seen, proposal, code),
    owes: owedAfter(proposal, owes, code),
  };
  return { ...proposed, seen, answers, obstacle, ruling };
}

/** Decides without a word about it: for a back-test, which decides thousands of times and is never asked why. */
export function rule(book: RiskBook, market: RiskMarket, intent: Intent): Ruling {
  return judge(book, market, intent).ruling;
}

/** Decides. Pure: the book that the next decision must see is `applyDecision(book, decision)`. */
export function decide(book: RiskBook, market: RiskMarket, intent: Intent): Decision {
  const { proposal, steps, seen, answers, obstacle, ruling } = judge(book, market, intent);
  return {
    ...ruling,
    message: obstacle === undefined ? approvalMessage(proposal) : denialMessage(proposal, obstacle),
    rules: answers.map((answer) => answer.told().result),
    record: { inputs: inputsOf(seen, market, proposal), sizing: [...steps] },
  };
}

/** An approved decision as the open order that it becomes. */
export function openOrderOf(decision: Ruling, filledQty: Quantity = ZERO_QUANTITY): OpenOrder {
  const { decisionId, strategyId, symbol, side, type, orderClass, limitPrice, isReducing, replaces, qty, reservedNotional } = decision;
  const openQty = qty.minus(filledQty) as Quantity;
  return {
    decisionId, clientOrderId: decision.clientOrderId ?? clientOrderId(decisionId), strategyId, symbol, side, type, orderClass, role: 'order', limitPrice, isReducing, replaces,
    openQty, countedQty: openQty, reserved: reservationLeft(reservedNotional, qty, filledQty),
  };
}

/** The book after a decision: an approved order is open from now on. */
export function applyDecision(book: RiskBook, decision: Ruling): RiskBook {
  return decision.clientOrderId === null ? book : withOpenOrder(book, openOrderOf(decision));
}

/** The reservation of an order's unfilled part. reserved 100 for 10 shares, 4 filled = 60. */
export function reservationLeft(reserved: Money, qty: Quantity, filledQty: Quantity): Money {
  const left = qty.minus(filledQty) as Quantity;
  return left.gt(0) && !reserved.isZero() ? notional(left, reserved.div(qty) as Price) : ZERO_MONEY;
}
