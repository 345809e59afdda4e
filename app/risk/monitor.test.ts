/** What the portfolio monitor raises, and when. */
import { describe, expect, it } from 'vitest';
import { money, price, quantity } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { DEFAULT_EXACT_LIMITS, shareKey, type RiskBook, type RiskMarket } from './book.ts';
import { findings, portfolioRisk } from './monitor.ts';

const book: RiskBook = {
  tradingState: 'ACTIVE', arming: 'not_needed', limits: DEFAULT_EXACT_LIMITS, cash: money('83000'), positions: new Map([['AAPL', quantity('170')], ['SPY', quantity('0')]]),
  shares: new Map([[shareKey('sma', 'AAPL'), quantity('170')]]), openOrders: [], assets: new Map(),
};
const market: RiskMarket = { prices: new Map([['AAPL', price('100')]]), dayOpenEquity: money('102000'), isDailyLossTripped: false };

describe('the portfolio monitor', () => {
  it('adds up exposure and loss', () => {
    const risk = portfolioRisk(book, market);
    expect(risk).toMatchObject({ equity: '100000', grossExposure: '17000', dayLoss: '2000', reserved: '0' });
    expect(risk.uses.map((use) => [use.limit, use.subject, use.usedPercent])).toEqual([['gross_exposure', 'account', 21.2], ['position', 'AAPL', 85], ['daily_loss', 'account', 100]]);
  });

  it('tells each fact once a day, and the worse one as critical', () => {
    const found = findings(portfolioRisk(book, market), '2026-01-02', [{ orderId: 'o1', clientOrderId: 'ms-x', symbol: 'SPY', since: 5 as EpochMs }]);
    expect(found.map((finding) => [finding.riskEventId, finding.severity])).toEqual([
      ['position_near:AAPL:2026-01-02', 'warning'], ['daily_loss_over:account:2026-01-02', 'critical'], ['order_unknown:o1:5', 'critical'],
    ]);
  });

  it('is silent when all is well', () => {
    expect(findings(portfolioRisk({ ...book, positions: new Map() }, { ...market, dayOpenEquity: money('83000') }), '2026-01-02', [])).toEqual([]);
  });
});
