/** The facts of a report out of a fixed walk: the same numbers on every machine, through the same code as the real ones. */
import { addToDrawdown, NO_DRAWDOWN } from '#app/analytics/max-drawdown.ts';
import { holdingsOf, profitsOf, roundTrips } from '#app/analytics/round-trips.ts';
import type { ReferencedFill } from '#app/analytics/trip-summary.ts';
import { money, price, quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { sessionsBetween, type Session } from '#app/market/calendar.ts';
import type { CurveDay, LinePoint } from '../../services/analytics/curve.ts';
import { figures } from '../../services/analytics/performance.ts';
import type { ReportFacts } from '../../services/analytics/report-facts.ts';
import { groupTrips } from '../../services/analytics/trade-analysis.ts';

const SYMBOLS = ['AAPL', 'MSFT', 'SPY', 'QQQ', 'NVDA'] as const;
const START = 100_000;

function walk(): { even(): number; bell(): number } {
  let seed = 11;
  const even = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 4_294_967_296;
  };
  return { even, bell: () => even() + even() + even() + even() - 2 };
}

function tradesOf({ open }: Session, { even, bell }: ReturnType<typeof walk>): ReferencedFill[] {
  const fills: ReferencedFill[] = [];
  for (let n = 0; n < 3; n += 1) {
    const symbol = SYMBOLS[Math.floor(even() * SYMBOLS.length)] ?? 'AAPL';
    const strategyId = even() < 0.55 ? 'sma_cross' : 'rsi_reversion';
    const qty = quantity(String(Math.ceil(even() * 30)));
    const bought = 100 + even() * 300;
    const boughtAt = open + Math.floor(even() * 200) * 60_000;
    const add = (side: Side, at: number, tsEvent: number): number => fills.push({ strategyId, symbol, side, qty, price: price(at.toFixed(2)), fee: money(side === 'sell' ? '0.02' : '0'), tsEvent: epochMs(tsEvent), reference: at * (1 + (side === 'buy' ? -0.0002 : 0.0003) * even()) });
    add('buy', bought, boughtAt);
    add('sell', bought * (1 + bell() * 0.012 + 0.001), boughtAt + 1_800_000 + Math.floor(even() * 7_200_000));
  }
  return fills.sort((a, b) => a.tsEvent - b.tsEvent);
}

/** Facts from one day to another, both trading days. */
export function sampleReport(from: string, to: string, mode: ReportFacts['mode']): ReportFacts {
  const random = walk();
  const sessions = sessionsBetween(from, to);
  const perDay = Math.max(4, Math.floor(900 / sessions.length));
  const line: LinePoint[] = [];
  const days: CurveDay[] = [];
  const fills: ReferencedFill[] = [];
  let equity = START;
  let drawdown = addToDrawdown(NO_DRAWDOWN, START);
  for (const session of sessions) {
    const open = equity;
    for (let n = 1; n <= perDay; n += 1) {
      equity *= 1 + (random.bell() * 0.011) / Math.sqrt(perDay) + 0.0006 / perDay;
      drawdown = addToDrawdown(drawdown, equity);
      line.push({ ts: epochMs(session.open + Math.round((n * (session.close - session.open)) / perDay)), equity, drawdown: Math.min(0, equity / drawdown.peak - 1) });
    }
    days.push({ day: session.date, open, close: equity });
    fills.push(...tradesOf(session, random));
  }
  const [first, last, end] = [line[0], line.at(-1), sessions.at(-1)];
  if (!first || !last || !end) throw new Error('A sample needs a trading day');
  const trips = roundTrips(fills);
  const isToday = (at: EpochMs): boolean => at >= end.open;
  const [dayTrips, dayFills] = [trips.filter((trip) => isToday(trip.closedAt)), fills.filter((fill) => isToday(fill.tsEvent))];
  return {
    day: end.date, mode, version: '0.1.0', generatedAt: epochMs(end.close + 7_200_000), isNewest: true,
    curve: { from: first.ts, to: last.ts, start: START, days, drawdown, line },
    metrics: figures({ daily: [START, ...days.map((day) => day.close)], days: days.map((day) => day.day), spanMs: last.ts - first.ts, deepest: drawdown.deepest, profits: profitsOf(trips), holdingMs: holdingsOf(trips), fills: fills.length, fees: 0.02 * trips.length }),
    groups: groupTrips(trips, fills), names: new Map([['sma_cross', 'Moving average cross'], ['rsi_reversion', 'RSI reversion']]),
    strategies: [{ strategyId: 'sma_cross', realized: 2_341.22, open: 120.4, day: 80.2, fills: 120 }, { strategyId: 'rsi_reversion', realized: -540.1, open: -12, day: -33, fills: 88 }, { strategyId: '', realized: 75, open: 0, day: 0, fills: 4 }],
    trips: dayTrips, fills: dayFills, totals: { trips: dayTrips.length, fills: dayFills.length },
    positions: [{ symbol: 'AAPL', qty: 42, average: 213.3, last: 216.91 }, { symbol: 'SPY', qty: 12, average: 512.01, last: 509.8 }],
    decisions: [{ outcome: 'approved', code: null, count: 6 }, { outcome: 'denied', code: 'TARGET_ALREADY_HELD', count: 3 }, { outcome: 'denied', code: 'POSITION_NOTIONAL_EXCEEDED', count: 1 }],
    riskNotes: [{ severity: 'warning', code: 'POSITION_NEAR', message: 'The position in AAPL: 84.1 % of the limit of $20000 is used.', at: epochMs(end.close - 5_400_000) }],
    reconciled: { at: epochMs(end.close + 60_000), isClean: true }, signature: null,
  };
}
