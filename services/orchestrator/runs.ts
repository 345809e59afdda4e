/** Lists of runs: the engine's rows by our own SQL, joined with what the runs reported and who is alive, skipped ticks among them. */
import type * as z from 'zod';
import { MAX_INSTANT } from '#app/contracts/flow-schedules.ts';
import { FLOW_OWNERS, flowNameSchema, RUN_STATES, triggerSchema, type FlowName, type FlowRun, type RunQuery, type runPageSchema, type RunState } from '#app/contracts/flows.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Clock, EpochMs } from '#app/domain/time.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import { scheduledRunId } from '#chassis/flows-wire.ts';
import type { Engine } from './engine.ts';
import { readError, tellError } from './failures.ts';
import { ALIVE_SQL, explain, MOMENT_SQL, PARENT_SQL, RUN_COLUMNS, RUN_SOURCE, STATE_SQL, STATES_OF, STATUSES, TRIGGER_SQL, type RunRow } from './states.ts';
import { loadSkipped, type SkippedTick } from './store.ts';

/** What run queries work with. */
export type RunParts = { readonly db: Db; readonly engine: Engine; readonly clock: Clock };
/** What reading runs needs. */
export type RunReader = Pick<RunParts, 'db' | 'clock'>;
/** A page of runs. */
export type RunPage = z.infer<typeof runPageSchema>;
/** Where a page ends: the moment and the id of its last run. */
export type RunPosition = { readonly moment: number; readonly runId: string };

const SKIPPED_MOST = 1_000;

/** Conditions of a statement with their parameters; `param` gives the place of a parameter in the text. */
type Conditions = { readonly params: readonly unknown[]; param(value: unknown): string; add(text: string): void; where(): string };

/** The first parameter of every run query is the present time. */
function openConditions(now: EpochMs): Conditions {
  const params: unknown[] = [now];
  const texts: string[] = [];
  return {
    params,
    param: (value) => `$${params.push(value)}`,
    add: (text) => void texts.push(text),
    where: () => (texts.length === 0 ? 'true' : texts.join(' AND ')),
  };
}

/** A run as people see it. `thrown`: its error, read back. */
export function toFlowRun(row: RunRow, thrown: string | null): FlowRun {
  const flow = flowNameSchema.parse(row.flow);
  const isTick = row.trigger === 'schedule' && row.scheduledFor !== null;
  return {
    runId: row.runId, flow, owner: FLOW_OWNERS[flow], state: row.state, trigger: triggerSchema.safeParse(row.trigger).data ?? 'manual', scheduledFor: row.scheduledFor, parentRunId: row.parentRunId,
    createdAt: row.createdAt, startedAt: row.startedAt, endedAt: row.endedAt, error: explain(row, thrown), progress: row.done !== null && row.total !== null ? { done: row.done, total: row.total } : null,
    latenessMs: isTick && row.startedAt !== null ? Math.max(0, row.startedAt - row.scheduledFor) : null,
  };
}

/** The errors of runs that threw, by run, as the engine keeps them. */
export async function loadErrors(db: Db, runIds: readonly string[]): Promise<Map<string, string>> {
  if (runIds.length === 0) return new Map();
  const rows = await db.query<{ runId: string; error: string | null }>(
    `SELECT ws.workflow_uuid AS "runId", coalesce(output.error, ws.error) AS error FROM dbos.workflow_status ws LEFT JOIN dbos.workflow_output output ON output.workflow_uuid = ws.workflow_uuid
     WHERE ws.workflow_uuid = ANY($1::text[])`,
    [runIds],
  );
  return new Map(rows.flatMap(({ runId, error }) => (error === null ? [] : [[runId, error]])));
}

/** Rows of runs as people see them; a later version may have run flows that this one does not know: those are left out. */
export async function toFlowRuns(db: Db, rows: readonly RunRow[]): Promise<FlowRun[]> {
  const known = rows.filter((row) => flowNameSchema.safeParse(row.flow).success);
  const errors = await loadErrors(db, known.filter((row) => row.status === 'ERROR').map((row) => row.runId));
  return known.map((row) => {
    const stored = errors.get(row.runId);
    return toFlowRun(row, stored === undefined ? null : tellError(readError(stored)));
  });
}

