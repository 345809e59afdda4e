/** A plan as a job of the research room, and the manifest of what its outcome depends on. */
import { createHash } from 'node:crypto';
import type { BacktestManifest } from '#app/contracts/backtest.ts';
import { NO_COMMISSION, STRICT_FILLS } from '#app/backtest/run/defaults.ts';
import { ENGINE_VERSION } from '#app/backtest/run/run.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { readJob, type Job } from '../research/job.ts';
import { hashBars, type LoadedSeries } from './backtest-bars.ts';
import type { BacktestPlan } from './backtest-request.ts';

/** Ids of signals in a back-test of a kind that is not stored. */
const UNSTORED = 'backtest';

/** What the book says of the symbols: which may be sold short, of which parts may be had. */
export type AssetFacts = ReadonlyMap<string, { readonly isShortable: boolean; readonly isFractionable: boolean }>;

/** The job: markets are named by their symbols. @throws AppError INPUT_INVALID */
export function jobOf(plan: BacktestPlan, symbols: readonly string[], assets: AssetFacts): Job {
  const { kind, parameters, timeframe, sizing, slippageBps, slippage, commission, fills, account, hasFees, desk, limits } = plan;
  const { usesShorts } = strategyType(kind).bind(parameters);
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

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON with the names of each object in order: the same values give the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));
}

/** The manifest of a job on these bars. The engine draws nothing at random: the seed is that of the statistics behind it. */
export function manifestOf(job: Job, series: readonly LoadedSeries[], seed: number): BacktestManifest {
  const { strategy, ...rules } = job;
  const bound = strategyType(strategy.kind).bind(strategy.parameters);
  const parts = {
    engine: ENGINE_VERSION, code: behaviourHash(bound), data: Object.fromEntries(series.map(({ symbol, bars }) => [symbol, hashBars(bars)])), parameters: sha256(canonical(bound.parameters)), rules: sha256(canonical(rules)), seed,
  };
  return { ...parts, hash: sha256(canonical(parts)) };
}

/** The hash of a run's canonical lines. */
export function ordersHashOf(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex');
}
