/** Repair by a second reading: the bars of a finding are asked for again; the answer corrects the book, confirms the finding, or lets the bars be held. */
import type { BarWire } from '#app/domain/bar.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { DAY_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { differingFields, type BarNumbers } from '#app/market/quality/compare.ts';
import { ruleOf } from '#app/market/quality/rules.ts';
import { isTransient } from '#chassis/clock.ts';
import { at, type Db, type Queryable } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { writeBars } from './bulk.ts';
import { MAX_ATTEMPTS } from './quality-findings.ts';
import { holdBars, type HeldFinding } from './quarantine.ts';
import { reviseBars, type SeenBar } from './store.ts';

/** Findings of one run: each asks the broker once, beside everything else that does. */
const MAX_REPAIRS = 40;
const RETRY_AFTER = '1 hour';
/** A longer stretch is the matter of a back-fill. */
const MAX_BARS = 20_000;
const MISSING: ReadonlySet<string> = new Set(['gap', 'sessions_missing']);

/** Bars of these sources came while strategies ran: what they traded on is not taken away behind a person's back. */
const LIVE_SOURCES: ReadonlySet<string> = new Set(['stream', 'rest']);

/** What repair works with. */
export type RepairParts = { readonly db: Db; readonly bulk: BulkOptions; readonly history: Pick<MarketHistory, 'bars'> };
/** What a run of repairs came to, in findings; `problem`: why the broker could not be asked for more, null when it could. */
export type RepairSummary = { readonly looked: number; readonly repaired: number; readonly confirmed: number; readonly quarantined: number; readonly left: number; readonly problem: string | null };
/** What became of one finding. */
export type RepairOutcome = 'repaired' | 'confirmed' | 'quarantined' | 'left';

type FindingRow = HeldFinding & { readonly severity: string; readonly attempts: number; readonly state: string };

const SELECT_FINDING = `
  SELECT id, symbol, timeframe, open_time AS "openTime", coalesce(until_time, open_time) AS "untilTime", kind, severity, attempts, detail, state FROM data_ingestion.data_quality_logs`;

/** A finding by its id; null when there is none that bars belong to. */
export async function findingById(book: Queryable, id: number): Promise<FindingRow | null> {
  const [row] = await book.query<FindingRow>(`${SELECT_FINDING} WHERE id = $1 AND open_time IS NOT NULL`, [id]);
  return row ?? null;
}

/** From when to when the broker is asked. Days are told by their session's open and stored at midnight. */
function spanOf({ kind, timeframe, openTime, untilTime }: FindingRow): { from: number; to: number } {
  if (timeframe === '1Day') return { from: openTime - DAY_MS + 1, to: untilTime + (kind === 'sessions_missing' ? 0 : DAY_MS - 1) };
  return { from: openTime, to: kind === 'sessions_missing' ? untilTime + DAY_MS / 3 : untilTime };
}

function numbersOf(bar: BarWire): BarNumbers {
  return { open: Number(bar.open), high: Number(bar.high), low: Number(bar.low), close: Number(bar.close), volume: Number(bar.volume) };
}

async function readAgain(history: Pick<MarketHistory, 'bars'>, finding: FindingRow): Promise<SeenBar[]> {
  const { from, to } = spanOf(finding);
  const bars: SeenBar[] = [];
  for await (const page of history.bars({ symbols: [finding.symbol], timeframe: finding.timeframe, start: from as EpochMs, end: to as EpochMs })) {
    const tsSeen = Date.now();
    for (const bar of page) if (bar.symbol === finding.symbol && bar.openTime >= from && bar.openTime <= to) bars.push({ ...bar, tsSeen });
  }
  return bars;
}

type Stored = BarWire & { readonly source: string };

