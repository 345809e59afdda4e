/** The record of a decision: every fact that it looked at, with its source and age. */
import type { DecisionInput } from '#app/domain/limits.ts';
import { toText, ZERO_QUANTITY, type Decimal } from '#app/domain/numeric.ts';
import { calendarCovers, calendarRevision, exchangeDay, isInSession } from '#app/market/calendar.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { equityOf, reservedOn, shareOf, strategyNotional, type RiskBook, type RiskMarket } from './book.ts';
import { isOfBar, type Proposal } from './draft.ts';

type Origin = { readonly source: string; readonly asOf: EpochMs | null; readonly now: EpochMs | null };

function input(name: string, value: string, unit: DecisionInput['unit'], { source, asOf, now }: Origin): DecisionInput {
  return { name, value, unit, source, asOf, ageMs: asOf === null || now === null ? null : Math.max(0, now - asOf) };
}

const text = (value: Decimal): string => toText(value.toDecimalPlaces(9));

function settings({ facts, tradingState, arming }: RiskBook): DecisionInput[] {
  const { readAt: now } = facts;
  const inputs = [
    input('trading_state', tradingState, 'state', { source: `trading state, version ${facts.tradingStateVersion ?? '-'}`, asOf: facts.tradingStateSince, now: null }),
    input('limits', facts.limitsVersion === null ? 'given' : `version ${facts.limitsVersion}`, 'none', { source: 'risk limits', asOf: facts.limitsSetAt, now: null }),
  ];
  if (facts.leaseRenewedAt !== null) inputs.push(input('risk_lease', 'held', 'state', { source: "risk's lease, by the book's clock", asOf: facts.leaseRenewedAt, now }));
  if (arming !== 'not_needed') inputs.push(input('live_arming', arming, 'state', { source: 'the supervisor', asOf: now, now }));
  return inputs;
}

function marketInputs(market: RiskMarket, proposal: Proposal): DecisionInput[] {
  const isSignal = isOfBar(proposal);
  const asOf = isSignal ? proposal.tsMarket : (market.priceTimes.get(proposal.symbol) ?? null);
  const day = exchangeDay(proposal.tsMarket);
  const isOpen = calendarCovers(proposal.tsMarket) && isInSession(proposal.tsMarket);
  const inputs = [input('session', isOpen ? 'open' : 'closed', 'state', { source: `exchange calendar of ${day}, revision ${calendarRevision()}`, asOf: proposal.tsMarket, now: null })];
  if (proposal.referencePrice !== null) inputs.push(input('price', text(proposal.referencePrice), 'USD', { source: isSignal ? "close of the signal's bar" : 'newest close', asOf, now: market.now }));
  return inputs;
}

/** Of a strategy that has limits of its own: what it has used of them. */
function strategyInputs(book: RiskBook, market: RiskMarket, { strategyId }: Proposal, ledger: Origin): DecisionInput[] {
  const limits = strategyId === null ? null : (book.strategies.get(strategyId)?.limits ?? null);
  if (strategyId === null || limits === null) return [];
  return [
    input('strategy_notional', text(strategyNotional(book, market, strategyId)), 'USD', { ...ledger, source: `our ledger, everything that ${strategyId} holds and has ordered` }),
    input('strategy_entries_today', String(market.entriesByStrategy.get(strategyId) ?? 0), 'count', ledger),
  ];
}

function accountInputs(book: RiskBook, market: RiskMarket, proposal: Proposal): DecisionInput[] {
  const { facts, margin } = book;
  const ledger: Origin = { source: 'our ledger', asOf: facts.readAt, now: facts.readAt };
  const share = shareOf(book, proposal.strategyId, proposal.symbol);
  const open = book.openOrders.filter((order) => order.symbol === proposal.symbol).length;
  const inputs = [
    input('equity', text(equityOf(book, market)), 'USD', { ...ledger, source: 'our ledger at the newest closes' }), input('cash', text(book.cash), 'USD', ledger),
    input('position', text(book.positions.get(proposal.symbol) ?? ZERO_QUANTITY), 'shares', ledger), input('share', text(share.held), 'shares', { ...ledger, source: `our ledger, share of ${proposal.strategyId ?? 'the manual position'}` }),
    input('free_shares', text(share.free), 'shares', { ...ledger, source: 'share less open orders that take it, by our books and the broker\'s last word' }),
    input('open_orders', String(open), 'count', { ...ledger, source: `open orders in ${proposal.symbol}` }), input('reserved', text(reservedOn(book, null)), 'USD', { ...ledger, source: 'reservations of all open orders' }),
    input('day_open_equity', text(market.dayOpenEquity), 'USD', { source: 'equity at the begin of the exchange day', asOf: null, now: null }),
    input('entries_today', String(market.entriesToday), 'count', ledger),
  ];
  inputs.push(...strategyInputs(book, market, proposal, ledger));
  if (market.peakEquity !== null) inputs.push(input('peak_equity', text(market.peakEquity), 'USD', { source: 'highest equity since the drawdown is measured', asOf: null, now: null }));
  if (margin !== null) inputs.push(input('buying_power', text(margin.buyingPower), 'USD', { source: "the broker's account", asOf: facts.brokerSaidAt, now: facts.readAt }));
  const theirs = book.brokerPositions.get(proposal.symbol);
  if (theirs !== undefined) inputs.push(input('broker_position', text(theirs), 'shares', { source: 'the last comparison with the broker', asOf: null, now: null }));
  return inputs;
}

/** The inputs of a decision, in the order in which a person would ask for them. Pure. */
export function inputsOf(book: RiskBook, market: RiskMarket, proposal: Proposal): DecisionInput[] {
  return [...settings(book), ...marketInputs(market, proposal), ...accountInputs(book, market, proposal)];
}
