/** The gates of a version: what the book and the library know of it, judged for the market that runs. The server alone judges; a page shows. */
import * as z from 'zod';
import type { CommandInput } from '#app/contracts/commands.ts';
import type { Mode } from '#app/contracts/config.ts';
import { strategyLimitsSchema, type Gates, type StrategyLimits } from '#app/contracts/deploy.ts';
import { backtestVerdictSchema } from '#app/contracts/backtest.ts';
import { AppError } from '#app/domain/errors.ts';
import { DEFAULT_RISK_LIMITS, riskLimitsSchema, type RiskLimits } from '#app/domain/limits.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionsBetween } from '#app/market/calendar.ts';
import type { Db, Queryable } from '#chassis/db.ts';
import type { CommandHandlers } from '#chassis/service.ts';
import { readEvidence, type EvidenceDay } from './evidence.ts';
import { defaultsOf, parametersHash, parametersWords, type EvidenceParameters } from './evidence-parameters.ts';
import { beyondAccount, gatesOf, type BacktestFact, type CheckFact, type GateFacts, type LookFact } from './gate-rules.ts';

/** Which version, for which market, with which limits. `limits` left out: those of the deployments of the project that are in the book. `parameters`: that are to be deployed; what is left out has the default of the source. `libraryDir` null: there is none. */
export type GateAsk = { readonly mode: Mode; readonly projectId: string; readonly version: number; readonly limits?: StrategyLimits; readonly parameters?: EvidenceParameters; readonly libraryDir?: string | null };
/** What the commands about gates work with. */
export type GateParts = { readonly db: Db; readonly mode: Mode; readonly libraryDir: string | null };

/** Back-tests of a hash that are looked at, newest first; and verdicts whose reading is remembered. */
const MAX_BACKTESTS = 30;

const CHECKS = `SELECT what, is_passed AS "isPassed", result, checked_at AS at FROM strategy_engine.project_checks WHERE hash = $1`;
type CheckRow = { readonly what: string; readonly isPassed: boolean; readonly result: unknown; readonly at: number };

/**
 * Of every version of any project with the same files: the same text is the same strategy. Told by what stands beside the results, which are megabytes; those with few trips are small,
 * and there alone the fills are counted one by one (who only buys has no trip). Those with the parameters that are asked for come first, and beside them the newest that led elsewhere.
 */
const BACKTEST = `
  SELECT b.backtest_id AS "backtestId", b.view->'parameters' AS parameters, coalesce(b.view->'parameters' = $2::jsonb, false) AS "isSame", coalesce(b.finished_at, b.created_at) AS at, t.trips, CASE WHEN t.trips >= 100 THEN 2 * t.trips ELSE (b.result->>'fills')::integer END AS fills, CASE WHEN t.trips < 100 THEN b.result->'denied' END AS denied,
    b.view->'from' AS "from", b.view->'to' AS "to",
    b.view->>'belief' AS belief, b.view->>'headline' AS headline, s.result->'walkForward'->'folds' AS folds, (s.result->'walkForward'->'efficiency'->>'growth')::float8 AS growth
  FROM strategy_engine.backtests b JOIN strategy_engine.project_versions v ON v.project_id = b.project_id AND v.version = b.project_version
  CROSS JOIN LATERAL (SELECT coalesce((b.view->>'trips')::integer, 0) AS trips) t LEFT JOIN strategy_engine.searches s ON s.backtest_id = b.backtest_id
  WHERE v.hash = $1 AND b.state = 'done' AND b.view IS NOT NULL`;
const BACKTESTS = `${BACKTEST} ORDER BY "isSame" DESC, b.created_at DESC, b.backtest_id LIMIT ${2 * MAX_BACKTESTS}`;
type BacktestRow = {
  readonly backtestId: string; readonly parameters: unknown; readonly isSame: boolean; readonly at: number; readonly trips: number; readonly fills: number | null; readonly denied: unknown; readonly from: number | null; readonly to: number | null; readonly belief: string | null; readonly headline: string | null;
  readonly folds: unknown; readonly growth: number | null;
};

/** The growth out of sample of the windows of a walk-forward, and how many gained. */
const foldsSchema = z.array(z.object({ outOfSample: z.record(z.string(), z.number().nullable()).nullable() }));
const deniedSchema = z.record(z.string(), z.number()).catch({});
const signalsSchema = z.object({ signals: z.number().int() });
const readOne = z.object({ backtestId: z.string(), at: z.number().optional() });
/** `earlier`: back-tests of these files whose verdicts were read before, with other parameters perhaps. */
const readSchema = readOne.extend({ earlier: z.array(readOne.extend({ at: z.number() })).default([]) });
const parametersSchema = z.record(z.string(), z.unknown()).catch({});

