/** Bars that cannot be true: taken out of the book and held, until a person puts them back, puts others there, or lets them go. */
import type * as z from 'zod';
import type { findingDecisionSchema, quarantineDecisionSchema } from '#app/contracts/quality.ts';
import type { BarWire } from '#app/domain/bar.ts';
import { barDefect } from '#app/domain/bar.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { ruleOf } from '#app/market/quality/rules.ts';
import { retry } from '#chassis/clock.ts';
import { at, type Db, type Queryable, type Tx } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import { writeBars, type BarSeries } from './bulk.ts';
import { removeBars, type BarKey } from './store.ts';

/** Most bars that leave the book with one finding; a larger stretch is a wrong file, which a person takes back as a whole. */
export const MAX_HELD_BARS = 5_000;
/** A step is tried again, at once, when somebody else changed the same bars. */
const RACE = { attempts: 5, baseMs: 0, capMs: 0 };

/** What a finding says of its bars. */
export type HeldFinding = { readonly id: number; readonly symbol: string; readonly timeframe: Timeframe; readonly openTime: number; readonly untilTime: number; readonly kind: string; readonly detail: Readonly<Record<string, unknown>> };

/** The keys of stored bars in a stretch. @throws AppError INPUT_INVALID when there are more than can be held at once */
async function keysIn(tx: Queryable, finding: HeldFinding): Promise<BarKey[]> {
  const rows = await tx.query<{ open_time: number }>(
    'SELECT open_time FROM data_ingestion.market_data WHERE symbol = $1 AND timeframe = $2 AND open_time BETWEEN $3::timestamptz AND $4::timestamptz ORDER BY open_time LIMIT $5',
    [finding.symbol, finding.timeframe, at(finding.openTime), at(finding.untilTime), MAX_HELD_BARS + 1],
  );
  if (rows.length > MAX_HELD_BARS) throw new AppError('INPUT_INVALID', `The finding is about more than ${MAX_HELD_BARS} bars. Take the file they came from back instead`);
  return rows.map((row) => ({ symbol: finding.symbol, timeframe: finding.timeframe, openTime: row.open_time }));
}

/** Takes the bars of a finding out of the book, in the caller's transaction. @returns how many */
export async function holdBars(tx: Tx, finding: HeldFinding, decidedBy: string): Promise<number> {
  const bars = await removeBars(tx, await keysIn(tx, finding), { kind: 'bar_quarantined', detail: { findingId: finding.id, finding: finding.kind, by: decidedBy } });
  if (bars.length > 0) {
    await tx.query(
      `INSERT INTO data_ingestion.quarantined_bars (symbol, timeframe, open_time, open, high, low, close, volume, source, ts_seen, kind, detail)
       SELECT b.symbol, b.timeframe, to_timestamp(b.open_ms / 1000.0), b.open, b.high, b.low, b.close, b.volume, b.source, to_timestamp(b.seen_ms / 1000.0), $11, $12::jsonb
       FROM unnest($1::text[], $2::text[], $3::bigint[], $4::numeric[], $5::numeric[], $6::numeric[], $7::numeric[], $8::numeric[], $9::text[], $10::bigint[]) AS b(symbol, timeframe, open_ms, open, high, low, close, volume, source, seen_ms)
       ON CONFLICT (symbol, timeframe, open_time) WHERE state = 'held' DO NOTHING`,
      [bars.map((b) => b.symbol), bars.map((b) => b.timeframe), bars.map((b) => b.openTime), bars.map((b) => b.open), bars.map((b) => b.high), bars.map((b) => b.low), bars.map((b) => b.close), bars.map((b) => b.volume), bars.map((b) => b.source), bars.map((b) => b.tsSeen), finding.kind, JSON.stringify(finding.detail)],
    );
  }
  await tx.query(`UPDATE data_ingestion.data_quality_logs SET state = 'quarantined', decided_at = clock_timestamp(), decided_by = $2, next_attempt_at = NULL WHERE id = $1`, [finding.id, decidedBy]);
  return bars.length;
}

type Decision = z.infer<typeof quarantineDecisionSchema>;
type HeldRow = { symbol: string; timeframe: Timeframe; open_time: number; open: string; high: string; low: string; close: string; volume: string; source: string; state: string; kind: string };

/** A bar for the book, as history: nothing is emitted, the series counts it. One that came meanwhile stays when the held one is released; the numbers that a person wrote replace it. */
function backIntoBook(row: HeldRow, answer: Decision): { series: BarSeries; source: string; policy: 'keep' | 'replace' } | null {
  if (answer.decision === 'discard') return null;
  const values = answer.decision === 'replace' ? answer.bar : row;
  const bar: BarWire = { symbol: row.symbol, timeframe: row.timeframe, openTime: row.open_time, open: values.open, high: values.high, low: values.low, close: values.close, volume: values.volume };
  const defect = barDefect(bar);
  if (defect !== null) throw new AppError('INPUT_INVALID', `This bar cannot be put into the book: ${defect}`);
  return { series: { symbol: row.symbol, timeframe: row.timeframe, bars: [bar] }, ...(answer.decision === 'replace' ? { source: 'person', policy: 'replace' } : { source: row.source, policy: 'keep' }) };
}

