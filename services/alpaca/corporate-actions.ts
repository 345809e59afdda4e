/** Corporate actions of the data API: groups of every kind, read alike. */
import * as z from 'zod';
import { fromFloat, toText } from '#app/domain/numeric.ts';
import type { BrokerAction } from './ports.ts';

const day = z.iso.date();
const entry = z.record(z.string(), z.unknown());
const pageWire = z.object({ corporate_actions: z.record(z.string(), z.array(z.unknown())).nullish(), next_page_token: z.string().nullish() });
const head = z.object({ id: z.string().min(1).max(128), process_date: day, ex_date: day.nullish(), effective_date: day.nullish() });

/** Whose action it is: the symbol whose holders it changes something for. */
const SUBJECTS = ['symbol', 'old_symbol', 'source_symbol', 'acquiree_symbol'] as const;
/** Fields that say nothing about what happens. */
const LEFT_OUT: ReadonlySet<string> = new Set(['id', 'symbol', 'ex_date', 'cusip', 'isin', 'old_cusip', 'new_cusip', 'old_isin', 'new_isin', 'source_cusip', 'source_isin', 'acquiree_cusip', 'acquiree_isin', 'acquirer_cusip', 'acquirer_isin', 'alternate_cusip', 'alternate_isin']);
const MAX_TEXT = 200;
const MAX_NUMBER = 1e15;

function termsOf(raw: Readonly<Record<string, unknown>>): Record<string, string | boolean> {
  const terms: Record<string, string | boolean> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (LEFT_OUT.has(name) || !/^[a-z][a-z_]{0,39}$/.test(name)) continue;
    if (typeof value === 'boolean') terms[name] = value;
    else if (typeof value === 'string') terms[name] = value.slice(0, MAX_TEXT);
    else if (typeof value === 'number' && Number.isFinite(value) && Math.abs(value) < MAX_NUMBER) terms[name] = toText(fromFloat(value, 9));
  }
  return terms;
}

/** One entry of the group of a kind; null when it cannot be an action. */
function actionFromWire(kind: string, raw: unknown): BrokerAction | null {
  const [fields, named] = [entry.safeParse(raw), head.safeParse(raw)];
  if (!fields.success || !named.success) return null;
  const subject = SUBJECTS.map((name) => fields.data[name]).find((value) => typeof value === 'string' && value !== '');
  if (typeof subject !== 'string' || subject.length > 32) return null;
  const { id, process_date: processDate, ex_date: exDate, effective_date: effectiveDate } = named.data;
  return { actionId: id, symbol: subject, kind, exDate: exDate ?? effectiveDate ?? processDate, processDate, terms: termsOf(fields.data) };
}

/** One page: groups such as `cash_dividends` become kinds such as `cash_dividend`; kinds that we have never heard of are kept as they are. */
export const actionsReply = pageWire.transform((page): { readonly actions: readonly BrokerAction[]; readonly unread: number; readonly nextPageToken: string | null } => {
  const actions: BrokerAction[] = [];
  let unread = 0;
  for (const [group, list] of Object.entries(page.corporate_actions ?? {})) {
    const kind = group.replace(/s$/, '');
    for (const raw of list) {
      const action = /^[a-z][a-z_]{0,39}$/.test(kind) ? actionFromWire(kind, raw) : null;
      if (action) actions.push(action);
      else unread += 1;
    }
  }
  return { actions, unread, nextPageToken: page.next_page_token ?? null };
});
