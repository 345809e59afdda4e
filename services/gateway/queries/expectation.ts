/** P&L of a deployed strategy against what its back-test lets expect. */
import * as z from 'zod';
import type { Expectation } from '#app/contracts/deploy.ts';
import { dayDollars, expectationWords, expectedBand, MOST_EXPECTED_DAYS, standingOf, type Scale } from '#app/analytics/expectation.ts';
import { hashText } from '#app/domain/random.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween } from '#app/market/calendar.ts';
import type { Queryable } from '#chassis/db.ts';

/**
 * The newest finished back-test of what the deployment runs: of the very files, or of the version of a strategy of the house. One with the deployment's parameters comes first.
 * `startedAt`: market time at which this version began, by the points of the equity that were written since: a replay and a demo have a clock of their own.
 */
const DEPLOYMENT = `
  SELECT b.backtest_id AS "backtestId", b.result->'daily' AS daily, b.result->'strategy'->'sizing' AS "testedSizing", v.sizing, start.ts_market AS "startedAt", start.equity::float8 AS equity,
    (SELECT max(ts_market) FROM analytics.equity_curve) AS "marketAt"
  FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id
  LEFT JOIN strategy_engine.project_versions p ON p.project_id = v.project_id AND p.version = v.project_version
  CROSS JOIN LATERAL (
    SELECT t.backtest_id FROM strategy_engine.backtests t LEFT JOIN strategy_engine.project_versions q ON q.project_id = t.project_id AND q.version = t.project_version
    WHERE t.state = 'done' AND CASE WHEN p.hash IS NULL THEN t.strategy_version_id = v.strategy_version_id ELSE q.hash = p.hash END
    ORDER BY coalesce(t.view->'parameters' = v.parameters, false) DESC, t.created_at DESC, t.backtest_id LIMIT 1) newest
  JOIN strategy_engine.backtests b ON b.backtest_id = newest.backtest_id AND b.result IS NOT NULL
  LEFT JOIN LATERAL (SELECT ts_market, equity FROM analytics.equity_curve WHERE recorded_at >= v.created_at ORDER BY recorded_at LIMIT 1) start ON true
  WHERE s.strategy_id = $1`;

const deploymentRow = z.object({
  backtestId: z.string(), daily: z.array(z.tuple([z.string(), z.number()])), testedSizing: z.unknown(), sizing: z.unknown(), startedAt: z.number().nullable(), equity: z.number().nullable(), marketAt: z.number().nullable(),
});
type DeploymentRow = z.infer<typeof deploymentRow>;
const fixedSchema = z.object({ method: z.literal('fixed_notional'), notional: z.coerce.number().positive() });

/** Days with a fill or with something held, and the last one before the start: what was open then is not this deployment's doing. */
const DAYS = `
  SELECT day::text AS day, realized_pnl::float8 AS realized, open_pnl::float8 AS open FROM analytics.strategy_performance
  WHERE strategy_id = $1 AND (day >= $2::date OR day = (SELECT max(day) FROM analytics.strategy_performance WHERE strategy_id = $1 AND day < $2::date)) ORDER BY day`;
type DayRow = { readonly day: string; readonly realized: number; readonly open: number };

/** Entries of fixed dollars make the same dollars on any account; everything else is a part of the equity. */
function scaleOf({ testedSizing, sizing, equity, daily }: DeploymentRow): Scale {
  const [tested, own] = [fixedSchema.safeParse(testedSizing), fixedSchema.safeParse(sizing)];
  if (tested.success && own.success) return { by: 'dollars', factor: own.data.notional / tested.data.notional };
  return { by: 'equity', equity: equity ?? daily[0]?.[1] ?? 0 };
}

/** Dollars since the start at the end of each day. A day without a row had no fill and nothing to value: it ends as the day before. */
function cumulative(days: readonly string[], rows: readonly DayRow[]): number[] {
  const [first = ''] = days;
  const before = rows.find(({ day }) => day < first)?.open ?? 0;
  const known = new Map(rows.map((row) => [row.day, row]));
  let [realized, open] = [0, before];
  return days.map((day) => {
    const row = known.get(day);
    realized += row?.realized ?? 0;
    open = row?.open ?? open;
    return realized + open - before;
  });
}

/** The expectation of a deployment; null when there is no finished back-test of what it runs, or one of too few days to draw from. */
export async function readExpectation(db: Queryable, strategyId: string): Promise<Expectation | null> {
  const [raw] = await db.query(DEPLOYMENT, [strategyId]);
  if (raw === undefined) return null;
  const row = deploymentRow.parse(raw);
  const changes = dayDollars(row.daily.map(([, equity]) => equity), scaleOf(row));
  const ran = row.startedAt === null || row.marketAt === null ? [] : sessionsBetween(exchangeDay(row.startedAt as EpochMs), exchangeDay(row.marketAt as EpochMs)).map(({ date }) => date);
  // Whoever has run for longer goes on being judged, by what it made of late.
  const days = ran.slice(-MOST_EXPECTED_DAYS);
  const band = expectedBand(changes, days.length, hashText(row.backtestId));
  if (band === null) return null;
  const actual = days.length === 0 ? [] : cumulative(days, await db.query<DayRow>(DAYS, [strategyId, days[0]]));
  const now = actual.at(-1) ?? 0;
  return {
    backtestId: row.backtestId, standing: standingOf(band, days.length, now), words: expectationWords(band, days.length, now, ran.length),
    days: days.map((day, n) => ({ day, actual: actual[n] ?? null, low: band[n]?.low ?? 0, middle: band[n]?.middle ?? 0, high: band[n]?.high ?? 0 })),
  };
}
