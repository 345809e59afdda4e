/** Everything that a daily report tells, read from the book once. Dollars and fractions as float64: nothing here goes back into the ledger. */
import { roundTrips, type RoundTrip } from '#app/analytics/round-trips.ts';
import type { ReferencedFill } from '#app/analytics/trip-summary.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { endOfDay } from '#app/market/calendar.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { readCurve, type Curve } from './curve.ts';
import { readFills } from './fills.ts';
import { readOpenings } from './openings.ts';
import type { Metric } from './performance.ts';
import { readAnalysis, type TripGroup } from './trade-analysis.ts';

/** A strategy's result: realized until the day's end, open at it, and of the day alone. Dollars. */
export type StrategyResult = { readonly strategyId: string; readonly realized: number; readonly open: number; readonly day: number; readonly fills: number };
/** A position at the end; `last` null where no bar is known. */
export type HeldPosition = { readonly symbol: string; readonly qty: number; readonly average: number | null; readonly last: number | null };
/** How risk decided on the day, by outcome and code. */
export type DecisionCount = { readonly outcome: 'approved' | 'denied'; readonly code: string | null; readonly count: number };
/** A risk event as it was told. */
export type RiskNote = { readonly severity: string; readonly code: string; readonly message: string; readonly at: EpochMs };

/** The facts of a report. Lists are cut to what a page can hold; `totals` say how long they were. */
export type ReportFacts = {
  readonly day: string; readonly mode: RuntimeConfig['mode']; readonly version: string; readonly generatedAt: EpochMs; readonly isNewest: boolean;
  readonly curve: Curve | null; readonly metrics: readonly Metric[]; readonly groups: readonly TripGroup[]; readonly names: ReadonlyMap<string, string>; readonly strategies: readonly StrategyResult[];
  readonly trips: readonly RoundTrip[]; readonly fills: readonly ReferencedFill[]; readonly positions: readonly HeldPosition[]; readonly decisions: readonly DecisionCount[]; readonly riskNotes: readonly RiskNote[];
  readonly reconciled: { readonly at: EpochMs; readonly isClean: boolean } | null; /** Who signs it: the author profile as it stands; null when nobody has written one. */ readonly signature: { readonly name: string; readonly contact: string } | null; readonly totals: { readonly trips: number; readonly fills: number };
};

/** What the report is of. The run ids are those of the children that measured. */
export type ReportAsk = Pick<ReportFacts, 'day' | 'mode' | 'version' | 'generatedAt'> & { readonly performanceRun: string; readonly analysisRun: string };

const MAX_ROWS = 100;

const STRATEGIES = `
  SELECT s.strategy_id AS "strategyId", sum(s.realized_pnl)::float8 AS realized, (array_agg(s.open_pnl ORDER BY s.day DESC))[1]::float8 AS open,
    (coalesce(sum(s.realized_pnl) FILTER (WHERE s.day = $1::date), 0) + coalesce((array_agg(s.open_pnl ORDER BY s.day DESC) FILTER (WHERE s.day = $1::date))[1], (array_agg(s.open_pnl ORDER BY s.day DESC))[1], 0)
      - coalesce((array_agg(s.open_pnl ORDER BY s.day DESC) FILTER (WHERE s.day < $1::date))[1], 0))::float8 AS day,
    coalesce(sum(s.fills), 0)::integer AS fills
  FROM analytics.strategy_performance s WHERE s.day <= $1::date GROUP BY s.strategy_id ORDER BY s.strategy_id LIMIT ${MAX_ROWS}`;

const POSITIONS = `
  SELECT p.symbol, p.qty::float8 AS qty, p.avg_price::float8 AS average, (SELECT i.last_close::float8 FROM data_ingestion.ingestion_status i WHERE i.symbol = p.symbol ORDER BY i.last_open_time DESC LIMIT 1) AS last
  FROM execution.positions p WHERE p.qty <> 0 ORDER BY abs(p.qty * coalesce(p.avg_price, 0)) DESC LIMIT ${MAX_ROWS}`;

/** Reads the facts. The day's own lists are cut at its midnights in New York. */
export async function readReportFacts(db: Queryable, ask: ReportAsk): Promise<ReportFacts> {
  const { day, mode, version, generatedAt } = ask;
  const [begins, ends] = [fromNewYork(day, 0), endOfDay(day)];
  const curve = await readCurve(db, day);
  const fills = await readFills(db, ends);
  const trips = roundTrips(fills, await readOpenings(db)).filter((trip) => trip.closedAt >= begins);
  const dayFills = fills.filter((fill) => fill.tsEvent >= begins);
  const [newest] = await db.query<{ later: boolean }>('SELECT EXISTS (SELECT FROM analytics.equity_curve WHERE ts_market > $1) AS later', [at(ends)]);
  const isNewest = newest?.later !== true;
  const names = await db.query<{ id: string; name: string }>('SELECT strategy_id AS id, name FROM strategy_engine.strategies');
  const [reconciled] = await db.query<{ at: EpochMs; isClean: boolean }>('SELECT at, is_clean AS "isClean" FROM execution.reconciliations ORDER BY at DESC LIMIT 1');
  const [signature] = await db.query<{ name: string; contact: string }>(`SELECT name, contact FROM strategy_engine.author_profile WHERE name <> ''`);
  return {
    day, mode, version, generatedAt, isNewest, curve,
    metrics: await db.query<Metric>('SELECT name, value, unit FROM analytics.performance_metrics WHERE run_id = $1', [ask.performanceRun]),
    groups: await readAnalysis(db, ask.analysisRun),
    names: new Map(names.map((row) => [row.id, row.name])),
    strategies: await db.query<StrategyResult>(STRATEGIES, [day]),
    trips: trips.slice(-MAX_ROWS), fills: dayFills.slice(-MAX_ROWS), totals: { trips: trips.length, fills: dayFills.length },
    positions: isNewest ? await db.query<HeldPosition>(POSITIONS) : [],
    decisions: await db.query<DecisionCount>(`SELECT outcome, code, count(*)::integer AS count FROM risk_management.risk_decisions WHERE ts_market >= $1 AND ts_market < $2 GROUP BY outcome, code ORDER BY count DESC, code LIMIT ${MAX_ROWS}`, [at(begins), at(ends)]),
    riskNotes: await db.query<RiskNote>(`SELECT severity, code, message, at FROM risk_management.risk_events WHERE severity <> 'info' AND at > $1::timestamptz - interval '24 hours' AND at <= $1 ORDER BY at DESC LIMIT 20`, [at(generatedAt)]),
    reconciled: reconciled ?? null, signature: signature ?? null,
  };
}
