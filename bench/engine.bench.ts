/** The engine of back-tests against a bare loop, a fresh process, brackets and portfolios. A wrong result has no speed: results are held against the bare loop before anything is timed. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { runBacktest } from '#app/backtest/run/run.ts';
import { goldenConfig, plainMarket } from '#app/backtest/run/testing-cross.ts';
import type { RunConfig } from '#app/backtest/run/types.ts';
import { US_SELL_FEES } from '#app/backtest/fees.ts';
import { STRATEGY_TYPES } from '#app/strategy/registry.ts';
import { runProgram } from '../tests/support/run-program.ts';
import { bareSmaCross, statistics } from './lib/bare.ts';
import { brackets, portfolio, streaming } from './lib/engine-strategies.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { pair, type Pair } from './lib/pair.ts';
import { synthetic } from './lib/synth.ts';

const BARS = 1_000_000;
const SYMBOLS = 50;
const SYMBOL_BARS = 20_000;
const FRESH = 3;
const ROUNDS = 7;
/** Floors and targets of the goals (P4 to P8, P17). */
const LIMITS = { engine: { floor: 5, target: 2.5 }, first: { floor: 12, target: 6 }, streaming: { floor: 1.5, target: 1.2 }, brackets: { floor: 2, target: 1.5 }, portfolio: { floor: 12, target: 7 }, memory: { floor: 250, target: 150 } } as const;
const CROSS = { fast: 10, slow: 30, qty: 100, cash: 1e7, percent: 0.1 } as const;

function ratio(name: string, { best, ratios }: Pick<Pair, 'best' | 'ratios'>, { floor, target }: { readonly floor: number; readonly target: number }): Figure[] {
  return [figureOf({ name, unit: 'x', values: [best], limit: target, floor }), figureOf({ name: '  by rounds', unit: 'x', values: ratios })];
}

function must(isRight: boolean, what: string): void {
  if (!isRight) throw new Error(`The engine's result is wrong, so its speed is none: ${what}`);
}

function hashOf(config: RunConfig): string {
  return createHash('sha256').update(runBacktest(config, { hasLines: true }).lines.join('\n')).digest('hex');
}

/** P20: the same lines, whenever it runs. */
function mustRepeat(config: RunConfig): void {
  const [first, second] = [hashOf(config), hashOf(config)];
  must(first === second, 'two runs of one configuration differ');
}

type Fresh = { readonly first: number; readonly bare: number; readonly peak: number };

function freshProcess(): Fresh {
  return JSON.parse(runProgram(fileURLToPath(new URL('lib/engine-once.ts', import.meta.url)), [])) as Fresh;
}

function freshFigures(): Figure[] {
  const runs = Array.from({ length: FRESH }, freshProcess);
  const ratios = runs.map(({ first, bare }) => first / bare);
  const best = { best: Math.min(...ratios), ratios };
  const peaks = runs.map(({ peak }) => peak);
  return [
    ...ratio('P5 first run of a fresh process / bare loop', best, LIMITS.first),
    figureOf({ name: 'P17 peak memory of a run over 1 M bars', unit: 'MiB', values: peaks, limit: LIMITS.memory.target, floor: LIMITS.memory.floor }),
  ];
}

/** Fifty symbols whose minutes do not match, one account: time of an event against that of a bar of one symbol. */
function portfolioFigures(single: number): Figure[] {
  const markets = Array.from({ length: SYMBOLS }, (_none, n) => plainMarket(`S${String(n).padStart(2, '0')}`, synthetic({ length: SYMBOL_BARS, seed: n + 1, present: 0.7 })));
  const config = goldenConfig(markets, '1Min', { strategy: portfolio.bind({}), isBrokerStrict: false });
  mustRepeat(config);
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    runBacktest(config);
    return (performance.now() - start) / (SYMBOLS * SYMBOL_BARS) / single;
  });
  return ratio('P8 portfolio, 50 symbols: event / bar of one symbol', { best: Math.min(...times), ratios: times }, LIMITS.portfolio);
}

/** All figures of the engine, in this process first as long as it is fresh, then after eight strategies have run in it. */
export function benchEngine(): Promise<Figure[]> {
  const fresh = freshFigures();
  const bars = synthetic({ length: BARS });
  const config = goldenConfig([plainMarket('SYN', bars)], '1Min');
  const [mine, bare] = [runBacktest(config), bareSmaCross(bars, CROSS)];
  must(Math.abs((mine.equity.at(-1) ?? NaN) / bare.final - 1) < 1e-12 && mine.trips.length === bare.trades + Number(bare.isOpen), `${mine.equity.at(-1)} instead of ${bare.final}`);
  const byStreams = { ...config, strategy: streaming.bind({}) };
  const same = runBacktest(byStreams);
  must(same.equity.every((value, i) => value === mine.equity[i]), 'streams and columns differ');
  mustRepeat(config);
  const run = (one: RunConfig) => () => statistics(runBacktest(one).equity);
  const engine = pair(run(config), () => bareSmaCross(bars, CROSS));
  const slipping: RunConfig = { ...config, slippage: { kind: 'bps', bps: 2 }, fees: US_SELL_FEES };
  const withBrackets = pair(run({ ...slipping, strategy: brackets.bind({}) }), run(slipping));
  const figures = [
    ...ratio('P4 engine / bare loop, 1 M bars', engine, LIMITS.engine), figureOf({ name: '  bars a second', unit: 'M/s', values: [BARS / engine.a / 1e3] }),
    ...fresh, ...ratio('P6 streams / columns, the same bits', pair(run(byStreams), run(config)), LIMITS.streaming), ...ratio('P7 brackets / market orders alone', withBrackets, LIMITS.brackets),
    ...portfolioFigures(engine.a / BARS),
  ];
  for (const type of STRATEGY_TYPES) {
    const bound = type.bind({});
    const needed = Math.max(2, bound.symbols[0]);
    const markets = Array.from({ length: bound.scope === 'portfolio' ? needed : 1 }, (_none, n) => plainMarket(`M${n}`, synthetic({ length: 30_000, seed: n + 90 }), { isShortable: true }));
    runBacktest(goldenConfig(markets, '1Min', { strategy: bound, account: { cash: 1e6, multiplier: 2, canShort: true, borrowPercent: 0, marginInterestPercent: 0 }, isBrokerStrict: false }));
  }
  return Promise.resolve([...figures, ...ratio('P4 again, after eight strategies in this process', pair(run(config), () => bareSmaCross(bars, CROSS)), LIMITS.engine)]);
}
