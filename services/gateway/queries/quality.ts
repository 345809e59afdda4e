/** What is known of the quality of the stored bars, read from the book. */
import type * as z from 'zod';
import {
  adjustmentViewSchema, coverageSeriesSchema, findingSchema, quarantinedBarSchema, qualityReportSchema, validationRunSchema, type coverageListAskSchema, type coverageAskSchema, type CoverageCalendar, type findingsAskSchema,
  type QualityFindingView, type QualityReport, type quarantineAskSchema,
} from '#app/contracts/quality.ts';
import { AppError } from '#app/domain/errors.ts';
import { civilFromDays, daysFromCivil, formatDate, parseDate, type Timeframe } from '#app/domain/time.ts';
import { resolveActions } from '#app/market/adjustment.ts';
import { expectedBars } from '#app/market/quality/days.ts';
import { describeFinding, ruleOf } from '#app/market/quality/rules.ts';
import type { FindingKind } from '#app/market/quality/finding.ts';
import type { Db } from '#chassis/db.ts';

type Ask<S extends z.ZodType> = z.infer<S>;
const YEAR_PLACES = 366;
const MAX_ACTIONS = 2_000;

/** Finding kinds in words, with the text that a rule of an older release wrote left as it is. */
function textOf(kind: string, message: string | null, detail: unknown): string {
  if (message !== null) return message;
  const plain = typeof detail === 'object' && detail !== null ? (detail as Record<string, number | string>) : {};
  return ruleOf(kind) === undefined ? (typeof plain['defect'] === 'string' ? plain['defect'] : kind.replaceAll('_', ' ')) : describeFinding({ kind: kind as FindingKind, detail: plain });
}

/** Bars that each day of a year should have, by place in the year; 0 = no session. */
function expectedByPlace(year: number, timeframe: Timeframe): number[] {
  const first = daysFromCivil({ year, month: 1, day: 1 });
  const places = new Array<number>(YEAR_PLACES).fill(0);
  for (const { day, bars } of expectedBars(timeframe, first, daysFromCivil({ year, month: 12, day: 31 }))) places[day - first] = bars;
  return places;
}

const CALENDAR_ROWS = `
  SELECT u.n::int - 1 AS place, sum(least(u.s, u.e))::bigint AS stored, sum(u.q)::bigint AS quarantined, (count(*) FILTER (WHERE u.s >= u.e))::int AS complete
  FROM data_ingestion.coverage_years c CROSS JOIN LATERAL unnest(c.stored, c.quarantined, $3::int[]) WITH ORDINALITY AS u(s, q, e, n)
  WHERE c.timeframe = $1 AND c.year = $2 AND ($4::text IS NULL OR c.symbol = $4) AND u.e > 0 GROUP BY u.n`;

type SeriesDays = { symbol: string; first: string | null; last: string | null; countedAt: number; isCurrent: boolean };

