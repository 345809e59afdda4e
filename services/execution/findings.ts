/** Findings: what is wrong with orders and positions, told once, kept until it is gone, mended only when a person says so. */
import type { Payload } from '#app/contracts/events.ts';
import { AppError } from '#app/domain/errors.ts';
import type { FoundIssue, IssueKind, RemedyAction } from '#app/execution/remedy.ts';
import type { Queryable, Tx } from '#chassis/db.ts';

/** Who looks: each reporter's findings are closed by its own next look that does not see them any more. */
export type Reporter = 'guardian' | 'reconciliation' | 'ledger' | 'orders';

/** A finding as the book has it. `state` dismissed: a person wants it left alone until it is gone. */
export type Finding = FoundIssue & { readonly findingId: string; readonly reporter: Reporter; readonly state: 'open' | 'resolved' | 'dismissed'; readonly version: number };

type Row = { finding_id: string; reporter: Reporter; kind: IssueKind; severity: Finding['severity']; subject: string; message: string; remedy: string | null; action: RemedyAction | null; state: Finding['state']; version: number };

const COLUMNS = 'finding_id, reporter, kind, severity, subject, message, remedy, action, state, version';

function fromRow(row: Row): Finding {
  const { kind, severity, subject, message, reporter, state, version } = row;
  return { findingId: row.finding_id, reporter, kind, severity, subject, message, state, version, remedy: row.remedy === null || row.action === null ? null : { words: row.remedy, action: row.action } };
}

const SEVERITIES: readonly Finding['severity'][] = ['info', 'warning', 'critical'];

/** One kind of trouble of one subject is one finding, however often it is seen. */
function findingIdOf(issue: Pick<FoundIssue, 'kind' | 'subject'>): string {
  return `${issue.kind}:${issue.subject}`.slice(0, 200);
}

function tell(tx: Tx, { findingId, kind, severity, subject, message, remedy, state, version }: Finding, isNews = false): void {
  const payload: Payload<'finding.changed'> = { findingId, kind, severity, subject, message, remedy: remedy?.words ?? null, state, isNews };
  tx.emit({ topic: 'finding.changed', key: `${findingId}:${version}`, correlationId: findingId, payload });
}

/**
 * Writes down what is wrong, or that it still is. It is told when it is new, when its words change, and when it comes back after it was gone;
 * what a person dismissed stays dismissed until it was gone once.
 */
export async function reportFinding(tx: Tx, reporter: Reporter, issue: FoundIssue): Promise<string> {
  const findingId = findingIdOf(issue);
  const [changed] = await tx.query<Row & { before_state: Finding['state'] | null; before_severity: Finding['severity'] | null }>(
    `WITH before AS (SELECT state, severity FROM execution.findings WHERE finding_id = $1)
     INSERT INTO execution.findings AS f (finding_id, reporter, kind, severity, subject, message, remedy, action, state, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', 1)
     ON CONFLICT (finding_id) DO UPDATE SET reporter = $2, severity = $4, message = $6, remedy = $7, action = $8, version = f.version + 1, last_seen_at = clock_timestamp(),
       state = CASE WHEN f.state = 'resolved' THEN 'open' ELSE f.state END, first_seen_at = CASE WHEN f.state = 'resolved' THEN clock_timestamp() ELSE f.first_seen_at END,
       closed_by = CASE WHEN f.state = 'resolved' THEN NULL ELSE f.closed_by END, reason = CASE WHEN f.state = 'resolved' THEN NULL ELSE f.reason END
     WHERE f.state = 'resolved' OR (f.severity, f.message, f.remedy, f.action) IS DISTINCT FROM ($4, $6, $7, $8::jsonb)
     RETURNING ${COLUMNS}, (SELECT state FROM before) AS before_state, (SELECT severity FROM before) AS before_severity`,
    [findingId, reporter, issue.kind, issue.severity, issue.subject, issue.message.slice(0, 1_000), issue.remedy?.words ?? null, issue.remedy === null ? null : JSON.stringify(issue.remedy.action)],
  );
  if (changed) {
    const isWorse = changed.before_severity !== null && SEVERITIES.indexOf(changed.severity) > SEVERITIES.indexOf(changed.before_severity);
    tell(tx, fromRow(changed), changed.before_state === null || changed.before_state === 'resolved' || (changed.state === 'open' && isWorse));
  } else await tx.query('UPDATE execution.findings SET last_seen_at = clock_timestamp() WHERE finding_id = $1', [findingId]);
  return findingId;
}

/** It is gone. True when it stood until now. */
export async function resolveFinding(tx: Tx, findingId: string, closedBy = 'system'): Promise<boolean> {
  const [row] = await tx.query<Row>(
    `UPDATE execution.findings SET state = 'resolved', version = version + 1, closed_by = $2, last_seen_at = clock_timestamp() WHERE finding_id = $1 AND state <> 'resolved' RETURNING ${COLUMNS}`, [findingId, closedBy],
  );
  if (row) tell(tx, fromRow(row));
  return row !== undefined;
}

/** Reports everything that a reporter sees now and closes what it does not see any more. Returns how many stand. */
export async function settleFindings(tx: Tx, reporter: Reporter, seen: readonly FoundIssue[]): Promise<number> {
  const ids = new Set<string>();
  for (const issue of seen) ids.add(await reportFinding(tx, reporter, issue));
  const standing = await tx.query<{ finding_id: string }>(`SELECT finding_id FROM execution.findings WHERE reporter = $1 AND state <> 'resolved' ORDER BY finding_id`, [reporter]);
  for (const { finding_id: findingId } of standing) if (!ids.has(findingId)) await resolveFinding(tx, findingId);
  return ids.size;
}

/** Locks a finding that stands. @throws AppError FINDING_NOT_FOUND when there is none, VERSION_CONFLICT when it is gone */
export async function lockFinding(tx: Tx, findingId: string): Promise<Finding> {
  const [row] = await tx.query<Row>(`SELECT ${COLUMNS} FROM execution.findings WHERE finding_id = $1 FOR UPDATE`, [findingId]);
  if (!row) throw new AppError('FINDING_NOT_FOUND', 'There is no such finding');
  if (row.state === 'resolved') throw new AppError('VERSION_CONFLICT', 'What was found is gone already');
  return fromRow(row);
}

/** A person wants it left alone. @throws as lockFinding */
export async function dismiss(tx: Tx, findingId: string, by: { readonly actor: string; readonly reason: string }): Promise<void> {
  const finding = await lockFinding(tx, findingId);
  if (finding.state === 'dismissed') return;
  await tx.query(`UPDATE execution.findings SET state = 'dismissed', version = version + 1, closed_by = $2, reason = $3 WHERE finding_id = $1`, [findingId, by.actor, by.reason]);
  tell(tx, { ...finding, state: 'dismissed', version: finding.version + 1 });
}

/** The findings that stand, for tests and flows. */
export async function readStanding(db: Queryable): Promise<Finding[]> {
  return (await db.query<Row>(`SELECT ${COLUMNS} FROM execution.findings WHERE state <> 'resolved' ORDER BY finding_id`)).map(fromRow);
}