function outOfSampleOf({ folds, growth }: BacktestRow): string | null {
  const parsed = foldsSchema.safeParse(folds);
  if (!parsed.success || parsed.data.length === 0) return null;
  const returns = parsed.data.flatMap(({ outOfSample }) => outOfSample?.['total_return'] ?? []);
  const gained = returns.filter((one) => one > 0).length;
  const kept = growth === null ? '' : ` ${Math.round(growth * 100)} % of the growth before was left.`;
  return `Walk-forward over ${parsed.data.length} windows${returns.length === 0 ? '' : `, ${gained} of which gained on the time behind them`}.${kept}`;
}

function backtestOf(row: BacktestRow): BacktestFact {
  const { backtestId, at, trips, headline, from, to } = row;
  const belief = backtestVerdictSchema.shape.belief.safeParse(row.belief);
  const days = from === null || to === null ? 0 : sessionsBetween(exchangeDay(from as EpochMs), exchangeDay((to - 1) as EpochMs)).length;
  return { backtestId, at, trips, fills: row.fills ?? 0, denied: deniedSchema.parse(row.denied), days, headline, belief: belief.success ? belief.data : null, outOfSample: outOfSampleOf(row) };
}

/** The look-ahead check with what the strategy said in it. */
function lookOf(row: CheckRow | undefined): LookFact | null {
  if (row === undefined) return null;
  return { isPassed: row.isPassed, at: row.at, signals: signalsSchema.safeParse(row.result).data?.signals ?? null };
}

/** The hash of a version. @throws AppError PROJECT_NOT_FOUND */
async function hashOf(book: Queryable, projectId: string, version: number): Promise<string> {
  const [row] = await book.query<{ hash: string }>('SELECT hash FROM strategy_engine.project_versions WHERE project_id = $1 AND version = $2', [projectId, version]);
  if (row === undefined) throw new AppError('PROJECT_NOT_FOUND', `There is no version ${version} of "${projectId}". Load the page again`);
  return row.hash;
}

async function accountLimits(book: Queryable): Promise<RiskLimits> {
  const [row] = await book.query<{ limits: unknown }>('SELECT limits FROM risk_management.risk_limits ORDER BY version DESC LIMIT 1');
  return row === undefined ? DEFAULT_RISK_LIMITS : riskLimitsSchema.parse(row.limits);
}

/** Limits that are set later pass the gate of limits too. @throws AppError INPUT_INVALID for limits wider than the account's */
export async function mustFitAccount(book: Queryable, limits: StrategyLimits): Promise<void> {
  const beyond = beyondAccount(limits, await accountLimits(book));
  if (beyond.length > 0) throw new AppError('INPUT_INVALID', `These limits are wider than the account's: ${beyond.join('; ')}. Set narrower ones, or widen those of the account first`);
}

async function limitsOfProject(book: Queryable, projectId: string): Promise<StrategyLimits | null> {
  const [row] = await book.query<{ limits: unknown }>('SELECT limits FROM strategy_engine.strategies WHERE project_id = $1 AND limits IS NOT NULL ORDER BY updated_at DESC, strategy_id LIMIT 1', [projectId]);
  const parsed = strategyLimitsSchema.safeParse(row?.limits);
  return parsed.success ? parsed.data : null;
}

/** What a person has read of these files, newest first. */
function readOf(row: CheckRow | undefined): GateFacts['read'] {
  const parsed = readSchema.safeParse(row?.result);
  return parsed.success ? [{ backtestId: parsed.data.backtestId, at: row?.at ?? 0 }, ...parsed.data.earlier] : [];
}

/** Exchange days on paper with these parameters, and how many with others. A note without parameters counts for files that have none. */
function paperOf(days: readonly EvidenceDay[], hasParameters: boolean, parameters: EvidenceParameters): { readonly own: string[]; readonly others: number } {
  const hash = parametersHash(parameters);
  const isOwn = (day: EvidenceDay): boolean => (day.parameters === undefined ? !hasParameters : day.parameters === hash);
  const own = [...new Set(days.filter(isOwn).map(({ day }) => day))];
  return { own, others: new Set(days.filter((day) => !isOwn(day) && !own.includes(day.day)).map(({ day }) => day)).size };
}

