/** The authored strategies that are at work: which version of which project, on which symbols, with which limits. */
import * as z from 'zod';
import { strategyLimitsSchema } from '#app/contracts/deploy.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { timeframeSchema, type Timeframe } from '#app/domain/time.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import type { Queryable } from '#chassis/db.ts';
import type { SandboxFacts } from '../research/sandbox/protocol.ts';
import { readProjectVersion } from './author-read.ts';
import { symbolsOf, type Deployment, type Roster } from './deployments.ts';
import type { LiveCode } from './live-process.ts';

/** Authored strategies at work at once: each has a process of its own. */
export const MAX_LIVE = 40;
/** Symbols of one portfolio. */
const MAX_PORTFOLIO = 1_000;

/** What the engine must know of a version before its process runs; written when it is deployed. `warmUp`: bars of the deployment's own timeframe. */
export const liveFactsSchema = z.object({
  kind: z.string(), title: z.string(), scope: z.enum(['symbol', 'portfolio']), symbols: z.tuple([z.number(), z.number()]), usesShorts: z.boolean(), usesOrders: z.boolean(), warmUp: z.number().int().min(1),
});
/** What the engine must know of a version. */
export type LiveFacts = z.infer<typeof liveFactsSchema>;

/** Of what a version said of itself when it was loaded with its parameters. `timeframe`: of the bars that it will be shown. */
export function liveFactsOf(facts: SandboxFacts, timeframe: Timeframe): LiveFacts {
  const { kind, title, scope, symbols, usesShorts, usesOrders, warmUps } = facts;
  return { kind, title: title === '' ? kind : title, scope, symbols: symbols ?? [1, scope === 'symbol' ? 1 : MAX_PORTFOLIO], usesShorts: usesShorts ?? false, usesOrders: usesOrders ?? false, warmUp: Math.max(1, warmUps[timeframe]) };
}

function elsewhere(): never {
  throw new AppError('INVARIANT_BROKEN', 'An authored strategy decides in its own process');
}

/** A version as the engine's own code sees it: what it asks for, and nothing that it does. */
export function outlineOf({ kind, scope, symbols, usesShorts, usesOrders, warmUp }: LiveFacts): BoundStrategy {
  return { kind, scope, symbols, usesShorts, usesOrders, parameters: {}, indicators: {}, history: warmUp, forgetting: 0, initialState: () => ({}), readState: (state) => state, onBar: elsewhere };
}

const rowSchema = z.object({
  strategyId: z.string(), versionId: z.string(), symbols: z.array(z.string()), timeframe: timeframeSchema, isEnabled: z.boolean(), isWarm: z.boolean(), projectId: z.string(), projectVersion: z.number().int(),
  facts: liveFactsSchema, limits: strategyLimitsSchema.nullable(),
});

/** Those whom an error has paused see no bars: they would only throw again. Those that are stopped neither. */
const ROWS = `
  SELECT s.strategy_id AS "strategyId", s.current_version_id AS "versionId", s.symbols, s.timeframe, s.is_enabled AS "isEnabled", s.is_warm AS "isWarm", v.project_id AS "projectId", v.project_version AS "projectVersion", v.facts, s.limits
  FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id
  WHERE s.project_id IS NOT NULL AND NOT s.is_stopped AND coalesce(s.paused->>'by', '') <> 'errors' ORDER BY s.strategy_id COLLATE "C" LIMIT ${MAX_LIVE}`;

/** A deployment, and whether it has been shown the bars that it needs. */
export type AuthoredRoster = Roster & { readonly cold: readonly Deployment[] };

/** Reads those that see bars (`deployments`), and those that must be warmed up first (`cold`). */
export async function loadAuthored(book: Queryable): Promise<AuthoredRoster> {
  const [deployments, cold]: [Deployment[], Deployment[]] = [[], []];
  const unusable: { strategyId: string; reason: string }[] = [];
  for (const raw of await book.query<{ strategyId: string }>(ROWS)) {
    try {
      const { strategyId, versionId, timeframe, isEnabled, isWarm, projectId, projectVersion, facts, limits, symbols } = rowSchema.parse(raw);
      const strategy = outlineOf(facts);
      const authored = { projectId, version: projectVersion, maxErrors: limits?.maxErrors ?? 1 };
      (isWarm ? deployments : cold).push({ strategyId, versionId, timeframe, isEnabled, strategy, symbols: symbolsOf(strategy, symbols), authored, maxDailyLoss: limits?.maxDailyLoss ?? null });
    } catch (error) {
      unusable.push({ strategyId: raw.strategyId, reason: describeError(error) });
    }
  }
  return { deployments, cold, unusable };
}

/** The files and parameters of a deployment's version. @throws AppError PROJECT_NOT_FOUND, STRATEGY_CODE_INVALID when the stored files are not those that were saved */
export async function readLiveCode(book: Queryable, { versionId, authored }: Deployment): Promise<LiveCode> {
  if (authored === undefined) return elsewhere();
  const { files } = await readProjectVersion(book, authored.projectId, authored.version);
  const [row] = await book.query<{ parameters: unknown }>('SELECT parameters FROM strategy_engine.strategy_versions WHERE strategy_version_id = $1', [versionId]);
  return { files, parameters: row?.parameters ?? {} };
}
