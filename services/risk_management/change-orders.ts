/** What a person does to what is there: changes an open order by another in its place, or closes a part of a share. Each is a decision of its own, once per key. */
import type { CommandInput } from '#app/contracts/commands.ts';
import { AppError } from '#app/domain/errors.ts';
import { Decimal, price, quantity, ZERO_MONEY, type Quantity } from '#app/domain/numeric.ts';
import { orderTermsFields, readTerms } from '#app/domain/order-terms.ts';
import type { OrderRole, OrderStatus, Side } from '#app/domain/order.ts';
import { epochMs } from '#app/domain/time.ts';
import type { OpenOrder } from '#app/risk/open-orders.ts';
import { decide, type Intent } from '#app/risk/decide.ts';
import { changedTerms, replaceObstacle, wantedQty, type Changeable, type OrderChange } from '#app/risk/replace.ts';
import type { Queryable } from '#chassis/db.ts';
import * as z from 'zod';
import { answered, audit } from './audit.ts';
import { trip } from './breakers.ts';
import { openDesk, type Desk } from './desk.ts';
import { loadBook, lockDecisions, type House, type LoadedBook } from './load-book.ts';
import { loadMarket } from './load-market.ts';
import { marketTime } from './market-clock.ts';
import { replyOf, storedDecisions, type DecisionReply } from './replies.ts';

type ReplaceAsk = CommandInput<'replaceOrder'>;
type ReduceAsk = CommandInput<'reducePosition'>;

type OrderRow = { decisionId: string; strategyId: string | null; symbol: string; side: Side; role: OrderRole; status: OrderStatus; isReducing: boolean; qty: string; filled: string; terms: unknown };

const ORDER = `
  SELECT decision_id AS "decisionId", nullif(strategy_id, '') AS "strategyId", symbol, side, role, status, is_reducing AS "isReducing", qty::text AS qty, filled_qty::text AS filled,
    json_build_object('type', type, 'timeInForce', time_in_force, 'orderClass', order_class, 'extendedHours', extended_hours, 'limitPrice', limit_price::text, 'stopPrice', stop_price::text,
      'trailPrice', trail_price::text, 'trailPercent', trail_percent::text, 'takeProfit', CASE WHEN take_profit_limit IS NULL THEN NULL ELSE json_build_object('limitPrice', take_profit_limit::text) END,
      'stopLoss', CASE WHEN stop_loss_stop IS NULL THEN NULL ELSE json_build_object('stopPrice', stop_loss_stop::text, 'limitPrice', stop_loss_limit::text) END) AS terms
  FROM execution.orders WHERE client_order_id = $1`;
const orderTerms = z.object(orderTermsFields);

async function readOrder(db: Queryable, clientOrderId: string): Promise<OrderRow> {
  const [row] = await db.query<OrderRow>(ORDER, [clientOrderId]);
  if (row) return row;
  throw new AppError('ORDER_NOT_FOUND', `There is no order ${clientOrderId} that could be changed`, { context: { clientOrderId } });
}

function changeable(row: OrderRow, clientOrderId: string, { book }: LoadedBook): Changeable {
  const terms = readTerms(orderTerms.parse(row.terms));
  const [qty, filledQty] = [quantity(row.qty), quantity(row.filled)];
  const openQty = Decimal.max(0, qty.minus(filledQty)) as Quantity;
  const { decisionId, strategyId, symbol, side, role, isReducing, status } = row;
  const gone: OpenOrder = { decisionId, clientOrderId, strategyId, symbol, side, type: terms.type, orderClass: terms.orderClass, role, limitPrice: terms.limitPrice, isReducing, replaces: null, openQty, countedQty: openQty, reserved: ZERO_MONEY };
  return { order: book.openOrders.find((order) => order.clientOrderId === clientOrderId) ?? gone, status, qty, filledQty, terms };
}

function changeOf({ qty, limitPrice, stopPrice, trail }: ReplaceAsk): OrderChange {
  return { qty: qty === null ? null : quantity(qty), limitPrice: limitPrice === null ? null : price(limitPrice), stopPrice: stopPrice === null ? null : price(stopPrice), trail: trail === null ? null : price(trail) };
}

/** The change as an intent; where it cannot be made, the old order as it is, so that the reason alone speaks. */
function replaceIntent(old: Changeable, ask: ReplaceAsk): Omit<Extract<Intent, { kind: 'replace' }>, 'tsMarket'> {
  const change = changeOf(ask);
  const obstacle = replaceObstacle(old, change);
  const head = { kind: 'replace' as const, decisionId: `replace:${ask.idempotencyKey}`, replacing: { order: old.order, filledQty: old.filledQty, obstacle } };
  return obstacle === null ? { ...head, qty: wantedQty(old, change), terms: changedTerms(old, change) } : { ...head, qty: old.order.openQty, terms: old.terms };
}