/** Back-tests with these parameters, and what is known of the same files with others. */
async function testedOf(book: Queryable, hash: string, { parameters, paperDays }: { readonly parameters: EvidenceParameters; readonly paperDays: number }): Promise<Pick<GateFacts, 'backtests' | 'elsewhere'>> {
  const rows = await book.query<BacktestRow>(BACKTESTS, [hash, JSON.stringify(parameters)]);
  const others = rows.filter(({ isSame }) => !isSame);
  const words = (row: BacktestRow | undefined): string | null => (row === undefined ? null : parametersWords(parametersSchema.parse(row.parameters)));
  return {
    backtests: rows.filter(({ isSame }) => isSame).slice(0, MAX_BACKTESTS).map(backtestOf),
    elsewhere: { backtested: words(others[0]), walkedForward: words(others.find((row) => outOfSampleOf(row) !== null)), paperDays },
  };
}

/** Judges all gates of a version. @throws AppError PROJECT_NOT_FOUND */
export async function judgeGates(book: Queryable, { mode, projectId, version, limits, parameters = {}, libraryDir = null }: GateAsk): Promise<Gates> {
  const hash = await hashOf(book, projectId, version);
  const checks = new Map((await book.query<CheckRow>(CHECKS, [hash])).map((row) => [row.what, row]));
  const check = (what: string): CheckFact | null => checks.get(what) ?? null;
  // Files of which nothing is known yet may have parameters: what is not known is asked for.
  const defaults = defaultsOf(checks.get('source')?.result);
  const own = { ...defaults, ...parameters };
  const hasParameters = defaults === null || Object.keys(defaults).length > 0;
  const evidence = await readEvidence(libraryDir, hash);
  const paper = paperOf(evidence.days, hasParameters, own);
  const gates = gatesOf({
    mode, source: check('source'), lookAhead: lookOf(checks.get('look_ahead')), warmUp: check('warm_up'), read: readOf(checks.get('verdict_read')), hasParameters,
    limits: limits ?? (await limitsOfProject(book, projectId)), accountLimits: await accountLimits(book), paperDays: paper.own, paperProblem: evidence.problem,
    ...(await testedOf(book, hash, { parameters: own, paperDays: paper.others })),
  });
  return { projectId, version, hash, mode, isOpen: gates.every(({ state }) => state === 'passed' || state === 'not_needed'), gates };
}

/** Notes that a person has read the verdict of a back-test of these files. Twice is once. @throws AppError PROJECT_NOT_FOUND, BACKTEST_NOT_FOUND */
async function readVerdict({ db, mode, libraryDir }: GateParts, { projectId, version, backtestId, actor }: CommandInput<'readVerdict'>): Promise<Gates> {
  return db.tx(async (tx) => {
    const hash = await hashOf(tx, projectId, version);
    const row = (await tx.query<BacktestRow>(`${BACKTEST} AND b.backtest_id = $3`, [hash, '{}', backtestId]))[0];
    const found = row === undefined ? undefined : backtestOf(row);
    if (found === undefined) throw new AppError('BACKTEST_NOT_FOUND', 'This is no finished back-test of this version. Choose one of its own, and wait until it is judged');
    if (found.belief === null) throw new AppError('BACKTEST_NOT_FOUND', 'This back-test has no verdict: it ran over no bars. Run another');
    const result = { backtestId, belief: found.belief, headline: found.headline };
    const parameters = parametersSchema.parse(row?.parameters);
    const [before] = await tx.query<CheckRow>(`${CHECKS} AND what = 'verdict_read' FOR UPDATE`, [hash]);
    const earlier = readOf(before).filter((one) => one.backtestId !== backtestId).slice(0, MAX_BACKTESTS);
    await tx.query(
      `INSERT INTO strategy_engine.project_checks (hash, what, is_passed, result, actor) VALUES ($1, 'verdict_read', true, $2::jsonb, $3)
       ON CONFLICT (hash, what) DO UPDATE SET result = excluded.result, actor = excluded.actor, checked_at = clock_timestamp()`, [hash, JSON.stringify({ ...result, earlier }), actor],
    );
    await tx.query(`INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, 'strategy.verdict_read', $2, NULL, $3::jsonb)`, [actor, `${projectId}.${version}`, JSON.stringify({ hash, parameters, ...result })]);
    return judgeGates(tx, { mode, projectId, version, parameters, libraryDir });
  });
}

/** The commands about gates. */
export function gateCommands(parts: GateParts): Pick<CommandHandlers, 'projectGates' | 'readVerdict'> {
  const { db, mode, libraryDir } = parts;
  return {
    projectGates: ({ projectId, version, parameters = {} }) => judgeGates(db, { mode, projectId, version, parameters, libraryDir }),
    readVerdict: (input) => readVerdict(parts, input),
  };
}