/** A year of coverage of one symbol or of all. Counts are those of the last validation; `pending` says how many series have changed since. */
export async function readCoverage(db: Db, ask: Ask<typeof coverageAskSchema>): Promise<CoverageCalendar> {
  const symbol = ask.symbol ?? null;
  const found = await db.query<{ year: number }>(`SELECT DISTINCT year FROM data_ingestion.coverage_years WHERE timeframe = $1 AND ($2::text IS NULL OR symbol = $2) ORDER BY year`, [ask.timeframe, symbol]);
  const years = found.map((row) => row.year);
  const series = await db.query<SeriesDays>(
    `SELECT r.symbol, r.first_day::text AS first, r.last_day::text AS last, r.counted_at AS "countedAt", (i.bars_total, i.revisions, i.last_open_time) IS NOT DISTINCT FROM (r.bars_total, r.revisions, r.last_open_time) AS "isCurrent"
     FROM data_ingestion.coverage_series r LEFT JOIN data_ingestion.ingestion_status i USING (symbol, timeframe) WHERE r.timeframe = $1 AND ($2::text IS NULL OR r.symbol = $2)`, [ask.timeframe, symbol],
  );
  const year = ask.year ?? years.at(-1) ?? null;
  const base = { symbol, timeframe: ask.timeframe, years, series: series.length, countedAt: series.length === 0 ? null : Math.min(...series.map((row) => row.countedAt)), pending: series.filter((row) => !row.isCurrent).length };
  if (year === null) return { ...base, year: 2_000, days: [] };
  const expected = expectedByPlace(year, ask.timeframe);
  const rows = await db.query<{ place: number; stored: number; quarantined: number; complete: number }>(CALENDAR_ROWS, [ask.timeframe, year, expected, symbol]);
  const counted = new Map(rows.map((row) => [row.place, row]));
  const archived = await db.query<{ month: number }>(`SELECT extract(month FROM month)::int AS month FROM data_ingestion.archived_months WHERE state = 'archived' AND timeframe IN ('*', $1) AND extract(year FROM month) = $2`, [ask.timeframe, year]);
  const isArchived = new Set(archived.map((row) => row.month));
  const first = daysFromCivil({ year, month: 1, day: 1 });
  const spans = series.flatMap((row) => (row.first === null || row.last === null ? [] : [{ from: daysFromCivil(parseDate(row.first)), to: daysFromCivil(parseDate(row.last)) }]));
  const days = expected.flatMap((bars, place) => {
    if (bars === 0) return [];
    const number = first + place;
    const count = spans.filter((span) => span.from <= number && number <= span.to).length;
    if (count === 0) return [];
    const civil = civilFromDays(number);
    const { stored = 0, quarantined = 0, complete = 0 } = counted.get(place) ?? {};
    const should = bars * count;
    return [{ day: formatDate(civil), expected: should, stored, quarantined, series: count, complete: Math.min(complete, count), fraction: Math.min(1, stored / should), isArchived: isArchived.has(civil.month) }];
  });
  return { ...base, year, days };
}

const LIST_ORDERS = {
  worst: `(r.stored::float8 / greatest(1, r.expected)), r.symbol COLLATE "C", r.timeframe`, symbol: `r.symbol COLLATE "C", r.timeframe`,
  findings: `coalesce(f.open, 0) DESC, (r.stored::float8 / greatest(1, r.expected)), r.symbol COLLATE "C", r.timeframe`,
} as const;

/** Stored series with their coverage. `total`: before the limit. */
export async function readCoverageSeries(db: Db, ask: Ask<typeof coverageListAskSchema>): Promise<{ series: z.infer<typeof coverageSeriesSchema>[]; total: number }> {
  const rows = await db.query<Record<string, unknown> & { total: number }>(
    `SELECT r.symbol, r.timeframe, r.first_day::text AS "firstDay", r.last_day::text AS "lastDay", r.expected, least(r.stored, r.expected) AS stored, r.quarantined, least(1, r.stored::float8 / greatest(1, r.expected)) AS fraction,
       r.missing_days AS "missingDays", coalesce(f.open, 0)::int AS "openFindings", f.worst, coalesce(i.revisions, 0)::int AS revisions, r.counted_at AS "countedAt", (count(*) OVER ())::int AS total
     FROM data_ingestion.coverage_series r LEFT JOIN data_ingestion.ingestion_status i USING (symbol, timeframe)
       LEFT JOIN (SELECT symbol, timeframe, count(*) AS open, (array_agg(severity ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity)))[1] AS worst FROM data_ingestion.data_quality_logs WHERE state = 'open' GROUP BY 1, 2) f USING (symbol, timeframe)
     WHERE ($1::text IS NULL OR r.timeframe = $1) AND ($2 = '' OR r.symbol LIKE '%' || upper(replace(replace($2, '%', ''), '_', '')) || '%') ORDER BY ${LIST_ORDERS[ask.order]} LIMIT $3`, [ask.timeframe ?? null, ask.query, ask.limit],
  );
  return { series: rows.map(({ total: _total, ...row }) => coverageSeriesSchema.parse(row)), total: rows[0]?.total ?? 0 };
}

const FINDING_COLUMNS = `
  id AS "findingId", symbol, timeframe, kind, severity, score, state, open_time AS "openTime", until_time AS "untilTime", message, detail, at, attempts, decided_at AS "decidedAt", decided_by AS "decidedBy"`;

type FindingRow = Omit<QualityFindingView, 'text' | 'repair'> & { message: string | null };

