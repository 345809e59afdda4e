/** Where the ledger begins: what the account held, and the fill after which everything is read from the activities. */
import { addQuantity, toText, ZERO_QUANTITY, type Decimal, type Money, type Quantity } from '#app/domain/numeric.ts';
import { signedQuantity } from '#app/domain/position.ts';
import { MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import type { Broker, BrokerFill, BrokerPosition } from '../alpaca/ports.ts';

/** The account at one moment. `newest`: id of the newest fill that it contains, null = none; `since`: from when on fills are read. */
export type Opening = { readonly cash: Money; readonly positions: readonly BrokerPosition[]; readonly newest: string | null; readonly since: EpochMs };

/** What was held before these fills. The average of what is left stays the broker's; shares that are gone now were worth the price at which they went. */
function positionsBefore(positions: readonly BrokerPosition[], fills: readonly BrokerFill[]): BrokerPosition[] {
  const held = new Map(positions.map((position) => [position.symbol, position]));
  for (const { symbol, side, qty, price } of fills) {
    const now = held.get(symbol) ?? { symbol, qty: ZERO_QUANTITY, avgEntryPrice: price };
    held.set(symbol, { ...now, qty: addQuantity(now.qty, signedQuantity(side, qty).negated() as Quantity) });
  }
  return [...held.values()].filter((position) => !position.qty.isZero());
}

/**
 * An order that is open and has filled in part will fill on, and an order is taken over with all of its fills or not at all. The ledger then begins before the
 * first of them: with what the account held at that moment. That fill and all later ones are read from the activities, as if they came now.
 * Without such an order the opening is what was read. Cash 1000 and 3 shares, of which an open order bought 1 at 10: opens with 1010 and 2 shares.
 */
export async function beforeOpenOrders(broker: Pick<Broker, 'listOpen' | 'fillsAfter'>, opening: Opening): Promise<Opening> {
  const partly = (await broker.listOpen()).filter((order) => order.filledQty.gt(0));
  if (partly.length === 0 || opening.newest === null) return opening;
  const { newest } = opening;
  const ids = new Set(partly.map((order) => order.id));
  const from = Math.min(...partly.map((order) => order.submittedAt ?? order.updatedAt)) - MINUTE_MS;
  const fills = (await broker.fillsAfter({ at: from as EpochMs })).filter((fill) => fill.activityId <= newest);
  const first = fills.findIndex((fill) => ids.has(fill.brokerOrderId));
  const [begin, before] = [fills[first], fills[first - 1]];
  if (!begin) return opening;
  const later = fills.slice(first);
  const paid = later.reduce<Decimal>((sum, fill) => sum.plus(signedQuantity(fill.side, fill.qty).times(fill.price)), opening.cash);
  return {
    cash: paid as Money, positions: positionsBefore(opening.positions, later),
    // Ids begin with the instant in milliseconds: that alone lies before every id of the instant.
    newest: before?.activityId ?? begin.activityId.slice(0, begin.activityId.indexOf('::')), since: (begin.at - 1) as EpochMs,
  };
}

/** The opening in words, for the log. */
export function openingInWords({ cash, positions, newest }: Opening): { readonly cash: string; readonly positions: number; readonly newest: string | null } {
  return { cash: toText(cash), positions: positions.length, newest };
}