function statesOf(query: RunQuery): RunState[] | null {
  if (query.states === undefined) return null;
  const named = query.states.split(',');
  const states = RUN_STATES.filter((state) => named.includes(state));
  if (states.length !== new Set(named).size) throw new AppError('INPUT_INVALID', `states: ${named.filter((name) => !RUN_STATES.some((state) => state === name)).join(', ')} is no state; states are ${RUN_STATES.join(', ')}`);
  return states;
}

/** The position that a cursor stands for. @throws AppError INPUT_INVALID for one that we did not give. */
function positionOf(cursor: string | undefined): RunPosition | null {
  if (cursor === undefined) return null;
  const [, moment, runId] = /^(\d{1,16})~(.{1,400})$/.exec(cursor) ?? [];
  if (moment === undefined || Number(moment) > MAX_INSTANT || runId === undefined) throw new AppError('INPUT_INVALID', 'cursor: take it from the page before, as it is');
  return { moment: Number(moment), runId };
}

/** Text for LIKE that means itself. */
function literally(text: string): string {
  return `%${text.replaceAll(/[\\%_]/g, (letter) => `\\${letter}`)}%`;
}

// The stored error holds its stack too: its raw text decides quickly that a run is out, its words decide that it is in.
function searchSql(conditions: Conditions, search: string): string {
  const words = conditions.param(literally(search));
  const asJson = conditions.param(literally(JSON.stringify(search).slice(1, -1)));
  const message = `coalesce(output.error::json #>> '{json,message}', output.error::json ->> 'message')`;
  return `(ws.workflow_uuid ILIKE ${words} OR (ws.status = 'ERROR' AND EXISTS (SELECT FROM dbos.workflow_output output
    WHERE output.workflow_uuid = ws.workflow_uuid AND output.error ILIKE ${asJson} AND ${message} ILIKE ${words})))`;
}

/** The engine's statuses have an index; the state itself is worked out, where a status leaves it open. */
function addStates(conditions: Conditions, states: readonly RunState[]): void {
  const statuses = STATUSES.filter((status) => STATES_OF[status].some((state) => states.includes(state)));
  const sure = statuses.filter((status) => STATES_OF[status].every((state) => states.includes(state)));
  conditions.add(statuses.length === 1 ? `ws.status = ${conditions.param(statuses[0])}` : `ws.status = ANY(${conditions.param(statuses)}::text[])`);
  if (sure.length < statuses.length) conditions.add(`(ws.status = ANY(${conditions.param(sure)}::text[]) OR ${STATE_SQL} = ANY(${conditions.param(states)}::text[]))`);
}

function conditionsOf(query: RunQuery, states: readonly RunState[] | null, from: RunPosition | null, now: EpochMs): Conditions {
  const conditions = openConditions(now);
  const flows = query.flow !== undefined ? [query.flow] : query.owner === undefined ? null : Object.keys(FLOW_OWNERS).filter((name) => FLOW_OWNERS[name as FlowName] === query.owner);
  if (flows?.length === 1) conditions.add(`ws.name = ${conditions.param(flows[0])}`);
  else if (flows) conditions.add(`ws.name = ANY(${conditions.param(flows)}::text[])`);
  if (states) addStates(conditions, states);
  if (query.trigger !== undefined) conditions.add(`${TRIGGER_SQL} = ${conditions.param(query.trigger)}`);
  if (query.parentRunId !== undefined) conditions.add(`${PARENT_SQL} = ${conditions.param(query.parentRunId)}`);
  if (query.from !== undefined) conditions.add(`${MOMENT_SQL} >= ${conditions.param(query.from)}::bigint`);
  if (query.to !== undefined) conditions.add(`${MOMENT_SQL} <= ${conditions.param(query.to)}::bigint`);
  if (from) conditions.add(`(${MOMENT_SQL}, ws.workflow_uuid) < (${conditions.param(from.moment)}::bigint, ${conditions.param(from.runId)})`);
  if (query.search !== undefined && query.search !== '') conditions.add(searchSql(conditions, query.search));
  return conditions;
}

/** The statement that lists runs, and its parameters; apart from its running, so that its plan can be looked at. */
export function listStatement(query: RunQuery, now: EpochMs): { readonly text: string; readonly params: readonly unknown[] } {
  const conditions = conditionsOf(query, statesOf(query), positionOf(query.cursor), now);
  return {
    text: `WITH ${ALIVE_SQL} SELECT ${RUN_COLUMNS} FROM ${RUN_SOURCE} WHERE ${conditions.where()} ORDER BY ${MOMENT_SQL} DESC, ws.workflow_uuid DESC LIMIT ${conditions.param(query.limit + 1)}`,
    params: conditions.params,
  };
}

