/** What the account's activities mean for the ledger: dividends, fees, interest, transfers, splits. Fills are not among them. */
import { roundToLedger, toText, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { EntryKind, LedgerEntry } from '#app/domain/position-book.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { FoundIssue } from './remedy.ts';

/** An activity as the broker tells it. `day`: the exchange day that it is for; `qty`: shares that moved, signed, or the shares that earned a dividend. */
export type TheirActivity = {
  readonly activityId: string; readonly type: string; readonly symbol: string | null; readonly qty: Quantity | null; readonly price: Price | null; readonly netAmount: Money;
  readonly day: string; readonly at: EpochMs; readonly description: string; readonly isExecuted: boolean;
};

/** What the ledger knows: the shares of each symbol by holder ('' = manual), and who sold on a day. */
export type ActivityFacts = { readonly held: ReadonlyMap<string, ReadonlyMap<string, Quantity>>; readonly sellersOn: ReadonlyMap<string, readonly string[]> };

/** An entry to be booked. */
export type PlannedEntry = Omit<LedgerEntry, 'seq' | 'toStrategyId' | 'shareQty'> & { readonly activityType: string; readonly description: string; readonly forDay: string };

/** Alpaca's words -> ours. A word that is not here is `other`: its cash counts. */
const KINDS: Readonly<Record<string, EntryKind>> = {
  FEE: 'fee', CFEE: 'fee', PTC: 'fee', PTR: 'fee', DIVFEE: 'fee',
  DIV: 'dividend', DIVCGL: 'dividend', DIVCGS: 'dividend', DIVFT: 'dividend', DIVNRA: 'dividend', DIVROC: 'dividend', DIVTW: 'dividend', DIVTXEX: 'dividend', CGD: 'dividend',
  INT: 'interest', INTNRA: 'interest', INTTW: 'interest', TRANS: 'transfer', CSD: 'transfer', CSW: 'transfer', ACATC: 'transfer', JNL: 'journal', JNLC: 'journal',
  SPLIT: 'split', CIL: 'shares', SPIN: 'shares', JNLS: 'shares', ACATS: 'shares', MA: 'shares', REORG: 'shares', NC: 'shares', FOPT: 'shares',
};

/** Our kind of an activity. */
export function entryKindOf(type: string): EntryKind {
  return Object.hasOwn(KINDS, type) ? (KINDS[type] ?? 'other') : 'other';
}

/** The one holder of a symbol; the manual share when there are several or none. */
function soleHolder(shares: ReadonlyMap<string, Quantity> | undefined): string {
  const holders = [...(shares ?? [])].filter(([, qty]) => !qty.isZero());
  return holders.length === 1 ? (holders[0]?.[0] ?? '') : '';
}

/** A fee is for the sells of its day: it is the strategy's when all of them were; a dividend is the sole holder's. What cannot be told is the manual share's. */
function ownerOf(activity: TheirActivity, kind: EntryKind, facts: ActivityFacts): string {
  if (kind === 'fee') {
    const sellers = facts.sellersOn.get(activity.day) ?? [];
    return sellers.length === 1 ? (sellers[0] ?? '') : '';
  }
  return kind === 'dividend' && activity.symbol !== null ? soleHolder(facts.held.get(activity.symbol)) : '';
}

/** Whose shares were taken: the one who holds so many, with a fraction rather than without, by hand rather than not. Nobody: the manual share. */
function giverOf(shares: ReadonlyMap<string, Quantity> | undefined, change: Quantity): string {
  const holders = [...(shares ?? [])].filter(([, qty]) => !qty.isZero() && qty.s !== change.s && qty.abs().gte(change.abs()));
  const rank = ([id, qty]: readonly [string, Quantity]): number => (qty.isInteger() ? 2 : 0) + (id === '' ? 0 : 1);
  return holders.sort((a, b) => rank(a) - rank(b))[0]?.[0] ?? '';
}

function total(shares: ReadonlyMap<string, Quantity> | undefined): Quantity {
  return [...(shares?.values() ?? [])].reduce((sum, qty) => sum.plus(qty) as Quantity, ZERO_QUANTITY);
}

function odd(activity: TheirActivity, message: string): FoundIssue {
  return { kind: 'odd_activity', severity: 'warning', subject: activity.activityId, message: `${activity.type} ${activity.symbol ?? ''} of ${activity.day}: ${message}`, remedy: null };
}

/**
 * A split may come as one activity (+20) or as two (-10, +30): only their sum is booked, with the first. Half of a pair would empty or turn the position:
 * it waits until the other half is there.
 */
function planSplits(splits: readonly TheirActivity[], facts: ActivityFacts, changeOf: Map<string, Quantity>): FoundIssue[] {
  const issues: FoundIssue[] = [];
  const groups = new Map<string, TheirActivity[]>();
  for (const split of splits) {
    const group = groups.get(`${split.symbol ?? ''}|${split.day}`);
    if (group) group.push(split);
    else groups.set(`${split.symbol ?? ''}|${split.day}`, [split]);
  }
  for (const group of groups.values()) {
    const [first] = group;
    if (!first || first.symbol === null) continue;
    const before = total(facts.held.get(first.symbol));
    const change = group.reduce((sum, one) => sum.plus(one.qty ?? ZERO_QUANTITY) as Quantity, ZERO_QUANTITY);
    const after = before.plus(change);
    if (before.isZero() || after.isZero() || after.s !== before.s) {
      issues.push(odd(first, `a split that would turn ${toText(before)} shares into ${toText(after)} is not booked`));
      continue;
    }
    group.forEach((one, index) => changeOf.set(one.activityId, index === 0 ? change : ZERO_QUANTITY));
  }
  return issues;
}

/** Shares that an activity moved; null when it moved none. Words that we do not know may give cash for a fraction of a share (Alpaca's MISC). */
function movedShares({ symbol, qty, netAmount }: TheirActivity, kind: EntryKind): Quantity | null {
  if (symbol === null || qty === null || qty.isZero()) return null;
  return kind === 'shares' || (kind === 'other' && qty.lt(0) && netAmount.gt(0)) ? qty : null;
}

/** What the broker paid for a share that it took. */
function paidFor({ netAmount }: TheirActivity, qtyChange: Quantity): Price | null {
  const paid = roundToLedger(netAmount.div(qtyChange.abs()));
  return qtyChange.lt(0) && paid.gt(0) ? (paid as unknown as Price) : null;
}

/**
 * Plans the entries of activities that the book does not have. `known`: ids that it has. A canceled activity is not booked; one that was booked before it was
 * canceled needs a person. FEE -0.03 on a day when only sma sold = an entry of -0.03 for sma.
 */
export function planActivities(activities: readonly TheirActivity[], known: ReadonlySet<string>, facts: ActivityFacts): { readonly entries: readonly PlannedEntry[]; readonly issues: readonly FoundIssue[] } {
  const issues = activities.filter((one) => !one.isExecuted && known.has(one.activityId)).map((one) => odd(one, 'the broker canceled it after it was booked'));
  const fresh = activities.filter((one) => one.isExecuted && !known.has(one.activityId));
  const splitChange = new Map<string, Quantity>();
  issues.push(...planSplits(fresh.filter((one) => entryKindOf(one.type) === 'split'), facts, splitChange));
  const entries = fresh.flatMap((activity): PlannedEntry[] => {
    const kind = entryKindOf(activity.type);
    const { symbol, activityId: entryId, at, description } = activity;
    const facts1 = { entryId, at, symbol, description, kind, cashChange: activity.netAmount, activityType: activity.type, forDay: activity.day, strategyId: ownerOf(activity, kind, facts) };
    if (kind === 'split') {
      const qtyChange = splitChange.get(entryId);
      return qtyChange === undefined ? [] : [{ ...facts1, qtyChange, price: null }];
    }
    const qtyChange = movedShares(activity, kind);
    if (kind === 'other' && qtyChange === null && activity.qty?.isZero() === false) issues.push(odd(activity, `its ${toText(activity.qty)} shares are not booked, only its cash`));
    if (qtyChange === null || symbol === null) return [{ ...facts1, qtyChange: ZERO_QUANTITY, price: null }];
    return [{ ...facts1, kind: 'shares', qtyChange, price: activity.price ?? paidFor(activity, qtyChange), strategyId: giverOf(facts.held.get(symbol), qtyChange) }];
  });
  return { entries, issues };
}