async function storedIn(db: Queryable, finding: FindingRow): Promise<Map<number, Stored>> {
  const { from, to } = spanOf(finding);
  const rows = await db.query<Stored>(
    `SELECT symbol, timeframe, open_time AS "openTime", open::text, high::text, low::text, close::text, volume::text, source FROM data_ingestion.market_data
     WHERE symbol = $1 AND timeframe = $2 AND open_time BETWEEN $3::timestamptz AND $4::timestamptz`, [finding.symbol, finding.timeframe, at(from), at(to)],
  );
  return new Map(rows.map((row) => [row.openTime, row]));
}

/** Open times of bars that are held, or that a person let go: no reading puts them back. */
async function leftOutIn(db: Queryable, finding: FindingRow): Promise<ReadonlySet<number>> {
  const { from, to } = spanOf(finding);
  const rows = await db.query<{ openTime: number }>(
    `SELECT open_time AS "openTime" FROM data_ingestion.quarantined_bars WHERE symbol = $1 AND timeframe = $2 AND state IN ('held', 'discarded') AND open_time BETWEEN $3::timestamptz AND $4::timestamptz`,
    [finding.symbol, finding.timeframe, at(from), at(to)],
  );
  return new Set(rows.map((row) => row.openTime));
}

const MILDER: Readonly<Record<string, string>> = { critical: 'warning', warning: 'info', info: 'info' };

/** Writes down what became of a finding. A repaired stretch is looked at again by the next validation: what it still finds there, the broker has confirmed. */
async function close(tx: Queryable, finding: FindingRow, { state, detail }: { state: 'repaired' | 'confirmed'; detail: Readonly<Record<string, unknown>> }): Promise<void> {
  await tx.query(
    `UPDATE data_ingestion.data_quality_logs SET state = $2, severity = $3, attempts = attempts + 1, next_attempt_at = NULL, decided_at = clock_timestamp(), decided_by = 'broker', detail = detail || $4::jsonb WHERE id = $1`,
    [finding.id, state, state === 'confirmed' ? (MILDER[finding.severity] ?? 'info') : finding.severity, JSON.stringify(detail)],
  );
  if (state === 'repaired') await tx.query('UPDATE data_ingestion.quality_progress SET validated_to = least(validated_to, $3::timestamptz) WHERE symbol = $1 AND timeframe = $2', [finding.symbol, finding.timeframe, at(finding.openTime - 1)]);
}

/** A bar that cannot be true, that the stream brought: it stays where strategies saw it, and the finding stays open. */
async function leaveToPerson(db: Db, finding: FindingRow): Promise<RepairOutcome> {
  await db.query(
    `UPDATE data_ingestion.data_quality_logs SET attempts = attempts + 1, next_attempt_at = NULL, message = coalesce(message, '') || $2 WHERE id = $1`,
    [finding.id, '. Strategies may have traded on it, and the broker has nothing better: it stays until a person decides'],
  );
  return 'left';
}

async function putOff(db: Db, finding: FindingRow, isLast: boolean): Promise<RepairOutcome> {
  await db.query(`UPDATE data_ingestion.data_quality_logs SET attempts = attempts + 1, next_attempt_at = CASE WHEN $2 THEN NULL ELSE clock_timestamp() + interval '${RETRY_AFTER}' END WHERE id = $1`, [finding.id, isLast]);
  return 'left';
}

/** Missing bars: what the broker has goes into the book as history; nothing at all confirms that there is nothing. */
async function fill(parts: RepairParts, finding: FindingRow, told: readonly SeenBar[]): Promise<RepairOutcome> {
  const [stored, leftOut] = [await storedIn(parts.db, finding), await leftOutIn(parts.db, finding)];
  const bars = told.filter((bar) => !stored.has(bar.openTime) && !leftOut.has(bar.openTime)).sort((a, b) => a.openTime - b.openTime);
  const added = bars.length === 0 ? 0 : (await withBulkTx(parts.bulk, (tx) => writeBars(tx, [{ symbol: finding.symbol, timeframe: finding.timeframe, bars }], { source: 'backfill', policy: 'keep', tsSeen: Date.now() }))).stored;
  await close(parts.db, finding, added > 0 ? { state: 'repaired', detail: { barsAdded: added } } : { state: 'confirmed', detail: { secondReading: leftOut.size > 0 ? 'its bars are in quarantine' : 'the broker has no bars there either' } });
  return added > 0 ? 'repaired' : 'confirmed';
}