type Placed = { readonly run: FlowRun; readonly moment: number };

function isBehind(a: Placed, b: Placed): number {
  if (a.moment !== b.moment) return b.moment - a.moment;
  return a.run.runId < b.run.runId ? 1 : -1;
}

/** A tick that got no run, as a run that was skipped. */
export function toSkippedRun(tick: SkippedTick): FlowRun {
  const others = tick.missedCount > 1 ? ` (and ${tick.missedCount - 1} before it)` : '';
  return {
    runId: scheduledRunId(tick.flow, tick.scheduledFor as EpochMs), flow: tick.flow, owner: FLOW_OWNERS[tick.flow], state: 'SKIPPED', trigger: 'schedule', scheduledFor: tick.scheduledFor, parentRunId: null,
    createdAt: tick.recordedAt, startedAt: null, endedAt: tick.recordedAt, error: `${tick.reason}${others}`, progress: null, latenessMs: null,
  };
}

async function skippedRuns(parts: RunReader, query: RunQuery, states: readonly RunState[] | null): Promise<Placed[]> {
  const isWanted = (states === null || states.includes('SKIPPED')) && (query.trigger ?? 'schedule') === 'schedule' && query.parentRunId === undefined;
  if (!isWanted) return [];
  const position = positionOf(query.cursor);
  const ticks = await loadSkipped(parts.db, {
    flow: query.flow ?? null, owner: query.owner ?? null, from: query.from ?? null, to: query.to ?? null, before: position, search: query.search === undefined || query.search === '' ? null : literally(query.search),
    limit: Math.min(query.limit + 1, SKIPPED_MOST),
  });
  return ticks.map((tick) => ({ run: toSkippedRun(tick), moment: tick.scheduledFor }));
}

/** A page of runs, newest first. @throws AppError INPUT_INVALID for an unknown state or a broken cursor. */
export async function listRuns(parts: RunReader, query: RunQuery): Promise<RunPage> {
  const began = monotonicMs();
  const states = statesOf(query);
  const { text, params } = listStatement(query, parts.clock.now());
  const isOnlySkipped = states !== null && !STATUSES.some((status) => STATES_OF[status].some((state) => states.includes(state)));
  const [rows, skipped] = await Promise.all([isOnlySkipped ? [] : parts.db.query<RunRow>(text, params), skippedRuns(parts, query, states)]);
  const runs = await toFlowRuns(parts.db, rows);
  const momentOf = new Map(rows.map((row) => [row.runId, row.moment]));
  const all = [...runs.map((run) => ({ run, moment: momentOf.get(run.runId) ?? run.createdAt })), ...skipped].sort(isBehind);
  const page = all.slice(0, query.limit);
  const last = page.at(-1);
  const hasMore = all.length > query.limit || rows.length > query.limit;
  return { runs: page.map(({ run }) => run), nextCursor: hasMore && last ? `${last.moment}~${last.run.runId}` : null, tookMs: monotonicMs() - began };
}

/** One run's row. @throws AppError FLOW_RUN_NOT_FOUND */
export async function findRow(parts: RunReader, runId: string): Promise<RunRow> {
  const [row] = await parts.db.query<RunRow>(`WITH ${ALIVE_SQL} SELECT ${RUN_COLUMNS} FROM ${RUN_SOURCE} WHERE ws.workflow_uuid = $2`, [parts.clock.now(), runId]);
  if (!row || !flowNameSchema.safeParse(row.flow).success) throw new AppError('FLOW_RUN_NOT_FOUND', `There is no run ${runId.slice(0, 200)}`);
  return row;
}

/** Runs that satisfy one condition, oldest first, at most 500. `condition` may name `ws` and `$2`. */
export async function listRelated(parts: RunReader, condition: string, param: string): Promise<RunRow[]> {
  return parts.db.query<RunRow>(`WITH ${ALIVE_SQL} SELECT ${RUN_COLUMNS} FROM ${RUN_SOURCE} WHERE ${condition} ORDER BY ws.created_at, ws.workflow_uuid LIMIT 500`, [parts.clock.now(), param]);
}
