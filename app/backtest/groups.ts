/** Orders that belong together: making the exits of an entry, waking them, and what a fill of one does to the others. */
import type { EpochMs } from '#app/domain/time.ts';
import type { AdmittedTerms } from './admission.ts';
import { isIncoming, leavesOf } from './open-orders.ts';
import { endAlone, FRESH, keep, nextOrderId, tell, type Turn } from './venue-state.ts';
import { uuidOf } from './venue-ids.ts';
import type { VenueOrder } from './venue-types.ts';

type LegTerms = Pick<VenueOrder, 'role' | 'type' | 'limitPrice' | 'stopPrice'>;

function legsOf(entry: VenueOrder, terms: AdmittedTerms): LegTerms[] {
  const legs: LegTerms[] = [];
  if (entry.orderClass !== 'oco' && terms.takeProfit) legs.push({ role: 'take_profit', type: 'limit', limitPrice: terms.takeProfit, stopPrice: null });
  if (terms.stopLoss) legs.push({ role: 'stop_loss', type: terms.stopLossLimit ? 'stop_limit' : 'stop', limitPrice: terms.stopLossLimit, stopPrice: terms.stopLoss });
  return legs;
}

/** Makes the exits of an order that was taken; all are `held` at first. An exit closes what its entry opens, an oco's the position itself. */
export function makeLegs(turn: Turn, entry: VenueOrder, terms: AdmittedTerms): readonly VenueOrder[] {
  const side = entry.orderClass === 'oco' ? entry.side : entry.side === 'buy' ? 'sell' : 'buy';
  return legsOf(entry, terms).map((leg): VenueOrder => {
    const { seq, id } = nextOrderId(turn);
    return {
      ...FRESH, ...leg, id, seq, clientOrderId: uuidOf(turn.config.seed, 'leg', seq), symbol: entry.symbol, side, timeInForce: entry.timeInForce, orderClass: entry.orderClass,
      positionIntent: side === 'sell' ? 'sell_to_close' : 'buy_to_close', qty: entry.qty, notional: null, trailPrice: null, trailPercent: null, hwm: null, extendedHours: false, status: 'held',
      reservePrice: null, parentId: entry.id, bandPrice: null, auctionAt: null, createdAt: entry.createdAt, updatedAt: entry.createdAt, submittedAt: entry.createdAt, expiresAt: entry.expiresAt,
    };
  });
}

/** Whether a leg waits for its entry to fill. */
export function isWaitingForEntry(turn: Turn, order: VenueOrder): boolean {
  return order.parentId !== null && order.orderClass !== 'oco' && turn.state.open.get(order.parentId) !== undefined;
}

/** The take-profit that a stop-loss shares its shares with, while both are open. */
export function rivalOf(turn: Turn, order: VenueOrder): VenueOrder | undefined {
  const wanted = order.role === 'stop_loss' ? 'take_profit' : 'stop_loss';
  return order.role === 'order' ? undefined : turn.state.open.group(order).find((member) => member.role === wanted && !isIncoming(member));
}

/** The entry has filled: the take-profit goes to market, a stop-loss beside it stays held (and watched) until the price reaches it. */
function wakeLegs(turn: Turn, entry: VenueOrder, at: EpochMs): void {
  const legs = turn.state.open.group(entry);
  const isShared = legs.length > 1;
  for (const leg of legs) {
    if (leg.role === 'stop_loss' && isShared) keep(turn, { ...leg, updatedAt: at, submittedAt: at });
    else tell(turn, 'new', at, { ...leg, status: 'new', updatedAt: at, submittedAt: at });
  }
}

/** What a fill does to the rest of the group; `order` is the state after the fill. */
export function followFill(turn: Turn, order: VenueOrder, at: EpochMs): void {
  const isFilled = order.status === 'filled';
  if (order.role === 'order') {
    if (isFilled && order.orderClass !== 'simple') wakeLegs(turn, order, at);
    return;
  }
  const rival = rivalOf(turn, order);
  if (!rival) return;
  if (isFilled || order.role === 'stop_loss') endAlone(turn, rival, 'canceled', at);
  else tell(turn, 'restated', at, { ...rival, qty: leavesOf(order), updatedAt: at });
}

/** The price has reached a stop: it is worked from now on, and the take-profit beside it is taken back so that never both can execute. */
export function elect(turn: Turn, order: VenueOrder, at: EpochMs): VenueOrder {
  const rival = rivalOf(turn, order);
  if (rival) endAlone(turn, rival, 'canceled', at);
  const elected = { ...order, triggeredAt: at, updatedAt: at };
  return order.status === 'held' ? tell(turn, 'new', at, { ...elected, status: 'new' }) : keep(turn, elected);
}

/** The member of a group that is at the market, where a cancel has to go. */
export function workedMember(turn: Turn, order: VenueOrder): VenueOrder {
  if (order.status !== 'held') return order;
  const mates = turn.state.open.group(order);
  return mates.find((mate) => mate.status !== 'held' && !isIncoming(mate)) ?? order;
}