function viewOf({ message, ...row }: FindingRow): QualityFindingView {
  return findingSchema.parse({ ...row, text: textOf(row.kind, message, row.detail), repair: ruleOf(row.kind)?.repair ?? 'Nothing needs to be done.' });
}

/** Findings, newest first, and how many are open by severity. */
export async function readDataFindings(db: Db, ask: Ask<typeof findingsAskSchema>): Promise<{ findings: QualityFindingView[]; hasMore: boolean; open: { critical: number; warning: number; info: number } }> {
  const rows = await db.query<FindingRow>(
    `SELECT ${FINDING_COLUMNS} FROM data_ingestion.data_quality_logs
     WHERE ($1::text IS NULL OR symbol = $1) AND ($2::text IS NULL OR timeframe = $2) AND ($3::text IS NULL OR severity = $3) AND ($4::text IS NULL OR kind = $4) AND ($5 = 'all' OR state = $5) AND ($6::bigint IS NULL OR id < $6)
     ORDER BY id DESC LIMIT $7`, [ask.symbol ?? null, ask.timeframe ?? null, ask.severity ?? null, ask.kind ?? null, ask.state, ask.before ?? null, ask.limit + 1],
  );
  const [open] = await db.query<{ critical: number; warning: number; info: number }>(
    `SELECT (count(*) FILTER (WHERE severity = 'critical'))::int AS critical, (count(*) FILTER (WHERE severity = 'warning'))::int AS warning, (count(*) FILTER (WHERE severity = 'info'))::int AS info FROM data_ingestion.data_quality_logs WHERE state = 'open'`, [],
  );
  return { findings: rows.slice(0, ask.limit).map(viewOf), hasMore: rows.length > ask.limit, open: open ?? { critical: 0, warning: 0, info: 0 } };
}

/** Bars in quarantine, newest first. */
export async function readQuarantine(db: Db, ask: Ask<typeof quarantineAskSchema>): Promise<{ bars: z.infer<typeof quarantinedBarSchema>[]; held: number }> {
  const rows = await db.query<Record<string, unknown>>(
    `SELECT quarantine_id AS "quarantineId", symbol, timeframe, open_time AS "openTime", trim_scale(open)::text AS open, trim_scale(high)::text AS high, trim_scale(low)::text AS low, trim_scale(close)::text AS close, trim_scale(volume)::text AS volume,
       source, kind, detail, state, quarantined_at AS "quarantinedAt", decided_at AS "decidedAt", decided_by AS "decidedBy"
     FROM data_ingestion.quarantined_bars WHERE ($1::text IS NULL OR symbol = $1) AND ($2 = 'all' OR state = 'held') ORDER BY quarantine_id DESC LIMIT $3`, [ask.symbol ?? null, ask.state, ask.limit],
  );
  const [counted] = await db.query<{ held: number }>(`SELECT count(*)::int AS held FROM data_ingestion.quarantined_bars WHERE state = 'held'`, []);
  return { bars: rows.map(({ detail, ...row }) => quarantinedBarSchema.parse({ ...row, text: textOf(String(row['kind']), null, detail) })), held: counted?.held ?? 0 };
}

/** Daily reports, newest first. A report of an older release that cannot be read any more is left out. */
export async function readQualityReports(db: Db, limit: number): Promise<QualityReport[]> {
  const rows = await db.query<{ report: unknown }>('SELECT report FROM data_ingestion.quality_reports ORDER BY day DESC LIMIT $1', [limit]);
  return rows.flatMap(({ report }) => {
    const read = qualityReportSchema.safeParse(report);
    return read.success ? [read.data] : [];
  });
}

/** The report of a day. @throws AppError INPUT_INVALID when there is none */
export async function readQualityReport(db: Db, day: string): Promise<QualityReport> {
  const [row] = await db.query<{ report: unknown }>('SELECT report FROM data_ingestion.quality_reports WHERE day = $1::date', [day]);
  if (!row) throw new AppError('INPUT_INVALID', `There is no quality report of ${day}`);
  return qualityReportSchema.parse(row.report);
}

