/** A user of the sandbox as a worker of the product is one, bundled beside it by a test: loads a strategy as a process and as a thread, back-tests it, and says what came of it. */
import { barColumns } from '#app/domain/bar-columns.ts';
import { fromNewYork, sessionsBetween } from '#app/market/calendar.ts';
import { openSandbox } from './sandbox.ts';
import { SMA_CROSS } from './testing-sources.ts';

const sessions = sessionsBetween('2024-01-02', '2024-01-31');
const bars = barColumns(sessions.length * 390);
sessions.forEach(({ date }, day) => {
  for (let minute = 0; minute < 390; minute += 1) {
    const i = day * 390 + minute;
    const price = 100 + Math.round(1_000 * Math.sin(i / 40)) / 100;
    bars.time[i] = fromNewYork(date, 570 + minute);
    [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]] = [price, price + 0.05, price - 0.05, price, 1_000_000];
  }
});

for (const kind of ['process', 'thread'] as const) {
  using sandbox = await openSandbox(SMA_CROSS, { stopAtr: 2 }, { kind });
  const { lines, orders } = await sandbox.ask('backtest', { parameters: {}, job: { markets: [{ symbol: 'AAA', bars: 'AAA' }], timeframe: '1Min', sizing: { method: 'fixed_notional', notional: '10000' } }, bars: new Map([['AAA', bars]]), hasLines: true });
  const broken = await openSandbox(SMA_CROSS.replace('fast: sma(fast)', 'fast: sma(fast).nothing.there'), {}, { kind }).then(() => null, (error: unknown) => error);
  process.stdout.write(`${JSON.stringify({ kind, url: import.meta.url, facts: sandbox.facts, orders, lines: lines.length, failure: broken instanceof Error ? broken.message : null })}\n`);
}
