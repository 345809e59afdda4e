/** Activities of the account that are no fills, as Alpaca's wire tells them. */
import * as z from 'zod';
import { money, price, quantity, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { parseRfc3339, rfc3339Schema, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';

/**
 * Cash or shares that moved without an order. `type` is Alpaca's word (FEE, DIV, INT, SPLIT, CSD, ...); `qty` is signed where shares moved, but of a dividend the shares that earned it;
 * `day` is the exchange day that it is for; `isExecuted` false: it was canceled or corrected.
 */
export type BrokerActivity = {
  readonly activityId: string; readonly type: string; readonly symbol: string | null; readonly qty: Quantity | null; readonly price: Price | null; readonly netAmount: Money;
  readonly day: string; readonly at: EpochMs; readonly description: string; readonly isExecuted: boolean;
};

const exact = z.string().regex(/^-?\d{1,15}(\.\d{1,9})?$/);
const activityWire = z.object({
  id: z.string().regex(/^\d{17}::.+$/).max(128), activity_type: z.string().min(1).max(16), activity_sub_type: z.string().max(32).nullish(), date: z.string().regex(/^\d{4}-\d\d-\d\d/).max(40).nullish(), created_at: rfc3339Schema.nullish(),
  net_amount: exact.nullish(), symbol: z.string().max(32).nullish(), qty: exact.nullish(), price: exact.nullish(), status: z.string().max(32).nullish(), description: z.string().max(2_000).nullish(),
});

/** The id begins with the instant of the activity in New York, to the millisecond. */
function instantOf(id: string): EpochMs {
  const [, year, month, day, hour, minute, second, milli] = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})/.exec(id) ?? [];
  return (fromNewYork(`${year}-${month}-${day}`, Number(hour) * 60 + Number(minute)) + Number(second) * 1_000 + Number(milli)) as EpochMs;
}

/** One activity -> domain. @throws AppError INPUT_INVALID for an instant that does not exist */
function activityFromWire(wire: z.infer<typeof activityWire>): BrokerActivity {
  const at = wire.created_at === null || wire.created_at === undefined ? instantOf(wire.id) : parseRfc3339(wire.created_at);
  const paid = wire.price === null || wire.price === undefined ? null : price(wire.price);
  return {
    activityId: wire.id, type: wire.activity_type, symbol: wire.symbol === null || wire.symbol === undefined || wire.symbol === '' ? null : wire.symbol,
    qty: wire.qty === null || wire.qty === undefined ? null : quantity(wire.qty), price: paid?.gt(0) === true ? paid : null,
    netAmount: wire.net_amount === null || wire.net_amount === undefined ? ZERO_MONEY : money(wire.net_amount), day: wire.date?.slice(0, 10) ?? exchangeDay(at), at,
    description: wire.description ?? [wire.activity_type, wire.activity_sub_type, wire.symbol].filter((word) => word !== null && word !== undefined && word !== '').join(' '),
    isExecuted: wire.status === null || wire.status === undefined || wire.status === 'executed',
  };
}

const item = z.union([
  z.object({ activity_type: z.literal('FILL'), id: z.string() }).transform(({ id }) => ({ id, activity: null })),
  activityWire.transform((wire) => ({ id: wire.id, activity: activityFromWire(wire) })),
]);

/** A page of activities; fills among them are left out, they are read on their own. `lastId`: where the next page begins. */
export const activitiesReply = z.array(item).transform((page): { readonly size: number; readonly lastId: string | null; readonly activities: readonly BrokerActivity[] } => ({
  size: page.length, lastId: page.at(-1)?.id ?? null, activities: page.flatMap(({ activity }) => (activity === null ? [] : [activity])),
}));
