/** Findings of a comparison of the two books: which differences a person must look at, and when the broker's figure may be taken over. */
import type { Difference } from './reconcile.ts';
import type { FoundIssue } from './remedy.ts';

/** `steady`: differences (`kind subject`) that stood for some time with nothing on its way; `averages`: the broker's average entry prices by symbol, decimal text. */
export type BookFacts = { readonly steady: ReadonlySet<string>; readonly averages: ReadonlyMap<string, string> };

function figureIssue(one: Difference, facts: BookFacts): FoundIssue {
  const [ours, theirs] = [one.ours ?? '0', one.theirs ?? '0'];
  const mayMend = facts.steady.has(`${one.kind} ${one.subject}`);
  if (one.kind === 'cash') {
    return {
      kind: 'cash_mismatch', severity: 'warning', subject: one.subject, message: `Our ledger has ${ours} dollars of cash, the broker ${theirs}; no fill and no activity explains it`,
      remedy: mayMend ? { words: `Enters the difference, so that our ledger has ${theirs} dollars like the broker`, action: { kind: 'take_over_cash', ours, theirs } } : null,
    };
  }
  return {
    kind: 'position_mismatch', severity: 'critical', subject: one.subject, message: `Our book holds ${ours} ${one.subject}, the broker ${theirs}; no fill explains it`,
    remedy: mayMend ? { words: `Takes over the broker's position: our book then holds ${theirs} ${one.subject}`, action: { kind: 'take_over_position', symbol: one.subject, ours, theirs, avgPrice: facts.averages.get(one.subject) ?? null } } : null,
  };
}

/**
 * The findings of a comparison. What was repaired, or will be by the next comparison, is none. A figure that differs is one at once; its remedy is proposed when it
 * stood for a while and nothing was on its way: a lagging list of activities is not mended by hand.
 */
export function issuesOf(differences: readonly Difference[], facts: BookFacts): FoundIssue[] {
  return differences.flatMap((one): FoundIssue[] => {
    const said = `ours ${one.ours ?? 'none'}, the broker's ${one.theirs ?? 'none'}`;
    switch (one.kind) {
      case 'position': case 'cash':
        return [figureIssue(one, facts)];
      case 'order_fields':
        return [{ kind: 'order_mismatch', severity: 'critical', subject: one.subject, message: `The broker has another order under our id: ${said}`, remedy: null }];
      case 'fill_extra':
        return [{ kind: 'fill_extra', severity: 'critical', subject: one.subject, message: `We have booked more than the broker filled: ${said}; the broker may have busted a trade`, remedy: null }];
      case 'order_missing':
        return [{ kind: 'order_lost', severity: 'warning', subject: one.subject, message: 'The broker does not know an order that it had confirmed', remedy: { words: 'Compares the books again now', action: { kind: 'compare' } } }];
      default:
        return [];
    }
  });
}
