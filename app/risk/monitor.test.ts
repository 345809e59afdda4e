/** What the portfolio monitor raises, and when. */
import { describe, expect, it } from 'vitest';
import { money } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { RiskBook, RiskMarket } from './book.ts';
import { findings, portfolioRisk } from './monitor.ts';
import { testBook, testMarket } from './testing-book.ts';

const book: RiskBook = testBook({ cash: money('83000'), held: { 'sma|AAPL': '170', 'sma|SPY': '0' } });
const market: RiskMarket = testMarket({ AAPL: '100' }, { dayOpenEquity: money('102000') });

describe('the portfolio monitor', () => {
  it('adds up exposure and loss', () => {
    const risk = portfolioRisk(book, market);
    expect(risk).toMatchObject({ equity: '100000', grossExposure: '17000', dayLoss: '2000', reserved: '0' });
    expect(risk.uses.map((use) => [use.limit, use.subject, use.usedPercent])).toEqual([['gross_exposure', 'account', 21.2], ['net_exposure', 'account', 1.7], ['position', 'AAPL', 85], ['daily_loss', 'account', 100]]);
  });

  it('tells each fact once a day, and the worse one as critical', () => {
    const found = findings(portfolioRisk(book, market), '2026-01-02', [{ orderId: 'o1', clientOrderId: 'ms-x', symbol: 'SPY', since: 5 as EpochMs }]);
    expect(found.map((finding) => [finding.riskEventId, finding.severity])).toEqual([
      ['position_near:AAPL:2026-01-02', 'warning'], ['daily_loss_over:account:2026-01-02', 'critical'], ['order_unknown:o1:5', 'critical'],
    ]);
  });

  it('adds the fall from the highest equity once there is one', () => {
    const risk = portfolioRisk(book, { ...market, peakEquity: money('120000') });
    expect(risk.uses.at(-1)).toEqual({ limit: 'drawdown', subject: 'account', used: '20000', allowed: '24000', usedPercent: 83.3 });
    expect(findings(risk, '2026-01-02', []).map((finding) => finding.code)).toContain('DRAWDOWN_NEAR');
  });

  it('is silent when all is well', () => {
    expect(findings(portfolioRisk({ ...book, positions: new Map() }, { ...market, dayOpenEquity: money('83000') }), '2026-01-02', [])).toEqual([]);
  });
});
