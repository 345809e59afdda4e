/** backtest_strategy: a strategy over stored bars, by the rules and the order code that trade live. */
import { createHash } from 'node:crypto';
import {
  backtestRequestSchema, backtestResultSchema, backtestRunOutputSchema, MAX_BACKTEST_DAYS, MAX_EQUITY_POINTS, MAX_KEPT_BACKTESTS, MAX_STORED_TRADES, type BacktestResult, type BacktestTrade,
} from '#app/contracts/backtest.ts';
import { roundTrips } from '#app/analytics/round-trips.ts';
import { startBacktest, type Backtest, type BacktestBar, type BacktestOutcome } from '#app/backtest/engine.ts';
import { US_SELL_FEES } from '#app/backtest/fees.ts';
import { invariant } from '#app/domain/errors.ts';
import { money, price, quantity, toText } from '#app/domain/numeric.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exactLimits } from '#app/risk/book.ts';
import { strategyKind } from '#app/strategy/registry.ts';
import type { Db } from '#chassis/db.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import { backtestIdOf, countBars, planBacktest, planWindows, type BacktestPlan } from './backtest-request.ts';

/** Bars between two breaths: strategies that trade must not wait for one that is tried out. */
const PAGE = 250;
/** Ids of orders in a back-test of a kind that is not stored. */
const UNSTORED = 'backtest';

const SELECT_WINDOW = `
  SELECT symbol, (extract(epoch FROM open_time) * 1000)::bigint AS "openTime", trim_scale(open)::text AS open, trim_scale(high)::text AS high, trim_scale(low)::text AS low, trim_scale(close)::text AS close, trim_scale(volume)::text AS volume
  FROM data_ingestion.market_data
  WHERE symbol = ANY($1::text[]) AND timeframe = $2 AND open_time >= to_timestamp($3::bigint / 1000.0) AND open_time < to_timestamp($4::bigint / 1000.0)
  ORDER BY open_time, symbol COLLATE "C"`;

type Played = { readonly outcome: BacktestOutcome; readonly trades: readonly BacktestTrade[]; readonly ordersHash: string };

