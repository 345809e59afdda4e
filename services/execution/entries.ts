/** Entries of the ledger that are no fills: each moves cash, shares or both in one transaction, exactly once. */
import { invariant } from '#app/domain/errors.ts';
import { money, toText, ZERO_MONEY, ZERO_QUANTITY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import { bookEntry, holdersOf, type LedgerEntry } from '#app/domain/position-book.ts';
import type { Side } from '#app/domain/order.ts';
import { signedQuantity, type Position } from '#app/domain/position.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { at, type Tx } from '#chassis/db.ts';
import { readSymbolBook, writeSymbolBook } from './ledger-book.ts';

/** An entry to be booked. `forDay`: the exchange day that it is for; `actor`: the person who entered it; `source`: activity, person or local. */
export type NewEntry = Omit<LedgerEntry, 'seq'> & {
  readonly activityType: string | null; readonly description: string; readonly forDay: string | null; readonly actor: string | null; readonly source: 'activity' | 'person' | 'local'; readonly tsSeen: EpochMs;
};

/** What entries have in common when nothing else is said: no cash, no shares, the manual share. */
export const BLANK_ENTRY = {
  symbol: null, strategyId: '', toStrategyId: null, cashChange: ZERO_MONEY, qtyChange: ZERO_QUANTITY, shareQty: ZERO_QUANTITY, price: null, activityType: null, forDay: null, actor: null,
} as const satisfies Partial<NewEntry>;

async function isEntered(tx: Tx, entryId: string): Promise<boolean> {
  await tx.query('SELECT 1 FROM execution.account_ledger FOR UPDATE');
  return (await tx.query('SELECT 1 FROM execution.ledger_entries WHERE entry_id = $1', [entryId])).length > 0;
}

async function moveShares(tx: Tx, entry: LedgerEntry, cash: string): Promise<void> {
  if (entry.symbol === null || (entry.qtyChange.isZero() && entry.shareQty.isZero())) return;
  const read = await readSymbolBook(tx, entry.symbol);
  const after = bookEntry(read.book, entry);
  const version = await writeSymbolBook(tx, read, after, { seq: entry.seq, ts: entry.at });
  if (version !== null) tellPosition(tx, after.account, { version, cash, at: entry.at, correlationId: entry.entryId });
}

/** Tells a position that changed. */
export function tellPosition(tx: Tx, account: Position, { version, cash, at: tsEvent, correlationId }: { readonly version: number; readonly cash: string; readonly at: EpochMs; readonly correlationId: string }): void {
  tx.emit({
    topic: 'position.changed', key: `${account.symbol}:${version}`, correlationId,
    payload: { symbol: account.symbol, version, qty: toText(account.qty), avgPrice: account.avgPrice === null || account.avgPrice.isZero() ? null : toText(account.avgPrice), realizedPnl: toText(account.realizedPnl), cash: toText(money(cash)), tsEvent },
  });
}

/** Books an entry; false when it is in the book already. */
export async function enter(tx: Tx, entry: NewEntry): Promise<boolean> {
  if (await isEntered(tx, entry.entryId)) return false;
  const fee = (entry.kind === 'fee' ? entry.cashChange.negated() : ZERO_MONEY) as Money;
  const [ledger] = await tx.query<{ cash: string; ledger_seq: number }>(
    'UPDATE execution.account_ledger SET cash = cash + $1, fees_total = fees_total + $2, ledger_seq = ledger_seq + 1 RETURNING cash, ledger_seq', [toText(entry.cashChange), toText(fee)],
  );
  invariant(ledger, 'The ledger must be opened before anything is booked');
  const { entryId, kind, symbol, strategyId, description } = entry;
  await tx.query(
    `INSERT INTO execution.ledger_entries (entry_id, kind, activity_type, symbol, strategy_id, to_strategy_id, cash_change, qty_change, share_qty, price, for_day, description, actor, source, ts_event, ts_seen, ledger_seq)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`,
    [entryId, kind, entry.activityType, symbol, strategyId, entry.toStrategyId, toText(entry.cashChange), toText(entry.qtyChange), toText(entry.shareQty), entry.price === null ? null : toText(entry.price),
      entry.forDay, description, entry.actor, entry.source, at(entry.at), at(entry.tsSeen), ledger.ledger_seq],
  );
  await moveShares(tx, { ...entry, seq: ledger.ledger_seq }, ledger.cash);
  tx.emit({
    topic: 'ledger.entered', key: entryId, correlationId: entryId,
    payload: { entryId, kind, symbol, strategyId: strategyId === '' ? null : strategyId, cashChange: toText(entry.cashChange), qtyChange: toText(entry.qtyChange), description, tsEvent: entry.at },
  });
  return true;
}

/**
 * A person (or another program) sold shares that strategies hold: what the manual share did not have is taken over from those strategies at the fill's price, so that no
 * strategy believes in shares that are gone, and none sells them again. `held`: the shares before the fill.
 */
export async function allocate(tx: Tx, fill: { readonly fillId: string; readonly symbol: string; readonly side: Side; readonly qty: Quantity; readonly price: Price; readonly at: EpochMs; readonly tsSeen: EpochMs }, held: ReadonlyMap<string, Quantity>): Promise<void> {
  for (const { strategyId, change } of holdersOf(held, signedQuantity(fill.side, fill.qty))) {
    if (strategyId === '') continue;
    await enter(tx, {
      ...BLANK_ENTRY, entryId: `allocation:${fill.fillId}:${strategyId}`, kind: 'allocation', symbol: fill.symbol, strategyId, toStrategyId: '', shareQty: change.negated() as Quantity, price: fill.price, source: 'local',
      description: `${toText(change.abs())} ${fill.symbol} of ${strategyId} were ${fill.side === 'sell' ? 'sold' : 'bought back'} by hand`, at: fill.at, tsSeen: fill.tsSeen,
    });
  }
}
