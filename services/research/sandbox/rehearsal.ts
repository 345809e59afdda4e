/** A strategy of nobody's, run once in a process that waits: so that all code is compiled when somebody's comes. */
import { barColumns, type BarColumns } from '#app/domain/bar-columns.ts';
import { DEFAULT_RISK_LIMITS } from '#app/domain/limits.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import { insideBacktest } from './inside-runs.ts';
import { InsideStrategy, readFiles } from './inside-strategy.ts';

const SYMBOLS = ['A', 'B', 'C', 'D'] as const;
const SOURCE = `import { integer, sma, strategy } from 'mainspring';
export default strategy({
  kind: 'rehearsal', title: '', description: '', scope: 'symbol', parameters: { fast: integer(5, { min: 1, max: 9, describe: '' }) },
  indicators: ({ fast }) => ({ fast: sma(fast), slow: sma(20) }), initialState: () => ({ side: 0 }),
  onBar({ on, state }) {
    const { fast, slow } = on.indicators;
    const side = fast.now > slow.now ? 1 : -1;
    if (side === state.side) return;
    state.side = side;
    if (on.check('up', side > 0, fast.now, slow.now)) on.long({ reasons: () => [] }); else on.flat();
  },
});
`;

function wave(length: number): BarColumns {
  const bars = barColumns(length);
  sessionsBetween('2016-01-04', '2025-12-31').slice(0, length).forEach(({ date }, i) => {
    const price = 100 + Math.round(1_000 * Math.sin(i / 11)) / 100;
    bars.time[i] = Date.parse(`${date}T05:00:00Z`);
    [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [price, price + 0.5, price - 0.5, price, 1_000_000];
  });
  return bars;
}

/** Loads and runs it. What came of it is nobody's business. */
export async function rehearse(): Promise<null> {
  const inside = await InsideStrategy.load(readFiles([{ path: 'strategy.ts', text: SOURCE }]), { parameters: {} });
  const bars = wave(1_500);
  const job = { markets: SYMBOLS.map((symbol) => ({ symbol, bars: 'wave' })), timeframe: '1Day' as const, sizing: { method: 'percent_of_equity' as const, percent: '10' }, desk: { kind: 'house' as const, limits: DEFAULT_RISK_LIMITS, strategyId: 'rehearsal', versionId: 'rehearsal' } };
  await insideBacktest(inside, { parameters: {}, job, bars: new Map([['wave', bars]]), hasLines: true }, () => undefined);
  return null;
}
