/** The breakers: a loss of the day or a fall from the highest equity at its limit turns trading to reducing, once, until a person resumes. */
import { toText } from '#app/domain/numeric.ts';
import { Decimal } from '#app/domain/numeric.ts';
import { dayLossOf, drawdownOf } from '#app/risk/book.ts';
import type { Desk } from './desk.ts';
import { dailyLossEventId, type LoadedMarket } from './load-market.ts';

function tripDailyLoss(desk: Desk, market: LoadedMarket): boolean {
  const { limits } = desk.book();
  const loss = dayLossOf(desk.book(), market);
  if (market.isDailyLossTripped || loss.lt(limits.maxDailyLoss)) return false;
  desk.breakWith({
    riskEventId: dailyLossEventId(market.day, desk.loaded.limitsVersion), severity: 'critical', code: 'DAILY_LOSS_EXCEEDED',
    message: `The loss of ${market.day} reached its limit of $${toText(limits.maxDailyLoss)}: only orders that reduce a position pass until a person resumes trading, and on that day until the limit is changed.`,
    context: { day: market.day, loss: toText(loss), limit: toText(limits.maxDailyLoss), limitsVersion: desk.loaded.limitsVersion },
  });
  return true;
}

function tripDrawdown(desk: Desk, market: LoadedMarket): void {
  const { peak } = desk.loaded;
  const limit = desk.book().limits.maxDrawdownPercent;
  const fall = drawdownOf(desk.book(), market);
  if (peak === null || peak.isTripped || fall.lt(limit) || market.peakEquity === null) return;
  const shown = toText(fall.toDecimalPlaces(2, Decimal.ROUND_DOWN));
  desk.breakWith({
    riskEventId: `drawdown:${peak.accountNumber}:${peak.measure}`, severity: 'critical', code: 'DRAWDOWN_EXCEEDED',
    message: `The equity lies ${shown} % below its highest point, $${market.peakEquity.toFixed(2)}: only orders that reduce a position pass. When a person resumes, the measure begins anew.`,
    context: { account: peak.accountNumber, measure: peak.measure, peak: toText(market.peakEquity), drawdownPercent: shown, limitPercent: toText(limit) },
  });
}

/** Asks both breakers; the market that comes back knows that the day's has tripped. The state turns after the next decision: that one names the loss. */
export function trip(desk: Desk, market: LoadedMarket): LoadedMarket {
  tripDrawdown(desk, market);
  return tripDailyLoss(desk, market) ? { ...market, isDailyLossTripped: true } : market;
}
