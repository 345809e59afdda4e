/** Deployed strategies as the book knows them: cards, signals with what risk said, positions, log, parity. */
import * as z from 'zod';
import { strategyLimitsSchema, type DeploymentCard, type DeploymentLive, type ParityDay, type StrategyLogLine } from '#app/contracts/deploy.ts';
import type { Mode } from '#app/contracts/config.ts';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { exchangeDay, sessionOn } from '#app/market/calendar.ts';
import type { Queryable } from '#chassis/db.ts';
import { newestBarAt, pnlSince } from '#chassis/share-pnl.ts';
import { LAST_PRICES, plain } from './rows.ts';
import { SUMS_COLUMNS, SUMS_OF, SUMS_WITH } from './strategy-sums.ts';

const MAX_CARDS = 500;
const MAX_SIGNALS = 50;
const MAX_DIFFERENCES = 200;

/** What the engine alone knows, by strategy. `resources` null: it cannot be asked now. */
export type EngineView = { readonly resources: Readonly<Record<string, DeploymentCard['resource']>> | null; readonly problems: Readonly<Record<string, string>> };

const CARDS = `
  WITH ${SUMS_WITH}
  SELECT s.strategy_id AS "strategyId", s.name, s.kind, s.current_version_id AS "versionId", s.timeframe, s.symbols, s.is_enabled AS "isEnabled", s.is_stopped AS "isStopped", s.is_warm AS "isWarm", s.paused, s.limits, v.created_at AS "versionAt",
    v.project_id AS "projectId", v.project_version AS "projectVersion", p.current_version AS newest, coalesce(e.errors, 0) AS errors, coalesce(e.errors_in_a_row, 0) AS "errorsInARow", ${SUMS_COLUMNS}, said.raised_at AS "lastSignalAt",
    (SELECT max(t.last_open_time) FROM strategy_engine.strategy_state t WHERE t.strategy_version_id = s.current_version_id AND t.last_open_time > 'epoch') AS "lastBarAt",
    parity.day::text AS "parityDay", parity.score AS "parityScore", parity.differences AS "parityDifferences"
  FROM strategy_engine.strategies s JOIN strategy_engine.strategy_versions v ON v.strategy_version_id = s.current_version_id
  LEFT JOIN strategy_engine.projects p ON p.project_id = v.project_id LEFT JOIN strategy_engine.strategy_errors e ON e.strategy_version_id = s.current_version_id
  ${SUMS_OF}
  LEFT JOIN LATERAL (
    SELECT d.day, d.score, (SELECT count(*)::int FROM analytics.parity_differences x WHERE x.strategy_id = d.strategy_id AND x.day = d.day) AS differences FROM analytics.parity_days d WHERE d.strategy_id = s.strategy_id ORDER BY d.day DESC LIMIT 1
  ) parity ON true
  WHERE ($1::text IS NULL OR v.project_id = $1) AND ($2::text IS NULL OR s.strategy_id = $2) ORDER BY s.project_id IS NULL, s.strategy_id LIMIT ${MAX_CARDS}`;

const pausedSchema = z.object({ by: z.enum(['person', 'errors', 'daily_loss']), why: z.string(), at: z.number() }).nullable();
type Row = Omit<DeploymentCard, 'mode' | 'project' | 'state' | 'problem' | 'pausedBy' | 'pausedWhy' | 'since' | 'todayPnl' | 'limits' | 'resource' | 'parity' | 'expectation'> & {
  readonly isEnabled: boolean; readonly isStopped: boolean; readonly isWarm: boolean; readonly paused: unknown; readonly limits: unknown; readonly versionAt: number; readonly projectId: string | null; readonly projectVersion: number | null;
  readonly newest: number | null; readonly parityDay: string | null; readonly parityScore: number | null; readonly parityDifferences: number | null;
};

function stateOf({ isStopped, isEnabled, isWarm }: Row, problem: string | null): DeploymentCard['state'] {
  if (isStopped) return 'stopped';
  if (problem !== null) return 'failed';
  if (!isEnabled) return 'paused';
  return isWarm ? 'running' : 'warming_up';
}

type Beside = { readonly mode: Mode; readonly engine: EngineView; readonly today: ReadonlyMap<string, string> | null };

function cardOf(row: Row, { mode, engine, today }: Beside): DeploymentCard {
  const { isEnabled: _enabled, isStopped: _stopped, isWarm: _warm, paused: rawPaused, limits, versionAt, projectId, projectVersion, newest, parityDay, parityScore, parityDifferences, ...card } = row;
  const paused = pausedSchema.safeParse(rawPaused).data ?? null;
  const problem = engine.problems[card.strategyId] ?? null;
  return {
    ...card, mode, problem, state: stateOf(row, problem), pausedBy: paused?.by ?? null, pausedWhy: paused === null || paused.why === '' ? null : paused.why, since: paused?.at ?? versionAt,
    project: projectId === null || projectVersion === null ? null : { projectId, version: projectVersion, newest: newest ?? projectVersion }, limits: strategyLimitsSchema.safeParse(limits).data ?? null,
    todayPnl: today === null ? null : (today.get(card.strategyId) ?? '0'), resource: engine.resources?.[card.strategyId] ?? null,
    parity: parityDay === null ? null : { day: parityDay, score: parityScore, differences: parityDifferences ?? 0 }, expectation: null,
  };
}

/** Which cards: of one project, or one strategy; all of them when both are null. */
export type CardsAsk = { readonly projectId: string | null; readonly strategyId: string | null };

