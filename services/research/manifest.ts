/** By what a back-test is known: hashes of everything its outcome depends on, and of its outcome. */
import { createHash } from 'node:crypto';
import type { BacktestManifest } from '#app/contracts/backtest.ts';
import { BAR_FIELDS, type BarColumns } from '#app/domain/bar-columns.ts';
import { ENGINE_VERSION } from '#app/backtest/run/run.ts';
import { invariant } from '#app/domain/errors.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import type { Job } from './job.ts';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** JSON with the names of each object in order: the same values give the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));
}

/** SHA-256 over the columns of some bars. */
export function hashBars(bars: BarColumns): string {
  const hash = createHash('sha256');
  for (const column of [bars.time, ...BAR_FIELDS.map((field) => bars[field])]) hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  return hash.digest('hex');
}

/** What a manifest is made of. The engine draws nothing at random: the seed is that of the statistics behind it. */
export type ManifestFacts = {
  readonly job: Job; readonly series: readonly { readonly symbol: string; readonly bars: BarColumns }[]; readonly seed: number;
  /** Fills the parameters in; null: those of the job are filled in (`parameters`). */ readonly type: StrategyType | null; readonly parameters?: unknown;
  /** What tells versions of the strategy apart where its behaviour cannot be asked for here. */ readonly code?: string | null;
};

/** The manifest of a job on these bars. @throws AppError INVARIANT_BROKEN without a type and without a code */
export function manifestOf({ job, type, series, seed, code = null, parameters = null }: ManifestFacts): BacktestManifest {
  const { strategy, ...rules } = job;
  const bound = type?.bind(strategy.parameters) ?? null;
  const ownCode = code ?? (bound === null ? null : behaviourHash(bound));
  invariant(ownCode !== null, 'A strategy is known by its code or by its behaviour', { kind: strategy.kind });
  const parts = {
    engine: ENGINE_VERSION, code: ownCode, data: Object.fromEntries(series.map(({ symbol, bars }) => [symbol, hashBars(bars)])), parameters: sha256(canonical(bound?.parameters ?? parameters)), rules: sha256(canonical(rules)), seed,
  };
  return { ...parts, hash: sha256(canonical(parts)) };
}

/** The hash of a run's canonical lines: the identity of its orders. */
export function ordersHashOf(lines: readonly string[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest('hex');
}
