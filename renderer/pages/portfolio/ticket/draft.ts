/** The ticket as it is being written: what a person types becomes an order, and what is wrong stands at its field. Pure. */
import { orderTicketSchema } from '#app/contracts/http.ts';
import type { OrderTicket } from '#app/contracts/http.ts';
import { Decimal, floorToLot, toText } from '#app/domain/numeric.ts';
import { TIMES_IN_FORCE } from '#app/domain/order.ts';
import type { OrderType, Side, TimeInForce } from '#app/domain/order.ts';

/** alone: one order; exits: an entry with exits at the broker; protect: exits of what is held. */
export type Plan = 'alone' | 'exits' | 'protect';

/** What a person has typed so far; numbers are the text in their fields, '' = nothing. */
export type Draft = {
  readonly symbol: string; readonly side: Side; /** What `amount` counts. */ readonly unit: 'shares' | 'dollars'; readonly amount: string;
  readonly type: OrderType; readonly timeInForce: TimeInForce; readonly isExtended: boolean;
  readonly limitPrice: string; readonly stopPrice: string; readonly trail: string; readonly trailUnit: 'dollars' | 'percent';
  readonly plan: Plan; readonly takeProfit: string; readonly stopLoss: string; /** Limit of the stop-loss; '' = at market. */ readonly stopLimit: string;
};

/** The fields that a message can stand at. */
export type Field = 'symbol' | 'amount' | 'type' | 'timeInForce' | 'isExtended' | 'limitPrice' | 'stopPrice' | 'trail' | 'plan' | 'takeProfit' | 'stopLoss' | 'stopLimit';
/** What is wrong, by field. */
export type DraftErrors = Partial<Record<Field, string>>;

/** A ticket on which nothing is written. */
export const EMPTY_DRAFT: Draft = {
  symbol: '', side: 'buy', unit: 'shares', amount: '', type: 'market', timeInForce: 'day', isExtended: false, limitPrice: '', stopPrice: '', trail: '', trailUnit: 'percent', plan: 'alone', takeProfit: '', stopLoss: '', stopLimit: '',
};

const NUMBER = /^\d{1,15}(\.\d{1,9})?$/;
/** Typed text as an exact number greater than zero; null when it is none. */
export function exact(text: string): Decimal | null {
  if (!NUMBER.test(text)) return null;
  const value = new Decimal(text);
  return value.gt(0) ? value : null;
}

/** The type that goes to the broker: of a protection it follows from what is filled in. */
export function typeOf(draft: Draft): OrderType {
  if (draft.plan !== 'protect') return draft.type;
  if (draft.takeProfit !== '' || draft.stopLoss === '') return 'limit';
  return draft.stopLimit === '' ? 'stop' : 'stop_limit';
}

/** The types that can be chosen: an entry with exits is a market or a limit order. */
export function fittingTypes(plan: Plan): readonly OrderType[] {
  return plan === 'exits' ? ['market', 'limit'] : ['market', 'limit', 'stop', 'stop_limit', 'trailing_stop'];
}

function isFraction(draft: Draft, last: string | null): boolean {
  const shares = sharesOf(draft, last);
  return shares !== null && shares.includes('.');
}

/** The times in force that the broker takes for such an order. */
export function fittingTimes(draft: Draft, last: string | null): readonly TimeInForce[] {
  if (isFraction(draft, last)) return ['day'];
  const type = typeOf(draft);
  return draft.plan !== 'alone' || draft.isExtended || (type !== 'market' && type !== 'limit') ? ['day', 'gtc'] : TIMES_IN_FORCE;
}

/** Can such an order trade outside of the regular session? */
export function fitsExtended(draft: Draft): boolean {
  return draft.plan === 'alone' && draft.type === 'limit' && (draft.timeInForce === 'day' || draft.timeInForce === 'gtc');
}

/** What the order is expected to trade at, by which dollars become shares: its own price, else the last one. */
export function eachOf(draft: Draft, last: string | null): Decimal | null {
  const own = draft.plan === 'protect' ? (draft.takeProfit !== '' ? draft.takeProfit : draft.stopLoss) : draft.type === 'limit' || draft.type === 'stop_limit' ? draft.limitPrice : draft.type === 'stop' ? draft.stopPrice : '';
  return exact(own) ?? (last === null ? null : exact(last));
}

/** The shares that are ordered: as typed, or as many whole ones as the dollars buy; a part of one where less than one is bought and parts are possible. */
export function sharesOf(draft: Draft, last: string | null): string | null {
  const amount = exact(draft.amount);
  if (amount === null) return null;
  if (draft.unit === 'shares') return toText(amount);
  const each = eachOf(draft, last);
  if (each === null) return null;
  const whole = floorToLot(amount.div(each), new Decimal(1));
  if (whole.gt(0) || draft.plan !== 'alone' || draft.type === 'trailing_stop') return whole.gt(0) ? toText(whole) : null;
  const part = floorToLot(amount.div(each), new Decimal('0.0001'));
  return part.gt(0) ? toText(part) : null;
}

const given = (text: string): string | null => (text === '' ? null : text);

