/** What moves cash and shares without an order: splits, dividends, the day's fees, cash in and out. */
import { invariant } from '#app/domain/errors.ts';
import { addMoney, ceilToCent, Decimal, floorToLot, money, notional, price, quantity, roundToLedger, roundToTick, subtractMoney, toText, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { end, note, tell, type Turn } from './venue-state.ts';
import type { CorporateAction, VenueOrder } from './venue-types.ts';

const ONE_SHARE = new Decimal(1);
const NANO_SHARE = new Decimal('0.000000001');

/** Carries out a corporate action before the first trade of its ex-date. */
export function act(turn: Turn, action: CorporateAction, at: EpochMs): void {
  if (action.kind === 'split') split(turn, action, at);
  else dividend(turn, action, at);
}

const scaled = <T extends Decimal>(value: T, ratio: Decimal): T => roundToLedger(value.times(ratio)) as T;

/** A position after a split; a part of a share that whole shares would leave behind is paid in cash. 5 shares at 1-for-2 become 2 and half a new share in cash. */
function splitPosition(turn: Turn, position: Position, ratio: Decimal, at: EpochMs): void {
  const { account } = turn.state;
  const { symbol } = position;
  const exact = position.qty.times(ratio);
  const lot = position.qty.isInteger() ? ONE_SHARE : NANO_SHARE;
  const qty = floorToLot(exact.abs(), lot).times(position.qty.s) as Quantity;
  const left = exact.minus(qty);
  const mark = account.marks.get(symbol) ?? position.avgPrice;
  const newMark = mark === null ? null : scaled(mark, new Decimal(1).div(ratio));
  const avgPrice = position.avgPrice === null ? null : scaled(position.avgPrice, new Decimal(1).div(ratio));
  note(turn, { type: 'SPLIT', at, symbol, qty: roundToLedger(exact.minus(position.qty)) as Quantity, perShareAmount: null, netAmount: ZERO_MONEY, description: `${symbol} split ${toText(roundToLedger(ratio))} for 1` });
  if (!left.isZero() && lot.eq(ONE_SHARE) && newMark && avgPrice) {
    const paid = roundToLedger(left.times(newMark)) as Money;
    account.cash = addMoney(account.cash, paid);
    account.realizedPnl = addMoney(account.realizedPnl, roundToLedger(left.times(newMark.minus(avgPrice))) as Money);
    note(turn, { type: 'CIL', at, symbol, qty: roundToLedger(left.negated()) as Quantity, perShareAmount: newMark, netAmount: paid, description: `${symbol} cash in place of a part of a share` });
  }
  if (qty.isZero()) {
    account.positions.delete(symbol);
    account.marks.delete(symbol);
    return;
  }
  account.positions.set(symbol, { ...position, qty, avgPrice });
  if (newMark) account.marks.set(symbol, newMark);
}

/** An order in new shares: more of them at a lower price; what is ordered is worth the same. */
function splitOrder(order: VenueOrder, ratio: Decimal, at: EpochMs): VenueOrder {
  const down = (value: Price | null): Price | null => (value === null ? null : roundToTick(value.div(ratio)));
  const shares = (value: Quantity): Quantity => floorToLot(value.times(ratio), order.qty?.isInteger() === true ? ONE_SHARE : NANO_SHARE);
  return {
    ...order, qty: order.qty === null ? null : shares(order.qty), filledQty: shares(order.filledQty), filledAvgPrice: order.filledAvgPrice === null ? null : scaled(order.filledAvgPrice, new Decimal(1).div(ratio)),
    limitPrice: down(order.limitPrice), stopPrice: down(order.stopPrice), trailPrice: down(order.trailPrice), hwm: down(order.hwm), bandPrice: down(order.bandPrice),
    reservePrice: order.reservePrice === null ? null : scaled(order.reservePrice, new Decimal(1).div(ratio)), updatedAt: at,
  };
}

/** Open orders follow a forward split that whole shares can follow; in every other split the broker takes them back. */
function split(turn: Turn, action: Extract<CorporateAction, { kind: 'split' }>, at: EpochMs): void {
  const { account, open } = turn.state;
  const ratio = quantity(action.newRate).div(quantity(action.oldRate));
  invariant(ratio.gt(0) && ratio.isFinite(), 'A split needs two rates greater than zero', { ...action });
  for (const order of open.of(action.symbol).sort((a, b) => a.seq - b.seq)) {
    const current = open.get(order.id);
    if (!current) continue;
    const follows = ratio.gte(1) && (current.qty === null || current.qty.times(ratio).isInteger()) && current.filledQty.times(ratio).isInteger() && current.replacedBy === null && current.replaces === null;
    if (follows) tell(turn, 'restated', at, splitOrder(current, ratio, at));
    else end(turn, current, 'canceled', at);
  }
  const position = account.positions.get(action.symbol);
  if (position) splitPosition(turn, position, ratio, at);
  const overnight = account.overnight.get(action.symbol);
  if (overnight) account.overnight.set(action.symbol, roundToLedger(overnight.times(ratio)) as Quantity);
}

/** Owed to who holds before the ex-date. Resting gtc limits to buy and stops to sell fall by the dividend; exits of a group are "do not reduce". */
function dividend(turn: Turn, action: Extract<CorporateAction, { kind: 'cash_dividend' }>, at: EpochMs): void {
  const { state } = turn;
  const rate = price(action.rate);
  invariant(rate.gt(0), 'A dividend must be greater than zero', { ...action });
  const position = state.account.positions.get(action.symbol);
  if (position) {
    const amount = roundToLedger(notional(position.qty, rate).toDecimalPlaces(2)) as Money;
    state.payables = [...state.payables, { at: action.payableAt, symbol: action.symbol, qty: position.qty, rate, amount }];
  }
  for (const order of state.open.of(action.symbol).sort((a, b) => a.seq - b.seq)) reduce(turn, order, rate, at);
  pay(turn, at);
}

function reduce(turn: Turn, order: VenueOrder, rate: Price, at: EpochMs): void {
  if (order.timeInForce !== 'gtc' || order.orderClass !== 'simple' || order.replacedBy !== null || order.replaces !== null) return;
  const lower = (value: Price | null): Price | null => (value?.gt(rate) === true ? (value.minus(rate).toDecimalPlaces(value.gte(1) ? 2 : 4, Decimal.ROUND_DOWN) as Price) : value);
  const isBuyLimit = order.side === 'buy' && order.type === 'limit';
  const isSellStop = order.side === 'sell' && (order.type === 'stop' || order.type === 'stop_limit');
  if (!isBuyLimit && !isSellStop) return;
  tell(turn, 'restated', at, { ...order, limitPrice: lower(order.limitPrice), stopPrice: lower(order.stopPrice), updatedAt: at });
}

/** Pays the dividends that are due by now. */
export function pay(turn: Turn, now: EpochMs): void {
  const { state } = turn;
  if (state.payables.length === 0) return;
  for (const due of state.payables.filter((payable) => payable.at <= now)) {
    state.account.cash = addMoney(state.account.cash, due.amount);
    state.account.sma = addMoney(state.account.sma, due.amount);
    note(turn, { type: 'DIV', at: due.at, symbol: due.symbol, qty: due.qty, perShareAmount: due.rate, netAmount: due.amount, description: `Cash dividend ${due.symbol} ${toText(due.rate)} a share` });
  }
  state.payables = state.payables.filter((payable) => payable.at > now);
}

/** The day's fees, each rounded up to the cent, as the broker books them after the close. */
export function bookFees(turn: Turn, at: EpochMs): void {
  const { account } = turn.state;
  const due = [{ amount: ceilToCent(account.secDue), description: 'REG fee for proceeds of the day' }, { amount: ceilToCent(account.tafDue), description: 'TAF fee for shares sold on the day' }];
  account.secDue = ZERO_MONEY;
  account.tafDue = ZERO_MONEY;
  for (const { amount, description } of due) {
    if (amount.isZero()) continue;
    account.cash = subtractMoney(account.cash, amount);
    account.feesPaid = addMoney(account.feesPaid, amount);
    note(turn, { type: 'FEE', at, symbol: null, qty: null, perShareAmount: null, netAmount: amount.negated() as Money, description });
  }
}

/** Cash in, or out. */
export function transfer(turn: Turn, text: string, at: EpochMs): void {
  const amount = money(text);
  const { account } = turn.state;
  account.cash = addMoney(account.cash, amount);
  account.sma = addMoney(account.sma, amount);
  note(turn, { type: amount.gte(0) ? 'CSD' : 'CSW', at, symbol: null, qty: null, perShareAmount: null, netAmount: amount, description: amount.gte(0) ? 'Cash deposit' : 'Cash withdrawal' });
}
