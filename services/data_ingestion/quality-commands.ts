/** What a person decides about findings and held bars. */
import type * as z from 'zod';
import type { findingSchema, quarantinedBarSchema } from '#app/contracts/quality.ts';
import { AppError, invariant } from '#app/domain/errors.ts';
import { describeFinding, ruleOf } from '#app/market/quality/rules.ts';
import type { FindingKind } from '#app/market/quality/finding.ts';
import type { Queryable } from '#chassis/db.ts';
import type { CommandHandlers } from '#chassis/service.ts';
import { decideFinding, decideHeld } from './quarantine.ts';
import { findingById, repairFinding, type RepairParts } from './repair.ts';

type FindingView = z.infer<typeof findingSchema>;
type HeldView = z.infer<typeof quarantinedBarSchema>;

async function findingView(book: Queryable, findingId: number): Promise<FindingView> {
  const [row] = await book.query<Omit<FindingView, 'text' | 'repair'> & { message: string | null }>(
    `SELECT id AS "findingId", symbol, timeframe, kind, severity, score, state, open_time AS "openTime", until_time AS "untilTime", message, detail, at, attempts, decided_at AS "decidedAt", decided_by AS "decidedBy"
     FROM data_ingestion.data_quality_logs WHERE id = $1`, [findingId],
  );
  invariant(row, 'The finding is there: it was decided just now', { findingId });
  const { message, ...rest } = row;
  return { ...rest, text: message ?? describeFinding({ kind: row.kind as FindingKind, detail: row.detail as Record<string, number | string> }), repair: ruleOf(row.kind)?.repair ?? 'Nothing needs to be done.' };
}

async function heldView(book: Queryable, quarantineId: number): Promise<HeldView> {
  const [row] = await book.query<Omit<HeldView, 'text'> & { detail: Record<string, number | string> }>(
    `SELECT quarantine_id AS "quarantineId", symbol, timeframe, open_time AS "openTime", trim_scale(open)::text AS open, trim_scale(high)::text AS high, trim_scale(low)::text AS low, trim_scale(close)::text AS close, trim_scale(volume)::text AS volume,
       source, kind, detail, state, quarantined_at AS "quarantinedAt", decided_at AS "decidedAt", decided_by AS "decidedBy" FROM data_ingestion.quarantined_bars WHERE quarantine_id = $1`, [quarantineId],
  );
  invariant(row, 'The bar is there: it was decided just now', { quarantineId });
  const { detail, ...rest } = row;
  return { ...rest, text: ruleOf(row.kind) === undefined ? row.kind.replaceAll('_', ' ') : describeFinding({ kind: row.kind as FindingKind, detail }) };
}

/** Handlers of the commands about quality. */
export function qualityCommands(parts: RepairParts): Pick<CommandHandlers, 'decideDataFinding' | 'decideQuarantine'> {
  return {
    async decideDataFinding({ findingId, decision, actor }) {
      const finding = await findingById(parts.db, findingId);
      if (finding === null) throw new AppError('INPUT_INVALID', 'There is no such finding');
      if (decision === 'refetch') {
        if (ruleOf(finding.kind) === undefined) throw new AppError('INPUT_INVALID', 'This is a note of what happened: there is nothing to read again');
        const outcome = await repairFinding(parts, finding);
        await parts.db.query('INSERT INTO logging.audit_log (actor, action, subject, before, after) VALUES ($1, $2, $3, $4::jsonb, $5::jsonb)', [
          actor, 'finding.refetch', `${finding.symbol} ${finding.timeframe} ${finding.kind}`, JSON.stringify({ state: finding.state, findingId }), JSON.stringify({ outcome }),
        ]);
      }
      else await decideFinding(parts.db, finding, { decision, actor });
      return findingView(parts.db, findingId);
    },
    async decideQuarantine({ quarantineId, answer, actor }) {
      await decideHeld({ db: parts.db, bulk: parts.bulk, actor }, quarantineId, answer);
      return heldView(parts.db, quarantineId);
    },
  };
}
