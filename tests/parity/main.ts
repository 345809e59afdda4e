/** `npm run parity`: each built-in alone through the live pipeline and through the back-test, over recorded bars; the long form of services/strategy_engine/live-parity.int.test.ts. */
import { rmSync } from 'node:fs';
import { tradeLive } from '../support/live-pipeline.ts';
import { backtestHouse, PARITY_LIMITS, PARITY_STRATEGIES } from '../support/parity.ts';
import { recordBars } from '../support/recorded-bars.ts';

/** The first line in which two lists differ; null when they are the same. */
function difference(live: readonly string[], tested: readonly string[]): string | null {
  const at = Array.from({ length: Math.max(live.length, tested.length) }, (_none, n) => n).find((n) => live[n] !== tested[n]);
  return at === undefined ? null : `line ${at + 1}: live "${live[at] ?? 'nothing'}", back-test "${tested[at] ?? 'nothing'}"`;
}

const only = process.argv.slice(2);
const folder = recordBars({ symbols: ['AAA', 'BBB', 'CCC', 'DDD'], days: ['2024-03-04', '2024-03-05'], minutes: 120, seed: 5 });
let failed = 0;
try {
  for (const strategy of PARITY_STRATEGIES.filter(({ kind }) => only.length === 0 || only.includes(kind))) {
    const tested = await backtestHouse(folder, strategy);
    const live = (await tradeLive(folder, { strategies: [strategy], limits: PARITY_LIMITS })).get(strategy.strategyId) ?? { orders: [], fills: [], denied: [] };
    const differences = [
      ['orders', difference(live.orders, tested.orders)], // Fills of one instant are booked side by side, decisions of one transaction have one time.
      ['fills', difference([...live.fills].sort(), [...tested.fills].sort())], ['denials', difference([...live.denied].sort(), [...tested.denied].sort())],
    ].filter(([, found]) => found !== null);
    const isEmpty = tested.orders.length < strategy.leastOrders;
    if (differences.length > 0 || isEmpty) failed += 1;
    const verdict = differences.length === 0 && !isEmpty ? 'the same' : [...differences.map(([what, found]) => `${what} differ at ${found}`), ...(isEmpty ? ['too few orders to tell'] : [])].join('; ');
    process.stdout.write(`${strategy.kind.padEnd(20)} ${tested.orders.length} orders, ${tested.fills.length} fills, ${tested.denied.length} denials: ${verdict}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
