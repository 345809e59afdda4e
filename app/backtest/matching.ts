/** One step of the tape: which orders it elects and fills, in the order of time. */
import { invariant } from '#app/domain/errors.ts';
import { addQuantity, Decimal, floorToLot, price, quantity, roundToLedger, ZERO_MONEY, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import { mix32 } from '#app/domain/random.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { bookFill, heldQuantity } from './account.ts';
import { feeOf, rawFeesOf } from './fees.ts';
import { availableUnderCap, fillAt, isStopType, lookAt, wantedQuantity, type MatchBar } from './fills.ts';
import { elect, followFill, isWaitingForEntry } from './groups.ts';
import { isClosing } from './open-orders.ts';
import { settleReplacement, shrinkReplacement } from './replace.ts';
import { uuidOf } from './venue-ids.ts';
import { end, endingOf, keep, tell, type Turn } from './venue-state.ts';
import type { VenueBar, VenueOperation, VenueOrder } from './venue-types.ts';

type Step = Extract<VenueOperation, { op: 'step' }>;
/** A step at work: its bars by symbol, and the shares taken from each. */
type Matching = { readonly turn: Turn; readonly step: Step; readonly bars: ReadonlyMap<string, MatchBar>; readonly used: Map<string, Quantity> };

const ONE_SHARE = new Decimal(1);

function readBar(bar: VenueBar): MatchBar {
  const read = { open: price(bar.open), high: price(bar.high), low: price(bar.low), close: price(bar.close), volume: quantity(bar.volume) };
  const isPossible = read.low.gt(0) && read.low.lte(Decimal.min(read.open, read.close)) && read.high.gte(Decimal.max(read.open, read.close)) && read.volume.gte(0);
  invariant(isPossible, 'A bar on the tape is impossible', { bar });
  return read;
}

/** Ends what has outlived its time; a group ends with its first member. */
export function expire(turn: Turn, now: EpochMs): void {
  for (const order of turn.state.open.endedBy(now)) {
    if (turn.state.open.get(order.id)) end(turn, order, endingOf(order), Math.max(order.expiresAt, order.updatedAt) as EpochMs);
  }
}

/** Whether a step can trade an order: it was placed before (an order never fills at a price from before it was placed), and the session is its own. */
function isEligible({ turn, step }: Matching, order: VenueOrder): boolean {
  if (order.submittedAt > step.at || order.status === 'pending_new') return false;
  if (order.status === 'held' && isWaitingForEntry(turn, order)) return false;
  return step.isRegular || order.extendedHours;
}

/** Take-profits last (a bar does not say which price came first: of two exits that share their shares the stop-loss counts, however young it is), else oldest first. */
function candidates(matching: Matching): VenueOrder[] {
  const found: VenueOrder[] = [];
  for (const symbol of matching.bars.keys()) found.push(...matching.turn.state.open.of(symbol));
  const isLast = (order: VenueOrder): number => (order.role === 'take_profit' ? 1 : 0);
  return found.sort((a, b) => isLast(a) - isLast(b) || a.seq - b.seq);
}

/** Fills in the order of time: first everything at the open, then what the bar reached later, then the closing auction. */
export function match(turn: Turn, step: Step): void {
  const matching: Matching = { turn, step, bars: new Map(step.bars.map((bar) => [bar.symbol, readBar(bar)])), used: new Map() };
  for (const order of turn.state.open.accepted()) {
    if (isEligible(matching, order)) tell(turn, 'new', step.at, { ...order, status: 'new', updatedAt: step.at });
  }
  const orders = candidates(matching);
  const inside = (step.at + step.barMs - 1) as EpochMs;
  each(matching, orders, (order, bar) => atOpen(matching, order, bar));
  endImmediate(matching);
  each(matching, orders, (order, bar) => atLater(matching, order, bar, inside));
  each(matching, orders, (order, bar) => atClose(matching, order, bar, inside));
  endPending(turn, (step.at + step.barMs) as EpochMs);
  for (const [symbol, bar] of matching.bars) if (turn.state.account.positions.has(symbol)) turn.state.account.marks.set(symbol, bar.close);
}

/** Calls on each order as it stands when its turn comes. */
function each(matching: Matching, orders: readonly VenueOrder[], visit: (order: VenueOrder, bar: MatchBar) => void): void {
  for (const { id } of orders) {
    const order = matching.turn.state.open.get(id);
    const bar = order && matching.bars.get(order.symbol);
    if (order && bar && isEligible(matching, order)) visit(order, bar);
  }
}

const isAtOnce = (order: VenueOrder): boolean => order.timeInForce === 'ioc' || order.timeInForce === 'fok';
const isAuction = (order: VenueOrder): boolean => order.timeInForce === 'opg' || order.timeInForce === 'cls';
const isInStep = (step: Step, at: EpochMs | null): boolean => at !== null && at >= step.at && at < step.at + step.barMs;

function atOpen(matching: Matching, order: VenueOrder, bar: MatchBar): void {
  const { step, turn } = matching;
  const { slippageBps } = turn.config;
  if (isAtOnce(order) || order.timeInForce === 'opg') {
    const found = order.timeInForce === 'opg' && !isInStep(step, order.auctionAt) ? null : fillAt(order, bar.open, slippageBps);
    if (found) execute(matching, order, { price: found, at: step.at }, bar);
    return;
  }
  if (order.timeInForce === 'cls' || (isStopType(order.type) && !step.isRegular)) return;
  const look = lookAt(order, bar, slippageBps);
  const standing = look.elected === 'open' ? elect(turn, look.trail ? { ...order, ...look.trail } : order, step.at) : order;
  if (look.fill?.isAtOpen === true) execute(matching, standing, { price: look.fill.price, at: step.at }, bar);
}

function atLater(matching: Matching, order: VenueOrder, bar: MatchBar, at: EpochMs): void {
  const { turn, step } = matching;
  if (isAuction(order) || (isStopType(order.type) && !step.isRegular)) return;
  const look = lookAt(order, bar, turn.config.slippageBps);
  // What could not trade at the open (a cap, an execution in two parts) waits for the next bar.
  const moved = look.trail ? { ...order, ...look.trail } : order;
  const standing = look.elected === 'inside' ? elect(turn, moved, at) : moved;
  if (look.trail && look.elected === null && (!look.trail.hwm.eq(order.hwm ?? 0) || !look.trail.stopPrice.eq(order.stopPrice ?? 0))) keep(turn, { ...moved, updatedAt: at });
  if (look.fill?.isAtOpen === false) execute(matching, standing, { price: look.fill.price, at }, bar);
}

function atClose(matching: Matching, order: VenueOrder, bar: MatchBar, at: EpochMs): void {
  const { step, turn } = matching;
  if (order.timeInForce !== 'cls' || order.auctionAt === null || !isInStep(step, (order.auctionAt - 1) as EpochMs)) return;
  const found = fillAt(order, bar.close, turn.config.slippageBps);
  if (found) execute(matching, order, { price: found, at }, bar);
}

/** After the open nothing is left of orders that trade at once, and of those for an opening auction that is over. */
function endImmediate(matching: Matching): void {
  const { turn, step } = matching;
  if (!step.isRegular) return;
  for (const order of turn.state.open.immediate()) {
    const isOver = isAtOnce(order) ? true : order.auctionAt !== null && order.auctionAt < step.at + step.barMs;
    if (isOver && isEligible(matching, order)) end(turn, order, 'canceled', step.at);
  }
}

/** Slow cancels and slow replacements take effect behind the bar, unless they are stuck. `only`: of one order. */
export function endPending(turn: Turn, at: EpochMs, only?: string): void {
  for (const { id } of turn.state.open.pending()) {
    if (turn.state.stuck.has(id) || (only !== undefined && only !== id)) continue;
    const order = turn.state.open.get(id);
    if (order?.status === 'pending_cancel') end(turn, order, 'canceled', at);
    else if (order?.status === 'pending_replace') settleReplacement(turn, order, at);
  }
}

/** By the seed: whether this order's first execution leaves a part for the next bar. */
function comesInParts({ config }: Turn, order: VenueOrder): boolean {
  return config.partialFillPercent > 0 && order.filledQty.isZero() && mix32(mix32(config.seed) ^ order.seq) % 100 < config.partialFillPercent;
}

/** Shares that trade now: what is wanted, under the cap, never more than a closing order has to close. Fill-or-kill wants all. */
function sharesNow(matching: Matching, order: VenueOrder, at: Price, bar: MatchBar): Quantity {
  const { turn, used } = matching;
  const all = wantedQuantity(order, at);
  const closable = isClosing(order) ? heldQuantity(turn.state.account, order.symbol).times(order.side === 'sell' ? 1 : -1) : all;
  const cap = order.qty === null ? null : availableUnderCap(bar.volume, turn.config.volumeCap, used.get(order.symbol) ?? ZERO_QUANTITY);
  let qty = Decimal.max(0, Decimal.min(all, closable, cap ?? all));
  if (order.timeInForce === 'fok') return (qty.lt(all) ? ZERO_QUANTITY : all) as Quantity;
  if (order.qty !== null && qty.gt(1) && comesInParts(turn, order)) qty = Decimal.max(1, floorToLot(qty.div(2), ONE_SHARE));
  return qty as Quantity;
}

function execute(matching: Matching, order: VenueOrder, trade: { readonly price: Price; readonly at: EpochMs }, bar: MatchBar): void {
  const { turn, used } = matching;
  const { state, config } = turn;
  const { at } = trade;
  const qty = sharesNow(matching, order, trade.price, bar);
  if (!qty.gt(0)) {
    if (isClosing(order) && heldQuantity(state.account, order.symbol).times(order.side === 'sell' ? 1 : -1).lte(0)) end(turn, order, 'canceled', at);
    return;
  }
  used.set(order.symbol, addQuantity(used.get(order.symbol) ?? ZERO_QUANTITY, qty));
  state.executionSeq += 1;
  const sale = { side: order.side, qty, price: trade.price, at };
  const isDaily = config.feeTiming === 'daily';
  const fee = isDaily ? ZERO_MONEY : feeOf(config.fees, sale);
  if (isDaily) {
    const due = rawFeesOf(config.fees, sale);
    state.account.secDue = state.account.secDue.plus(due.sec);
    state.account.tafDue = state.account.tafDue.plus(due.taf);
  }
  const positionQty = bookFill(state.account, { symbol: order.symbol, side: order.side, qty, price: trade.price, fee });
  const filledQty = addQuantity(order.filledQty, qty);
  const paid = (order.filledAvgPrice ?? ZERO_QUANTITY).times(order.filledQty).plus(trade.price.times(qty));
  const isComplete = order.qty === null || filledQty.eq(order.qty);
  invariant(order.qty === null || filledQty.lte(order.qty), 'An order must not fill beyond its quantity', { orderId: order.id });
  const isPending = order.status === 'pending_cancel' || order.status === 'pending_replace';
  const next: VenueOrder = {
    ...order, filledQty, filledAvgPrice: roundToLedger(paid.div(filledQty)) as Price, updatedAt: at, filledAt: at,
    status: isComplete ? 'filled' : isPending ? order.status : 'partially_filled',
  };
  state.open.put(next);
  if (isComplete) state.stuck.delete(next.id);
  turn.changed.delete(next.id);
  turn.events.push({ kind: isComplete ? 'fill' : 'partial_fill', at, order: next, fill: { executionId: uuidOf(config.seed, 'execution', state.executionSeq), qty, price: trade.price, fee, positionQty } });
  if (order.status === 'pending_replace') shrinkReplacement(turn, next, qty, at);
  followFill(turn, next, at);
}
