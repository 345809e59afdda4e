/** A plan as a job of the research room. */
import { NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import { readJob, type Job } from '../research/job.ts';
import type { BacktestPlan } from './backtest-request.ts';

/** Ids of signals in a back-test of a kind that is not stored. */
const UNSTORED = 'backtest';

/** What the book says of the symbols: which may be sold short, of which parts may be had. */
export type AssetFacts = ReadonlyMap<string, { readonly isShortable: boolean; readonly isFractionable: boolean }>;

/** The job: markets are named by their symbols. @throws AppError INPUT_INVALID, STRATEGY_PARAMETERS_INVALID */
export function jobOf(plan: BacktestPlan, type: StrategyType, { symbols, assets }: { readonly symbols: readonly string[]; readonly assets: AssetFacts }): Job {
  const { kind, parameters, timeframe, sizing, slippageBps, slippage, commission, fills, account, hasFees, desk, limits } = plan;
  const { usesShorts } = type.bind(parameters);
  const strategyId = plan.strategyId ?? UNSTORED;
  return readJob({
    strategy: { kind, parameters }, timeframe, sizing,
    markets: symbols.map((symbol) => ({ symbol, bars: symbol, isShortable: assets.get(symbol)?.isShortable ?? false, isFractionable: assets.get(symbol)?.isFractionable ?? false })),
    account: { cash: Number(plan.startingCash), multiplier: account?.multiplier ?? (usesShorts ? 2 : 1), canShort: account?.canShort ?? usesShorts, borrowPercent: account?.borrowPercent ?? 0, marginInterestPercent: account?.marginInterestPercent ?? 0 },
    fills: { ...STRICT_FILLS, ...fills, volumeCap: plan.volumeCap }, slippage: slippage ?? (slippageBps > 0 ? { kind: 'bps', bps: slippageBps } : { kind: 'none' }),
    commission: { ...NO_COMMISSION, ...commission }, fees: hasFees ? 'us' : 'none',
    desk: desk === 'plain' ? { kind: 'plain' } : { kind: 'house', limits, strategyId, versionId: plan.versionId ?? strategyId },
  });
}