/** Validations that ran, newest first. */
export async function readValidations(db: Db, limit: number): Promise<z.infer<typeof validationRunSchema>[]> {
  const rows = await db.query<Record<string, unknown>>(
    `SELECT run_id AS "runId", at, scope, series, bars, coalesce((summary->>'findings')::int, 0) AS findings, is_usable AS "isUsable", summary->>'reason' AS reason, coalesce(summary->'byKind', '{}'::jsonb) AS "byKind"
     FROM data_ingestion.quality_runs ORDER BY at DESC LIMIT $1`, [limit],
  );
  return rows.map((row) => validationRunSchema.parse(row));
}

type ActionRow = { exDate: string; kind: string; terms: Record<string, unknown> };
const ACTION_NAMES: Readonly<Record<string, string>> = { forward_split: 'Split', reverse_split: 'Consolidation', stock_dividend: 'Stock dividend', cash_dividend: 'Dividend', spin_off: 'Spin-off', name_change: 'New name' };

/** An action in words: "Split 4:1", "Dividend $0.24". */
function actionText({ kind, terms }: ActionRow): string {
  const name = ACTION_NAMES[kind] ?? kind.replaceAll('_', ' ').replace(/^./, (first) => first.toUpperCase());
  const of = (term: string): string => {
    const value = terms[term];
    return typeof value === 'string' || typeof value === 'number' ? String(value) : '?';
  };
  if (kind === 'forward_split' || kind === 'reverse_split') return `${name} ${of('new_rate')}:${of('old_rate')}`;
  if (kind === 'cash_dividend') return `${name} $${of('rate')}`;
  return kind === 'stock_dividend' ? `${name} of ${of('rate')} a share` : name;
}

/** Splits and payouts of a symbol, and the factors made of them. */
export async function readAdjustments(db: Db, symbol: string): Promise<z.infer<typeof adjustmentViewSchema>> {
  const actions = await db.query<ActionRow>(`SELECT ex_date::text AS "exDate", kind, terms FROM data_ingestion.corporate_actions WHERE symbol = $1 ORDER BY ex_date LIMIT $2`, [symbol, MAX_ACTIONS]);
  const factors = await db.query<{ day: string; price: number; split: number; told: number | null; comparedAt: number | null; computedAt: number }>(
    `SELECT day::text AS day, price_factor AS price, split_factor AS split, told_factor AS told, compared_at AS "comparedAt", computed_at AS "computedAt" FROM data_ingestion.adjustment_factors WHERE symbol = $1 ORDER BY day LIMIT $2`, [symbol, MAX_ACTIONS],
  );
  const closes = await closesBefore(db, symbol, actions.map((action) => action.exDate));
  const dayOf = (date: string): number => daysFromCivil(parseDate(date));
  const given = actions.map((action) => ({ exDay: dayOf(action.exDate), kind: action.kind, terms: action.terms }));
  const resolved = resolveActions(given, (exDay) => closes.get(exDay) ?? null);
  const [state] = await db.query<{ computedAt: number }>('SELECT computed_at AS "computedAt" FROM data_ingestion.adjustment_state WHERE symbol = $1', [symbol]);
  return adjustmentViewSchema.parse({
    symbol, computedAt: state?.computedAt ?? null, factors: factors.map(({ computedAt: _at, ...row }) => row),
    actions: resolved.map(({ action, split, price, problem }) => ({ exDate: formatDate(civilFromDays(action.exDay)), kind: action.kind, text: actionText({ exDate: '', kind: action.kind, terms: { ...action.terms } }), split, price, problem })),
  });
}

/** Close of the last day bar before each ex-day. */
async function closesBefore(db: Db, symbol: string, dates: readonly string[]): Promise<Map<number, number>> {
  const rows = await db.query<{ date: string; close: number }>(
    `SELECT d.day::text AS date, m.close::float8 AS close FROM (SELECT DISTINCT unnest($2::date[]) AS day) d CROSS JOIN LATERAL (SELECT close FROM data_ingestion.market_data
       WHERE symbol = $1 AND timeframe = '1Day' AND open_time < d.day::timestamp AT TIME ZONE 'America/New_York' AND open_time > (d.day - 30)::timestamp AT TIME ZONE 'America/New_York' ORDER BY open_time DESC LIMIT 1) m`, [symbol, dates],
  );
  return new Map(rows.map((row) => [daysFromCivil(parseDate(row.date)), row.close]));
}
