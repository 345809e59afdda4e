/** Comparisons with the broker, what the guardian found, and what moved in the ledger without a fill. */
import type { FindingView, LedgerEntryView, ReconciliationView } from '#app/contracts/views.ts';
import type { Queryable } from '#chassis/db.ts';
import { plain } from './rows.ts';

/** Comparisons, newest first; `different`: only those that found something. */
export function readReconciliations(db: Queryable, { only, limit }: { readonly only: 'all' | 'different'; readonly limit: number }): Promise<ReconciliationView[]> {
  return db.query<ReconciliationView>(
    `SELECT run_id AS "runId", at, is_clean AS "isClean", compared, differences FROM execution.reconciliations WHERE $2 = 'all' OR NOT is_clean OR differences <> '[]' ORDER BY at DESC, run_id LIMIT $1`, [limit, only],
  );
}

/** Findings: open ones first, the worst and newest of them on top. */
export function readFindings(db: Queryable, { state, limit }: { readonly state: 'open' | 'all'; readonly limit: number }): Promise<FindingView[]> {
  return db.query<FindingView>(
    `SELECT finding_id AS "findingId", kind, severity, subject, message, remedy, state, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt"
     FROM execution.findings WHERE $2 = 'all' OR state = 'open'
     ORDER BY state = 'open' DESC, array_position(ARRAY['critical', 'warning', 'info'], severity), last_seen_at DESC, finding_id LIMIT $1`, [limit, state],
  );
}

/** Entries of the ledger, newest first. */
export function readLedgerEntries(db: Queryable, limit: number): Promise<LedgerEntryView[]> {
  return db.query<LedgerEntryView>(
    `SELECT entry_id AS "entryId", kind, symbol, ${plain('cash_change')} AS "cashChange", ${plain('qty_change')} AS "qtyChange", description, ledger_seq AS "ledgerSeq", ts_event AS "tsEvent", source
     FROM execution.ledger_entries ORDER BY ledger_seq DESC LIMIT $1`, [limit],
  );
}