/** Plays the stored bars, a page at a time. @throws the signal's reason when the run is cancelled */
async function play(db: Db, plan: BacktestPlan, watch: { readonly signal: AbortSignal; readonly seen: (bars: number) => void }): Promise<Played> {
  const hash = createHash('sha256');
  const strategyId = plan.strategyId ?? UNSTORED;
  const backtest: Backtest = startBacktest({
    strategy: strategyKind(plan.kind).configure(plan.parameters), strategyId, versionId: plan.versionId ?? strategyId, timeframe: plan.timeframe, sizing: plan.sizing, limits: exactLimits(plan.limits),
    startingCash: plan.startingCash, slippageBps: plan.slippageBps, volumeCap: plan.volumeCap, fees: plan.hasFees ? US_SELL_FEES : null, maxEquityPoints: MAX_EQUITY_POINTS, note: (line) => void hash.update(`${line}\n`),
  });
  const trades: BacktestTrade[] = [];
  let seen = 0;
  for (const window of planWindows(plan)) {
    const bars = await db.query<BacktestBar>(SELECT_WINDOW, [plan.symbols, plan.timeframe, window.from, window.to]);
    for (let start = 0; start < bars.length; start += PAGE) {
      watch.signal.throwIfAborted();
      trades.push(...backtest.push(bars.slice(start, start + PAGE)));
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    seen += bars.length;
    watch.seen(seen);
  }
  const end = backtest.finish();
  return { outcome: end.outcome, trades: [...trades, ...end.fills], ordersHash: hash.digest('hex') };
}

/** The result as it is stored. */
function resultOf(backtestId: string, plan: BacktestPlan, { outcome, trades, ordersHash }: Played): BacktestResult {
  const kept = trades.slice(0, MAX_STORED_TRADES);
  const trips = roundTrips(kept.map((trade) => ({
    strategyId: plan.strategyId ?? UNSTORED, symbol: trade.symbol, side: trade.side, qty: quantity(trade.qty), price: price(trade.price), fee: money(trade.fee), tsEvent: trade.tsMarket as EpochMs,
  })));
  return backtestResultSchema.parse({
    backtestId, strategy: { strategyId: plan.strategyId, versionId: plan.versionId, kind: plan.kind, parameters: plan.parameters, sizing: plan.sizing }, symbols: plan.symbols, timeframe: plan.timeframe,
    from: outcome.from, to: outcome.to, startEquity: outcome.startEquity, endEquity: outcome.endEquity, feesPaid: outcome.feesPaid,
    equity: outcome.equity, daily: outcome.daily.slice(-MAX_BACKTEST_DAYS), maxDrawdown: outcome.maxDrawdown, trades: kept, isTruncated: trades.length > kept.length,
    roundTrips: trips.map((trip) => ({ symbol: trip.symbol, openedAt: trip.openedAt, closedAt: trip.closedAt, fills: trip.fills, profit: toText(trip.profit) })),
    openPositions: outcome.openPositions.map((position) => {
      invariant(position.avgPrice, 'An open position has a price', { symbol: position.symbol });
      return { symbol: position.symbol, qty: toText(position.qty), avgPrice: toText(position.avgPrice) };
    }),
    signals: outcome.signals, orders: outcome.orders, fills: outcome.fills, denied: outcome.denied, ordersHash, barsSeen: outcome.barsSeen, barsLeftOut: outcome.barsLeftOut,
  });
}

async function store(db: Db, plan: BacktestPlan, result: BacktestResult): Promise<void> {
  await db.tx(async (tx) => {
    await tx.query(
      `INSERT INTO strategy_engine.backtests (backtest_id, strategy_version_id, request, result, finished_at) VALUES ($1, $2, $3::jsonb, $4::jsonb, clock_timestamp())
       ON CONFLICT (backtest_id) DO UPDATE SET request = excluded.request, result = excluded.result, finished_at = excluded.finished_at`,
      [result.backtestId, plan.versionId ?? `${plan.kind}.unstored`, JSON.stringify(plan), JSON.stringify(result)],
    );
    await tx.query('DELETE FROM strategy_engine.backtests WHERE backtest_id IN (SELECT backtest_id FROM strategy_engine.backtests ORDER BY created_at DESC OFFSET $1)', [MAX_KEPT_BACKTESTS]);
  });
}

/** The flow. */
export function backtestFlow({ db }: { readonly db: Db }): FlowDefinition {
  return flow({
    name: 'backtest_strategy',
    description: 'Runs a strategy over stored bars: orders by the live risk rules, filled at the open of the next bar, with fees. The same bars and request give the same orders.',
    input: backtestRequestSchema,
    schedule: null, retries: 1, retryDelayMs: 2_000, timeoutMs: 1_800_000, concurrency: 1, onMissed: 'skip', isShareable: true,
    async run(ctx, request) {
      const plan = await ctx.step('complete the request', () => planBacktest(db, request));
      const bars = await ctx.step('count the bars', () => countBars(db, plan));
      ctx.log('info', `Testing ${plan.kind} on ${plan.symbols.join(', ') || 'no symbol'}`, { timeframe: plan.timeframe, from: plan.from, to: plan.to, bars });
      const output = await ctx.step('replay the bars', (step) => replay(db, ctx, { plan, bars, signal: step.signal }));
      ctx.progress(1, 1);
      ctx.log(output.barsSeen > 0 ? 'info' : 'warn', output.barsSeen > 0 ? 'The back-test is done' : 'There are no bars of regular trading in this period', { orders: output.orders, fills: output.fills, endEquity: output.endEquity });
      return output;
    },
  });
}

/** Played and stored in one step: the result is too large for the run's own record, and a step that is repeated writes the same row. */
async function replay(db: Db, ctx: FlowContext, { plan, bars, signal }: { plan: BacktestPlan; bars: number; signal: AbortSignal }) {
  const played = await play(db, plan, { signal, seen: (seen) => ctx.progress(Math.min(seen, bars), bars + 1) });
  const result = resultOf(backtestIdOf(ctx.runId), plan, played);
  await store(db, plan, result);
  return backtestRunOutputSchema.parse(result);
}