/** Bars that are there: another answer corrects them, the same confirms them; what cannot be true all the same is held, unless it came live. */
async function compare(parts: RepairParts, finding: FindingRow, told: readonly SeenBar[]): Promise<RepairOutcome> {
  const stored = await storedIn(parts.db, finding);
  const mine = told.filter((bar) => stored.has(bar.openTime) && bar.openTime >= finding.openTime && bar.openTime <= finding.untilTime);
  const changed = mine.filter((bar) => differingFields(numbersOf(stored.get(bar.openTime) ?? bar), numbersOf(bar)).length > 0);
  if (changed.length > 0) {
    const revised = await parts.db.tx(async (tx) => {
      const result = await reviseBars(tx, changed, { kind: 'bar_revised', source: 'rest', detail: { findingId: finding.id, finding: finding.kind } });
      if (result.revised > 0) await close(tx, finding, { state: 'repaired', detail: { barsRevised: result.revised } });
      return result.revised;
    });
    if (revised > 0) return 'repaired';
  }
  if (ruleOf(finding.kind)?.way === 'quarantine') {
    const isLive = [...stored.values()].some((bar) => bar.openTime >= finding.openTime && bar.openTime <= finding.untilTime && LIVE_SOURCES.has(bar.source));
    if (isLive) return leaveToPerson(parts.db, finding);
    await parts.db.tx((tx) => holdBars(tx, finding, 'rules'));
    return 'quarantined';
  }
  // The broker may not have what came from a file: then it cannot confirm it either.
  if (mine.length === 0) return putOff(parts.db, finding, finding.attempts + 1 >= MAX_ATTEMPTS);
  await close(parts.db, finding, { state: 'confirmed', detail: { secondReading: 'the broker says the same' } });
  return 'confirmed';
}

/** Reads the bars of one finding again and acts on the answer. @throws what the broker's door throws when it cannot be asked */
export async function repairFinding(parts: RepairParts, finding: FindingRow): Promise<RepairOutcome> {
  const { from, to } = spanOf(finding);
  const width = finding.timeframe === '1Day' ? DAY_MS : timeframeMs(finding.timeframe as Timeframe);
  if ((to - from) / width > MAX_BARS) return putOff(parts.db, finding, true);
  const told = await readAgain(parts.history, finding);
  return MISSING.has(finding.kind) ? fill(parts, finding, told) : compare(parts, finding, told);
}

/** Whether an error says that the broker could not be asked, or something was in the way for a moment: then it is a matter of the next run. */
export function isNoAnswer(error: unknown): boolean {
  return (error instanceof AppError && error.code.startsWith('BROKER_')) || isTransient(error);
}

/** Works off the findings that wait for a second reading, the worst first. A broker that cannot be asked ends the run; the others wait for the next. */
export async function repairDue(parts: RepairParts, signal: AbortSignal): Promise<RepairSummary> {
  const due = await parts.db.query<FindingRow>(
    `${SELECT_FINDING} WHERE state = 'open' AND next_attempt_at <= clock_timestamp() AND open_time IS NOT NULL ORDER BY array_position(ARRAY['critical', 'warning', 'info'], severity), open_time DESC, id LIMIT $1`, [MAX_REPAIRS],
  );
  const counts: Record<RepairOutcome, number> = { repaired: 0, confirmed: 0, quarantined: 0, left: 0 };
  let problem: string | null = null;
  for (const finding of due) {
    signal.throwIfAborted();
    try {
      counts[await repairFinding(parts, finding)] += 1;
    } catch (error) {
      if (!isNoAnswer(error)) throw error;
      problem = describeError(error);
      break;
    }
  }
  return { looked: due.length, ...counts, problem };
}