const STATES: Readonly<Record<Decision['decision'], string>> = { release: 'released', replace: 'replaced', discard: 'discarded' };

/** Who decides, and what the book is reached by. */
export type DecideParts = { readonly db: Db; readonly bulk: BulkOptions; readonly actor: string };

/**
 * Carries out what a person decides about a held bar, in one transaction with the trail. Decided before in the same way: nothing happens.
 * @throws AppError INPUT_INVALID (no such bar; a bar that cannot be), VERSION_CONFLICT (decided otherwise meanwhile)
 */
export async function decideHeld(parts: DecideParts, quarantineId: number, answer: Decision): Promise<void> {
  await retry({ ...RACE, isRetryable: (error) => error instanceof AppError && error.code === 'VERSION_CONFLICT' && error.context['isDecided'] !== true }, () => decideOnce(parts, quarantineId, answer));
}

async function decideOnce({ bulk, actor }: DecideParts, quarantineId: number, answer: Decision): Promise<void> {
  await withBulkTx(bulk, async (tx) => {
    const [row] = await tx.query<HeldRow>(
      `SELECT symbol, timeframe, open_time, trim_scale(open)::text AS open, trim_scale(high)::text AS high, trim_scale(low)::text AS low, trim_scale(close)::text AS close, trim_scale(volume)::text AS volume, source, state, kind
       FROM data_ingestion.quarantined_bars WHERE quarantine_id = $1 FOR UPDATE`, [quarantineId],
    );
    if (!row) throw new AppError('INPUT_INVALID', 'There is no such bar in quarantine');
    const next = STATES[answer.decision];
    if (row.state === next) return;
    if (row.state !== 'held') throw new AppError('VERSION_CONFLICT', `This bar was ${row.state} already`, { context: { isDecided: true } });
    const back = backIntoBook(row, answer);
    if (back !== null) await writeBars(tx, [back.series], { source: back.source, policy: back.policy, tsSeen: Date.now(), detail: { quarantineId, by: actor } });
    await tx.query('UPDATE data_ingestion.quarantined_bars SET state = $2, decided_at = clock_timestamp(), decided_by = $3 WHERE quarantine_id = $1', [quarantineId, next, actor]);
    if (answer.decision === 'release') {
      // What a person put back is right: the same finding does not take it out again.
      await tx.query(`UPDATE data_ingestion.data_quality_logs SET state = 'dismissed', decided_at = clock_timestamp(), decided_by = $5 WHERE symbol = $1 AND timeframe = $2 AND kind = $3 AND open_time <= $4::timestamptz AND coalesce(until_time, open_time) >= $4::timestamptz AND state = 'quarantined'`, [row.symbol, row.timeframe, row.kind, at(row.open_time), actor]);
    }
    await tx.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [
      actor, `quarantine.${answer.decision}`, `${row.symbol} ${row.timeframe} ${new Date(row.open_time).toISOString()}`, JSON.stringify(row), JSON.stringify(answer),
    ]);
  });
}

/** Findings about what is not there, or about actions: no bar is wrong, and none can be taken out. */
const WITHOUT_BARS: ReadonlySet<string> = new Set(['gap', 'sessions_missing', 'stale_series', 'factor_mismatch', 'action_unresolved']);

/** What a person decides about a finding, other than to read its bars again. @throws AppError INPUT_INVALID (too many bars; a finding without wrong bars) */
export async function decideFinding(db: Db, finding: HeldFinding & { readonly state: string }, { decision, actor }: { readonly decision: Exclude<z.infer<typeof findingDecisionSchema>, 'refetch'>; readonly actor: string }): Promise<void> {
  const next = decision === 'dismiss' ? 'dismissed' : 'quarantined';
  if (finding.state === next) return;
  if (decision === 'quarantine' && (ruleOf(finding.kind) === undefined || WITHOUT_BARS.has(finding.kind))) throw new AppError('INPUT_INVALID', 'No bar is wrong in this finding: there is nothing to take out of the book');
  await db.tx(async (tx) => {
    const held = decision === 'quarantine' ? await holdBars(tx, finding, actor) : null;
    if (decision === 'dismiss') await tx.query(`UPDATE data_ingestion.data_quality_logs SET state = 'dismissed', decided_at = clock_timestamp(), decided_by = $2, next_attempt_at = NULL WHERE id = $1`, [finding.id, actor]);
    await tx.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [
      actor, `finding.${decision}`, `${finding.symbol} ${finding.timeframe} ${finding.kind}`, JSON.stringify({ state: finding.state, findingId: finding.id }), JSON.stringify({ state: next, bars: held }),
    ]);
  });
}
