/** The book against its limits as it stands: what is used and what is reserved may together not exceed what is allowed (invariant I7). */
import { addMoney, Decimal, roundToLedger, toText, ZERO_MONEY, type Money } from '#app/domain/numeric.ts';
import { dayLossOf, drawdownOf, equityOf, grossExposure, netExposure, positionNotional, reservedOn, type RiskBook, type RiskMarket } from './book.ts';
import { cashNeed, freePower } from './margin.ts';

/** One limit now. Dollars as decimal text; `subject` is a symbol or `account`; percent of the limit with one digit. */
export type LimitStanding = {
  readonly limit: 'gross_exposure' | 'net_exposure' | 'position' | 'daily_loss' | 'drawdown' | 'cash'; readonly subject: string;
  readonly usedDollars: string; readonly reservedDollars: string; readonly allowedDollars: string; readonly usedPercent: number; readonly isWithin: boolean;
};

/** All limits, and how much of the equity the largest position is. */
export type Standing = { readonly limits: readonly LimitStanding[]; readonly isWithin: boolean; readonly largestPositionPercent: number; readonly equityDollars: string };

function standing(limit: LimitStanding['limit'], subject: string, amounts: { readonly used: Money; readonly reserved: Money; readonly allowed: Money }): LimitStanding {
  const { used, reserved, allowed } = amounts;
  const sum = used.plus(reserved);
  const usedPercent = allowed.gt(0) ? sum.div(allowed).times(100).toDecimalPlaces(1).toNumber() : sum.isZero() ? 0 : 100;
  return { limit, subject, usedDollars: toText(used), reservedDollars: toText(reserved), allowedDollars: toText(allowed), usedPercent, isWithin: sum.lte(allowed) };
}

/** The fall from the highest equity against what it may be, dollars; nothing before there is a highest. */
function drawdown(book: RiskBook, market: RiskMarket): LimitStanding[] {
  const { peakEquity } = market;
  if (peakEquity === null || !peakEquity.gt(0)) return [];
  const percentOf = (percent: Decimal): Money => roundToLedger(peakEquity.times(percent).div(100)) as Money;
  return [standing('drawdown', 'account', { used: percentOf(drawdownOf(book, market)), reserved: ZERO_MONEY, allowed: percentOf(book.limits.maxDrawdownPercent) })];
}

/**
 * Every limit with what is used and reserved. Cash (with margin: the broker's buying power): open orders may not need more than there is. A position that the market has carried over its
 * limit is shown as outside: nothing opens it further, and nothing sells it by itself.
 */
export function standingOf(book: RiskBook, market: RiskMarket): Standing {
  const { limits } = book;
  const reserved = reservedOn(book, null);
  const held = [...book.positions].filter(([, qty]) => !qty.isZero()).map(([symbol]) => symbol);
  const symbols = [...new Set([...held, ...book.openOrders.map((order) => order.symbol)])].sort();
  const equity = equityOf(book, market);
  const need = book.openOrders.reduce((sum, order) => addMoney(sum, cashNeed(order.type, order.reserved)), ZERO_MONEY);
  const all = [
    standing('gross_exposure', 'account', { used: grossExposure(book, market).minus(reserved) as Money, reserved, allowed: limits.maxGrossExposure }),
    standing('net_exposure', 'account', { used: netExposure(book, market).abs() as Money, reserved: ZERO_MONEY, allowed: limits.maxNetExposure }),
    ...symbols.map((symbol) => standing('position', symbol, { used: positionNotional(book, market, symbol), reserved: reservedOn(book, symbol), allowed: limits.maxPositionNotional })),
    standing('daily_loss', 'account', { used: dayLossOf(book, market), reserved: ZERO_MONEY, allowed: limits.maxDailyLoss }),
    ...drawdown(book, market),
    standing('cash', 'account', { used: ZERO_MONEY, reserved: need, allowed: addMoney(freePower(book, market), need) }),
  ];
  const largest = held.reduce<Decimal>((most, symbol) => Decimal.max(most, positionNotional(book, market, symbol)), ZERO_MONEY);
  const largestPositionPercent = equity.gt(0) ? largest.div(equity).times(100).toDecimalPlaces(1).toNumber() : 0;
  return { limits: all, isWithin: all.every((one) => one.isWithin), largestPositionPercent, equityDollars: toText(equity) };
}
