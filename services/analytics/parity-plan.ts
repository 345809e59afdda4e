/** What is run again of a day: each deployed strategy with the version that traded, its symbols, sizes and limits, as the book has them. */
import * as z from 'zod';
import { projectFilesSchema, type ProjectFile } from '#app/contracts/author.ts';
import { strategyLimitsSchema } from '#app/contracts/deploy.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema } from '#app/domain/limits.ts';
import { money } from '#app/domain/numeric.ts';
import { timeframeSchema, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { endOfDay, fromNewYork, sessionOn } from '#app/market/calendar.ts';
import { exactLimits, type ExactLimits, type StrategyTerms } from '#app/risk/book.ts';
import { sizingSchema, type Sizing } from '#app/domain/sizing.ts';
import { at, type Queryable } from '#chassis/db.ts';

/** Strategies that are looked at on one day. */
const MAX_STRATEGIES = 500;

/** An exchange day: from its midnight to the next, and its session. Epoch ms. */
export type Day = { readonly day: string; readonly begin: EpochMs; readonly end: EpochMs; readonly open: EpochMs; readonly close: EpochMs };

/** A strategy on a day. `symbols` null: every watched one. `files` null: a strategy of the house. `changedAt`: market time of the first signal of another version, null = one version all day. */
export type DayPlan = Day & {
  readonly strategyId: string; readonly versionId: string; readonly versionSince: number; readonly kind: string; readonly files: readonly ProjectFile[] | null; readonly parameters: Readonly<Record<string, unknown>>; readonly sizing: Sizing;
  readonly own: StrategyTerms['limits']; readonly limits: ExactLimits; readonly timeframe: Timeframe; readonly symbols: readonly string[] | null; readonly changedAt: number | null;
};

/** A strategy of which nothing can be run again, and why. */
export type Unplanned = { readonly strategyId: string; readonly versionId: string; readonly note: string };

/** The day by its name; null when the exchange is closed on it. */
export function dayOf(day: string): Day | null {
  const session = sessionOn(day);
  return session === null ? null : { day, begin: fromNewYork(day, 0), end: endOfDay(day), open: session.open, close: session.close };
}

const SELECT = `
  SELECT s.strategy_id AS "strategyId", v.strategy_version_id AS "versionId", v.created_at AS "versionSince", v.kind, p.files, v.project_id AS "projectId", v.parameters, v.sizing, s.limits,
    coalesce(v.timeframe, s.timeframe) AS timeframe, coalesce(v.symbols, s.symbols) AS symbols, other.ts_market AS "changedAt"
  FROM strategy_engine.strategies s
  LEFT JOIN LATERAL (SELECT g.strategy_version_id FROM strategy_engine.strategy_signals g WHERE g.strategy_id = s.strategy_id AND g.ts_market >= $1 AND g.ts_market < $2 ORDER BY g.ts_market, g.signal_id LIMIT 1) first ON true
  JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = coalesce(first.strategy_version_id, s.current_version_id)
  LEFT JOIN strategy_engine.project_versions p ON p.project_id = v.project_id AND p.version = v.project_version
  LEFT JOIN LATERAL (SELECT g.ts_market FROM strategy_engine.strategy_signals g
    WHERE g.strategy_id = s.strategy_id AND g.ts_market >= $1 AND g.ts_market < $2 AND g.strategy_version_id <> v.strategy_version_id ORDER BY g.ts_market LIMIT 1) other ON true
  WHERE NOT s.is_stopped OR first.strategy_version_id IS NOT NULL ORDER BY s.strategy_id LIMIT ${MAX_STRATEGIES}`;

const rowSchema = z.object({
  strategyId: z.string(), versionId: z.string(), versionSince: z.number(), kind: z.string(), files: projectFilesSchema.nullable(), projectId: z.string().nullable(), parameters: z.record(z.string(), z.unknown()), sizing: sizingSchema,
  limits: strategyLimitsSchema.nullable(), timeframe: timeframeSchema, symbols: z.array(z.string()), changedAt: z.number().nullable(),
});

/** The account's limits with which the first decision of the day was made; without one those in force. */
async function limitsOf(book: Queryable, { begin, end }: Day): Promise<ExactLimits> {
  const [row] = await book.query<{ limits: unknown }>(
    `SELECT limits FROM risk_management.risk_limits ORDER BY (version = (SELECT limits_version FROM risk_management.risk_decisions WHERE ts_market >= $1 AND ts_market < $2 ORDER BY ts_market, decided_at LIMIT 1)) DESC NULLS LAST, version DESC LIMIT 1`, [at(begin), at(end)],
  );
  return exactLimits(row === undefined ? DEFAULT_RISK_LIMITS : riskLimitsSchema.parse(row.limits));
}

/** Every deployed strategy on a day. One whose row cannot be read is told, and holds up no other. */
export async function plansOf(book: Queryable, day: Day): Promise<{ readonly plans: readonly DayPlan[]; readonly unplanned: readonly Unplanned[] }> {
  const limits = await limitsOf(book, day);
  const plans: DayPlan[] = [];
  const unplanned: Unplanned[] = [];
  for (const raw of await book.query<{ strategyId: string; versionId: string }>(SELECT, [at(day.begin), at(day.end)])) {
    const parsed = rowSchema.safeParse(raw);
    const gone = parsed.success && parsed.data.projectId !== null && parsed.data.files === null ? 'the files of its version are not in the book' : null;
    if (!parsed.success || gone !== null) {
      unplanned.push({ strategyId: raw.strategyId, versionId: raw.versionId, note: `It could not be run again: ${gone ?? (parsed.success ? '' : `${parsed.error.issues[0]?.path.join('.') ?? ''} ${parsed.error.issues[0]?.message ?? 'cannot be read'}`)}.` });
      continue;
    }
    const { limits: own, symbols, projectId: _projectId, ...row } = parsed.data;
    plans.push({ ...day, ...row, limits, own: own === null ? null : { maxNotional: money(own.maxNotional), maxOrdersPerDay: own.maxOrdersPerDay }, symbols: symbols.includes('*') ? null : symbols });
  }
  return { plans, unplanned };
}