function isSame(before: Record<string, unknown>, ask: Readonly<Record<string, unknown>>, names: readonly string[]): boolean {
  return names.every((name) => before[name] === ask[name]);
}

type Asked = { readonly ask: (ReplaceAsk | ReduceAsk) & { readonly idempotencyKey: string }; readonly action: string; readonly names: readonly string[]; readonly decisionId: string };

/** The first answer under this key; null when there is none yet. @throws AppError IDEMPOTENCY_CONFLICT when it answered something else. */
async function firstAnswer(db: Queryable, { ask, action, names, decisionId }: Asked): Promise<DecisionReply | null> {
  const before = await answered(db, action, ask.idempotencyKey);
  if (before === null) return null;
  if (!isSame(before, ask, names)) throw new AppError('IDEMPOTENCY_CONFLICT', 'This key was used for another request; take a new one', { context: { idempotencyKey: ask.idempotencyKey } });
  return (await storedDecisions(db, [decisionId]))[0]?.reply ?? null;
}

async function decideNow(desk: Desk, house: House, { db, symbol, intent, key }: { readonly db: Queryable; readonly symbol: string; readonly key: string; readonly intent: (tsMarket: Intent['tsMarket']) => Intent }): Promise<DecisionReply> {
  const tsMarket = await marketTime(db, house);
  const market = trip(desk, await desk.marketAt(tsMarket, [symbol], epochMs(tsMarket + 1)));
  const reply = replyOf(desk.decide(market, intent(tsMarket), key));
  await desk.save();
  return reply;
}

/**
 * Decides on the change of an open order. Until the broker has settled it both orders are open, and the larger reservation of the two counts.
 * @throws AppError ORDER_NOT_FOUND; IDEMPOTENCY_CONFLICT when the key was used for another change.
 */
export async function replaceOrder(house: House, ask: ReplaceAsk): Promise<DecisionReply> {
  return house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const before = await firstAnswer(tx, { ask, action: 'replace_order', names: ['clientOrderId', 'qty', 'limitPrice', 'stopPrice', 'trail'], decisionId: `replace:${ask.idempotencyKey}` });
    if (before) return before;
    const row = await readOrder(tx, ask.clientOrderId);
    const loaded = await loadBook(tx, house, { symbols: [row.symbol] });
    const intent = replaceIntent(changeable(row, ask.clientOrderId, loaded), ask);
    const reply = await decideNow(openDesk(tx, loaded), house, { db: tx, symbol: row.symbol, key: ask.idempotencyKey, intent: (tsMarket) => ({ ...intent, tsMarket }) });
    await audit(tx, { actor: ask.actor, action: 'replace_order', subject: ask.clientOrderId, before: { terms: row.terms, qty: row.qty }, after: { ...ask, decisionId: reply.decisionId, outcome: reply.outcome, code: reply.code } });
    return reply;
  });
}

/** What risk would say to a change, writing nothing and waiting for nobody. @throws AppError ORDER_NOT_FOUND */
export async function previewReplace(house: House, ask: ReplaceAsk): Promise<DecisionReply> {
  const row = await readOrder(house.db, ask.clientOrderId);
  const loaded = await loadBook(house.db, house, { symbols: [row.symbol] });
  const tsMarket = await marketTime(house.db, house);
  const market = await loadMarket(house.db, loaded, { tsMarket, before: epochMs(tsMarket + 1), symbols: [row.symbol] });
  return replyOf(decide(loaded.book, market, { ...replaceIntent(changeable(row, ask.clientOrderId, loaded), ask), tsMarket }));
}

/** Closes a part of one share at market; never more of it than is free. @throws AppError IDEMPOTENCY_CONFLICT when the key was used for another request. */
export async function reducePosition(house: House, ask: ReduceAsk): Promise<DecisionReply> {
  const { symbol, strategyId, qty, idempotencyKey, actor } = ask;
  return house.db.tx(async (tx) => {
    await lockDecisions(tx);
    const before = await firstAnswer(tx, { ask, action: 'reduce_position', names: ['symbol', 'strategyId', 'qty'], decisionId: `reduce:${idempotencyKey}` });
    if (before) return before;
    const desk = openDesk(tx, await loadBook(tx, house, { symbols: [symbol] }));
    const reply = await decideNow(desk, house, {
      db: tx, symbol, key: idempotencyKey, intent: (tsMarket) => ({ kind: 'reduce', decisionId: `reduce:${idempotencyKey}`, strategyId, symbol, qty: quantity(qty), tsMarket }),
    });
    await audit(tx, { actor, action: 'reduce_position', subject: symbol, before: null, after: { ...ask, decisionId: reply.decisionId, outcome: reply.outcome, code: reply.code } });
    return reply;
  });
}
