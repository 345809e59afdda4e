/** The strategies that run: which version, on which symbols, with which code. Read from the book, seeded when it is empty. */
import * as z from 'zod';
import type { Mode } from '#app/contracts/config.ts';
import { strategyLimitsSchema } from '#app/contracts/deploy.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { timeframeSchema, type Timeframe } from '#app/domain/time.ts';
import { sizingSchema, type Sizing } from '#app/domain/sizing.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import { strategyType } from '#app/strategy/registry.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import type { Queryable } from '#chassis/db.ts';

/** Where the code of an authored strategy lies. `maxErrors`: errors in a row at which it is paused. */
export type AuthoredCode = { readonly projectId: string; readonly version: number; readonly maxErrors: number };

/** A strategy at work. */
export type Deployment = {
  readonly strategyId: string;
  readonly versionId: string;
  readonly timeframe: Timeframe;
  /** The symbols it trades; null = every watched symbol. */
  readonly symbols: ReadonlySet<string> | null;
  /** A disabled strategy goes on looking at bars, so that it is warm when it is enabled again, and raises nothing. */
  readonly isEnabled: boolean;
  readonly strategy: BoundStrategy;
  /** Loss since the session began at which it is paused, dollars; null or left out = no limit of its own. */
  readonly maxDailyLoss?: string | null;
  /** Of a strategy that a person wrote: it decides in a process of its own. */
  readonly authored?: AuthoredCode;
};

/** What could be read of the book's strategies. `unusable`: those that this version of the program cannot run, with the reason. */
export type Roster = { readonly deployments: readonly Deployment[]; readonly unusable: readonly { readonly strategyId: string; readonly reason: string }[] };

const EVERY_WATCHED_SYMBOL = '*';
const MAX_STRATEGIES = 500;

const strategyRow = z.object({
  strategy_id: z.string(), kind: z.string(), symbols: z.array(z.string()), timeframe: timeframeSchema, parameters: z.unknown(), sizing: sizingSchema,
  is_enabled: z.boolean(), current_version_id: z.string(), limits: strategyLimitsSchema.nullable(),
});

/** The symbols of a deployment. @throws AppError INPUT_INVALID for a portfolio without names, or with more or fewer than it takes */
export function symbolsOf({ kind, scope, symbols: [least, most] }: BoundStrategy, symbols: readonly string[]): ReadonlySet<string> | null {
  const isEvery = symbols.includes(EVERY_WATCHED_SYMBOL);
  if (scope === 'symbol') return isEvery ? null : new Set(symbols);
  const names = new Set([...symbols].sort());
  if (isEvery) throw new AppError('INPUT_INVALID', `The strategy ${kind} looks at several symbols together: name them, instead of every watched one`);
  if (names.size < least || names.size > most) throw new AppError('INPUT_INVALID', `The strategy ${kind} takes ${least === most ? least : `${least} to ${most}`} symbols, not ${names.size}`);
  return names;
}

/** The symbols that are watched now. */
export async function readWatched(book: Queryable): Promise<ReadonlySet<string>> {
  const rows = await book.query<{ symbol: string }>('SELECT symbol FROM data_ingestion.symbols WHERE is_watched');
  return new Set(rows.map((row) => row.symbol));
}

/** Reads the strategies of the house, ordered by id: the order in which they see a bar. */
export async function loadRoster(book: Queryable): Promise<Roster> {
  const rows = await book.query<{ strategy_id: string }>(
    `SELECT strategy_id, kind, symbols, timeframe, parameters, sizing, is_enabled, current_version_id, limits FROM strategy_engine.strategies WHERE project_id IS NULL ORDER BY strategy_id COLLATE "C" LIMIT $1`, [MAX_STRATEGIES],
  );
  const deployments: Deployment[] = [];
  const unusable: { strategyId: string; reason: string }[] = [];
  for (const raw of rows) {
    try {
      const row = strategyRow.parse(raw);
      const strategy = strategyType(row.kind).bind(row.parameters);
      const { strategy_id: strategyId, current_version_id: version, timeframe, is_enabled: isEnabled } = row;
      deployments.push({ strategyId, versionId: version, timeframe, isEnabled, symbols: symbolsOf(strategy, row.symbols), strategy, maxDailyLoss: row.limits?.maxDailyLoss ?? null });
    } catch (error) {
      unusable.push({ strategyId: raw.strategy_id, reason: describeError(error) });
    }
  }
  return { deployments, unusable };
}

type Seed = { readonly strategyId: string; readonly name: string; readonly kind: string; readonly sizing: Sizing };

/** What a fresh installation trades. Both sizes fit the default limits of a $100,000 account. */
export const SEEDS: readonly Seed[] = [
  { strategyId: 'rsi_reversion', name: 'RSI reversion 14', kind: 'rsi_reversion', sizing: { method: 'percent_of_equity', percent: '5' } },
  { strategyId: 'sma_cross', name: 'Moving-average crossover 10/30', kind: 'sma_cross', sizing: { method: 'fixed_notional', notional: '5000' } },
];

/** Id of the n-th version of a strategy. */
export function versionId(strategyId: string, version: number): string {
  return `${strategyId}.v${version}`;
}

const INSERT_VERSION = `
  INSERT INTO strategy_engine.strategy_versions (strategy_version_id, strategy_id, version, kind, parameters, sizing, code_hash)
  VALUES ($1, $2, $3, $4, $5::jsonb, $6::jsonb, $7)`;

/** Writes the first version of a strategy, or the next one. */
export async function insertVersion(tx: Queryable, version: { strategyId: string; version: number; strategy: BoundStrategy; sizing: Sizing }): Promise<string> {
  const id = versionId(version.strategyId, version.version);
  await tx.query(INSERT_VERSION, [
    id, version.strategyId, version.version, version.strategy.kind, JSON.stringify(version.strategy.parameters), JSON.stringify(version.sizing), behaviourHash(version.strategy),
  ]);
  return id;
}

/**
 * Writes the two default strategies into a book that has none, and nothing into any other. They trade at once with play
 * money (demo, paper); with real money they wait, disabled, until a person enables them.
 */
export async function seedStrategies(tx: Queryable, mode: Mode): Promise<number> {
  const [known] = await tx.query<{ n: number }>('SELECT count(*) AS n FROM strategy_engine.strategies');
  if (known?.n !== 0) return 0;
  for (const seed of SEEDS) {
    const strategy = strategyType(seed.kind).bind({});
    const id = await insertVersion(tx, { strategyId: seed.strategyId, version: 1, strategy, sizing: seed.sizing });
    await tx.query(
      `INSERT INTO strategy_engine.strategies (strategy_id, name, kind, symbols, timeframe, parameters, sizing, is_enabled, current_version_id)
       VALUES ($1, $2, $3, $4::text[], '1Min', $5::jsonb, $6::jsonb, $7, $8)`,
      [seed.strategyId, seed.name, seed.kind, [EVERY_WATCHED_SYMBOL], JSON.stringify(strategy.parameters), JSON.stringify(seed.sizing), mode !== 'live', id],
    );
  }
  return SEEDS.length;
}