/** Cards without their expectation: authored strategies first, by id. */
export async function readCards(db: Queryable, ask: CardsAsk, beside: Omit<Beside, 'today'>): Promise<DeploymentCard[]> {
  const rows = await db.query<Row>(CARDS, [ask.projectId, ask.strategyId]);
  const newest = await newestBarAt(db);
  // Null before the first bar, and on a day without a session.
  const since = newest === null ? null : (sessionOn(exchangeDay(newest as EpochMs))?.open ?? null);
  const today = since === null ? null : await pnlSince(db, rows.map(({ strategyId }) => strategyId), since);
  return rows.map((row) => cardOf(row, { ...beside, today }));
}

/** @throws AppError STRATEGY_NOT_FOUND */
export async function readCard(db: Queryable, strategyId: string, beside: Omit<Beside, 'today'>): Promise<DeploymentCard> {
  const [card] = await readCards(db, { projectId: null, strategyId }, beside);
  if (card === undefined) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
  return card;
}

const record = z.record(z.string(), z.unknown());

/** Parameters and sizing of a strategy. */
export async function readSetting(db: Queryable, strategyId: string): Promise<Pick<DeploymentLive, 'parameters' | 'sizing'>> {
  const [row] = await db.query<{ parameters: unknown; sizing: unknown }>('SELECT parameters, sizing FROM strategy_engine.strategies WHERE strategy_id = $1', [strategyId]);
  return { parameters: record.parse(row?.parameters ?? {}), sizing: record.parse(row?.sizing ?? {}) };
}

const SIGNALS = `
  SELECT s.signal_id AS "signalId", s.symbol, CASE WHEN s.cancels IS NOT NULL THEN 'cancel' WHEN s.own_order IS NOT NULL THEN 'order' ELSE s.target END AS target, s.weight::float8 AS weight, s.bar_open_time AS "barTime", s.raised_at AS at, s.reference_price::float8 AS price, s.reasons,
    d.decision_id AS "decisionId", d.outcome, d.message
  FROM strategy_engine.strategy_signals s LEFT JOIN LATERAL (SELECT decision_id, outcome, message FROM risk_management.risk_decisions WHERE signal_id = s.signal_id ORDER BY decided_at DESC LIMIT 1) d ON true
  WHERE s.strategy_id = $1 ORDER BY s.raised_at DESC, s.signal_id DESC LIMIT ${MAX_SIGNALS}`;
type SignalRow = Omit<DeploymentLive['signals'][number], 'outcome' | 'words' | 'reasons'> & { readonly outcome: 'approved' | 'denied' | null; readonly message: string | null; readonly reasons: unknown };
const reasonsSchema = z.array(z.object({ name: z.string(), value: z.string(), threshold: z.string().nullish().transform((text) => text ?? '') }));

/** The newest signals with what risk said of each, newest first. */
export async function readSignalsOf(db: Queryable, strategyId: string): Promise<DeploymentLive['signals']> {
  const rows = await db.query<SignalRow>(SIGNALS, [strategyId]);
  return rows.map(({ outcome, message, reasons, ...signal }) => ({ ...signal, outcome: outcome ?? 'undecided', words: message ?? 'Risk management has not decided on it', reasons: reasonsSchema.safeParse(reasons).data ?? [] }));
}

const POSITIONS = `
  WITH px AS (${LAST_PRICES})
  SELECT p.symbol, ${plain('p.qty')} AS qty, ${plain('p.avg_price')} AS "avgPrice", ${plain('p.qty * (px.last_close - p.avg_price)')} AS "openPnl"
  FROM execution.strategy_positions p LEFT JOIN px USING (symbol) WHERE p.strategy_id = $1 AND p.qty <> 0 ORDER BY p.symbol`;

/** What it holds: its own share alone. */
export function readShareOf(db: Queryable, strategyId: string): Promise<DeploymentLive['positions']> {
  return db.query<DeploymentLive['positions'][number]>(POSITIONS, [strategyId]);
}

/** Lines of its log, oldest first: those after a number, or the newest. */
export async function readLog(db: Queryable, { strategyId, afterSeq, limit }: { readonly strategyId: string; readonly afterSeq: number | null; readonly limit: number }): Promise<StrategyLogLine[]> {
  const rows = await db.query<StrategyLogLine>(
    `SELECT id AS seq, at, bar_open_time AS "barTime", symbol, level, line, strategy_version_id AS "versionId" FROM strategy_engine.strategy_log WHERE strategy_id = $1 AND id > $2 ORDER BY id ${afterSeq === null ? 'DESC' : ''} LIMIT $3`, [strategyId, afterSeq ?? 0, limit],
  );
  return afterSeq === null ? rows.reverse() : rows;
}

const DAYS = `
  SELECT d.strategy_id AS "strategyId", d.strategy_version_id AS "versionId", d.day::text AS day, d.score, d.signals, d.signals_same AS "signalsSame", d.trades, d.trades_same AS "tradesSame", d.note, d.bars, d.calculated_at AS "calculatedAt",
    coalesce((SELECT json_agg(json_build_object('symbol', x.symbol, 'at', (extract(epoch FROM x.at) * 1000)::bigint, 'kind', x.kind, 'live', x.live, 'replayed', x.replayed, 'reason', x.reason, 'priceDifferenceBps', x.price_difference_bps, 'cost', x.cost) ORDER BY x.n)
      FROM (SELECT * FROM analytics.parity_differences y WHERE y.strategy_id = d.strategy_id AND y.day = d.day ORDER BY y.n LIMIT ${MAX_DIFFERENCES}) x), '[]') AS differences
  FROM analytics.parity_days d WHERE d.strategy_id = $1 ORDER BY d.day DESC LIMIT $2`;

/** Days compared with their repetition, newest first. */
export function readParity(db: Queryable, strategyId: string, limit: number): Promise<ParityDay[]> {
  return db.query<ParityDay>(DAYS, [strategyId, limit]);
}
