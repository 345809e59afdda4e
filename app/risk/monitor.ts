/** What a look at the whole portfolio should tell a person: limits that come near, a stale lease, orders whose fate is not known. */
import { Decimal, roundToLedger, toText, type Money } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { dayLossOf, drawdownOf, equityOf, grossExposure, netExposure, positionNotional, reservedOn, type RiskBook, type RiskMarket } from './book.ts';

/** Used part of a limit from which a person is warned. */
export const WARN_AT = new Decimal('0.8');

/** An order that was sent and whose fate the broker has not told. `since` = when we noticed. */
export type UnknownOrder = { readonly orderId: string; readonly clientOrderId: string; readonly symbol: string; readonly since: EpochMs };

/** How much of a limit is used. Dollars as decimal text; `usedPercent` rounded to one digit. */
export type LimitUse = { readonly limit: 'gross_exposure' | 'net_exposure' | 'position' | 'daily_loss' | 'drawdown'; readonly subject: string; readonly used: string; readonly allowed: string; readonly usedPercent: number };

/** The portfolio's risk at one moment; dollars as decimal text. */
export type PortfolioRisk = {
  readonly equity: string; readonly cash: string; readonly grossExposure: string; readonly reserved: string; readonly dayLoss: string; readonly dayOpenEquity: string; readonly uses: readonly LimitUse[];
};

/** Something a person should know. `riskEventId` is a function of the fact, so that one fact is told once. */
export type Finding = { readonly riskEventId: string; readonly severity: 'info' | 'warning' | 'critical'; readonly code: string; readonly message: string; readonly context: Readonly<Record<string, unknown>> };

function use(limit: LimitUse['limit'], subject: string, used: Money, allowed: Money): LimitUse {
  return { limit, subject, used: toText(used), allowed: toText(allowed), usedPercent: used.div(allowed).times(100).toDecimalPlaces(1).toNumber() };
}

/** The fall from the highest equity; nothing before there is a highest. */
function drawdownUse(book: RiskBook, market: RiskMarket): LimitUse[] {
  const { peakEquity } = market;
  if (peakEquity === null || !peakEquity.gt(0)) return [];
  const percentOf = (percent: Decimal): Money => roundToLedger(peakEquity.times(percent).div(100)) as Money;
  return [use('drawdown', 'account', percentOf(drawdownOf(book, market)), percentOf(book.limits.maxDrawdownPercent))];
}

/** Adds up the portfolio. Positions without shares are left out of `uses`. */
export function portfolioRisk(book: RiskBook, market: RiskMarket): PortfolioRisk {
  const gross = grossExposure(book, market);
  const loss = dayLossOf(book, market);
  const held = [...book.positions].filter(([, qty]) => !qty.isZero()).map(([symbol]) => symbol).sort();
  return {
    equity: toText(equityOf(book, market)), cash: toText(book.cash), grossExposure: toText(gross), reserved: toText(reservedOn(book, null)),
    dayLoss: toText(loss), dayOpenEquity: toText(market.dayOpenEquity),
    uses: [
      use('gross_exposure', 'account', gross, book.limits.maxGrossExposure),
      use('net_exposure', 'account', netExposure(book, market).abs() as Money, book.limits.maxNetExposure),
      ...held.map((symbol) => use('position', symbol, positionNotional(book, market, symbol), book.limits.maxPositionNotional)),
      use('daily_loss', 'account', loss, book.limits.maxDailyLoss), ...drawdownUse(book, market),
    ],
  };
}

const LIMIT_WORDS = { gross_exposure: 'All positions and open orders', net_exposure: 'The net exposure', position: 'The position', daily_loss: "The day's loss", drawdown: 'The fall from the highest equity' } as const;

function limitFinding(item: LimitUse, day: string): Finding | null {
  const used = new Decimal(item.used).div(item.allowed);
  if (used.lt(WARN_AT)) return null;
  const isOver = used.gte(1);
  const where = item.limit === 'position' ? ` in ${item.subject}` : '';
  return {
    riskEventId: `${item.limit}_${isOver ? 'over' : 'near'}:${item.subject}:${day}`,
    severity: isOver ? 'critical' : 'warning',
    code: `${item.limit.toUpperCase()}_${isOver ? 'OVER' : 'NEAR'}`,
    message: `${LIMIT_WORDS[item.limit]}${where}: ${item.usedPercent} % of the limit of $${item.allowed} ${isOver ? 'is used; only orders that reduce pass' : 'is used'}.`,
    context: { ...item },
  };
}

/** The findings of one look. `day` is the exchange day: a limit that stays near is told once a day. */
export function findings(risk: PortfolioRisk, day: string, unknownOrders: readonly UnknownOrder[]): Finding[] {
  const limits = risk.uses.map((item) => limitFinding(item, day)).filter((finding) => finding !== null);
  const unknown = unknownOrders.map((order): Finding => ({
    riskEventId: `order_unknown:${order.orderId}:${order.since}`, severity: 'critical', code: 'ORDER_OUTCOME_UNKNOWN',
    message: `The broker has not told whether the ${order.symbol} order ${order.clientOrderId} exists. It is being asked; nothing is sent again under another id.`,
    context: { ...order },
  }));
  return [...limits, ...unknown];
}