function wireOf(draft: Draft, qty: string): Record<string, unknown> {
  const base = { symbol: draft.symbol.trim().toUpperCase(), side: draft.side, qty, timeInForce: draft.timeInForce, type: typeOf(draft) };
  const stopLoss = draft.stopLoss === '' ? null : { stopPrice: draft.stopLoss, limitPrice: given(draft.stopLimit) };
  if (draft.plan === 'protect') {
    if (draft.takeProfit !== '' && stopLoss !== null) return { ...base, orderClass: 'oco', limitPrice: draft.takeProfit, stopLoss };
    return stopLoss === null ? { ...base, limitPrice: given(draft.takeProfit) } : { ...base, stopPrice: stopLoss.stopPrice, limitPrice: stopLoss.limitPrice };
  }
  const { type } = draft;
  const prices = {
    limitPrice: type === 'limit' || type === 'stop_limit' ? given(draft.limitPrice) : null, stopPrice: type === 'stop' || type === 'stop_limit' ? given(draft.stopPrice) : null,
    ...(type === 'trailing_stop' ? { [draft.trailUnit === 'percent' ? 'trailPercent' : 'trailPrice']: given(draft.trail) } : {}),
  };
  if (draft.plan === 'alone') return { ...base, ...prices, extendedHours: draft.isExtended && fitsExtended(draft) };
  const takeProfit = draft.takeProfit === '' ? null : { limitPrice: draft.takeProfit };
  const legs = Number(takeProfit !== null) + Number(stopLoss !== null);
  return { ...base, ...prices, takeProfit, stopLoss, orderClass: legs === 2 ? 'bracket' : legs === 1 ? 'oto' : 'simple' };
}

const FIELDS: Readonly<Record<string, Field>> = {
  symbol: 'symbol', qty: 'amount', type: 'type', timeInForce: 'timeInForce', extendedHours: 'isExtended', orderClass: 'plan', limitPrice: 'limitPrice', stopPrice: 'stopPrice', trailPrice: 'trail', trailPercent: 'trail',
  'takeProfit.limitPrice': 'takeProfit', 'stopLoss.stopPrice': 'stopLoss', 'stopLoss.limitPrice': 'stopLimit',
};
function fieldOf(path: string, draft: Draft): Field {
  if (draft.plan === 'protect' && path === 'limitPrice') return draft.takeProfit !== '' ? 'takeProfit' : 'stopLimit';
  if (draft.plan === 'protect' && path === 'stopPrice') return 'stopLoss';
  return FIELDS[path] ?? 'plan';
}

/** Prices on the wrong side of the market: the broker would refuse them or trade at once. */
function marketIssues(draft: Draft, last: Decimal): DraftErrors {
  const errors: DraftErrors = {};
  const check = (field: Field, text: string, isAbove: boolean, what: string): void => {
    const value = exact(text);
    if (value !== null && (isAbove ? value.lte(last) : value.gte(last))) errors[field] = `${what} must lie ${isAbove ? 'above' : 'below'} the price now, ${toText(last)}`;
  };
  const isBuy = draft.side === 'buy';
  if (draft.plan === 'alone' && (draft.type === 'stop' || draft.type === 'stop_limit')) check('stopPrice', draft.stopPrice, isBuy, `A stop to ${draft.side}`);
  if (draft.plan === 'exits' && draft.type === 'market') {
    check('stopLoss', draft.stopLoss, !isBuy, `The stop-loss of a ${isBuy ? 'purchase' : 'sale'}`);
    check('takeProfit', draft.takeProfit, isBuy, `The take-profit of a ${isBuy ? 'purchase' : 'sale'}`);
  }
  if (draft.plan === 'protect') {
    check('stopLoss', draft.stopLoss, isBuy, `The stop of a ${isBuy ? 'short' : 'long'} position`);
    check('takeProfit', draft.takeProfit, !isBuy, `The take-profit of a ${isBuy ? 'short' : 'long'} position`);
  }
  return errors;
}

function amountError(draft: Draft, last: string | null): string | null {
  if (draft.amount === '') return draft.unit === 'shares' ? 'How many shares?' : 'How many dollars?';
  if (exact(draft.amount) === null) return 'Needs a number greater than zero';
  if (sharesOf(draft, last) !== null) return null;
  return eachOf(draft, last) === null ? 'Without a price dollars cannot be turned into shares' : 'Less than one share';
}

/**
 * A draft as an order, or what is wrong by field. `last` = the last price, dollars per share.
 * `ticket` is null as long as anything is wrong that every broker would refuse; a price on the wrong side of the market is such a thing.
 */
export function readDraft(draft: Draft, last: string | null): { ticket: OrderTicket | null; errors: DraftErrors } {
  const errors: DraftErrors = {};
  if (draft.symbol.trim() === '') errors.symbol = 'Which symbol?';
  const amount = amountError(draft, last);
  if (amount !== null) errors.amount = amount;
  if (draft.plan !== 'alone' && draft.takeProfit === '' && draft.stopLoss === '') errors.plan = draft.plan === 'exits' ? 'Give a take-profit, a stop-loss, or both' : 'Give a stop, a target, or both';
  const parsed = orderTicketSchema.safeParse(wireOf(draft, sharesOf(draft, last) ?? '1'));
  for (const issue of parsed.error?.issues ?? []) errors[fieldOf(issue.path.join('.'), draft)] ??= issue.message;
  const market = last === null ? null : exact(last);
  if (market !== null) for (const [field, message] of Object.entries(marketIssues(draft, market))) errors[field as Field] ??= message;
  return { ticket: parsed.success && Object.keys(errors).length === 0 ? parsed.data : null, errors };
}

/** After a change: choices that do not fit any more fall back to those that always do. */
export function settle(draft: Draft, last: string | null): Draft {
  const type = fittingTypes(draft.plan).includes(draft.type) ? draft.type : 'limit';
  const typed = { ...draft, type, isExtended: draft.isExtended && draft.plan === 'alone' && type === 'limit' };
  return fittingTimes(typed, last).includes(typed.timeInForce) ? typed : { ...typed, timeInForce: 'day' };
}
