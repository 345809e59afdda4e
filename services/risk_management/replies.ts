/** Decisions as a person's client sees them: made now, or read back under the key of an earlier request. */
import * as z from 'zod';
import type { CommandOutput } from '#app/contracts/commands.ts';
import type { DenialCode, RuleResult } from '#app/domain/limits.ts';
import { toText } from '#app/domain/numeric.ts';
import { orderTermsFields, readTerms, type OrderTerms } from '#app/domain/order-terms.ts';
import type { Side } from '#app/domain/order.ts';
import type { Decision } from '#app/risk/decide.ts';
import type { Queryable } from '#chassis/db.ts';

/** The answer to a manual order. */
export type DecisionReply = CommandOutput<'manualOrder'>;

/** A decision as a reply. */
export function replyOf(decision: Decision): DecisionReply {
  const { decisionId, outcome, clientOrderId, code, message } = decision;
  return { decisionId, outcome, clientOrderId, code, message, rules: [...decision.rules], record: decision.record, qty: decision.qty.isZero() ? null : toText(decision.qty), reservedNotional: toText(decision.reservedNotional) };
}

type Row = {
  decisionId: string; clientOrderId: string | null; outcome: 'approved' | 'denied'; code: DenialCode | null; message: string; rules: RuleResult[]; record: DecisionReply['record']; qty: string | null; reservedNotional: string;
  symbol: string; side: Side; terms: unknown; replaces: string | null;
};

/** A stored decision with what was asked; `terms` null = of a version that kept none. */
export type StoredDecision = { readonly reply: DecisionReply; readonly asked: { readonly symbol: string; readonly side: Side; readonly terms: OrderTerms | null; readonly replaces: string | null } };

const storedTerms = z.object(orderTermsFields);

const SELECT = `
  SELECT decision_id AS "decisionId", client_order_id AS "clientOrderId", outcome, code, message, rules, coalesce(record, '{"inputs":[],"sizing":[]}'::jsonb) AS record, CASE WHEN qty = 0 THEN NULL ELSE trim_scale(qty)::text END AS qty,
    trim_scale(reserved_notional)::text AS "reservedNotional", symbol, side, terms, replaces
  FROM risk_management.risk_decisions WHERE decision_id = ANY($1::text[])`;

/** Reads decisions back, in the order of the ids; unknown ones are left out. */
export async function storedDecisions(db: Queryable, decisionIds: readonly string[]): Promise<StoredDecision[]> {
  if (decisionIds.length === 0) return [];
  const rows = new Map((await db.query<Row>(SELECT, [decisionIds])).map((row) => [row.decisionId, row]));
  return decisionIds.flatMap((id) => {
    const row = rows.get(id);
    if (!row) return [];
    const { symbol, side, terms, replaces, ...reply } = row;
    return [{ reply, asked: { symbol, side, replaces, terms: terms === null ? null : readTerms(storedTerms.parse(terms)) } }];
  });
}
