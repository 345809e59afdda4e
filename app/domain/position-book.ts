/** One symbol's books side by side: the account at average cost, each holder's share of it, and the account's lots; and what every entry of the ledger does to them. */
import { invariant } from './errors.ts';
import { changeLots, splitLots, type Closure, type Lot } from './lots.ts';
import { addQuantity, Decimal, subtractQuantity, ZERO_QUANTITY, type Money, type Price, type Quantity } from './numeric.ts';
import { applyFillToPosition, flatPosition, moveShares, signedQuantity, splitPosition, splitQuantity, tradeShares, type Fill, type Position } from './position.ts';
import type { EpochMs } from './time.ts';

/** Kinds of entries that are no fills. */
export const ENTRY_KINDS = ['fee', 'dividend', 'interest', 'transfer', 'journal', 'split', 'shares', 'adjustment', 'allocation', 'other'] as const;
/** A kind of entry. */
export type EntryKind = (typeof ENTRY_KINDS)[number];

/**
 * Cash or shares that moved without a fill; signed dollars and shares. `strategyId` '' = the manual share. split: `qtyChange` is what the account's position gained
 * or lost, every share is scaled alike. allocation: `shareQty` goes from one share to another at `price`, the account does not change. All others: `qtyChange` shares
 * came to one share at `price` (null = without cost) or left it: at `price` if they are `shares` with one (a merger for cash), else at what they cost.
 */
export type LedgerEntry = {
  readonly entryId: string; readonly seq: number; readonly at: EpochMs; readonly kind: EntryKind; readonly symbol: string | null; readonly strategyId: string; readonly toStrategyId: string | null;
  readonly cashChange: Money; readonly qtyChange: Quantity; readonly shareQty: Quantity; readonly price: Price | null;
};

/** A fill with its place in the ledger. */
export type BookedFill = Fill & { readonly fillId: string; readonly seq: number; readonly at: EpochMs; readonly strategyId: string };

/** The books of one symbol. The shares add up to the account, and so do the lots. `shares` by strategy ('' = manual). */
export type SymbolBook = { readonly account: Position; readonly shares: ReadonlyMap<string, Position>; readonly lots: readonly Lot[] };

/** The books after an entry, with the lots that it closed. */
export type BookStep = SymbolBook & { readonly closures: readonly Closure[] };

/** Books without anything in them. */
export function emptyBook(symbol: string): SymbolBook {
  return { account: flatPosition(symbol), shares: new Map(), lots: [] };
}

/** The books of a position that was there when the ledger was opened: the manual share. */
export function openingBook(opening: { readonly symbol: string; readonly qty: Quantity; readonly avgPrice: Price; readonly at: EpochMs }): SymbolBook {
  const account: Position = { ...flatPosition(opening.symbol), qty: opening.qty, avgPrice: opening.avgPrice };
  return { account, shares: new Map([['', account]]), lots: [{ lotId: openingLotId(opening.symbol), openedSeq: 0, openedAt: opening.at, qty: opening.qty, price: opening.avgPrice }] };
}

/** The lot of a position that was there when the ledger was opened. */
export function openingLotId(symbol: string): string {
  return `opening:${symbol}`;
}

function withShare(shares: ReadonlyMap<string, Position>, strategyId: string, share: Position): ReadonlyMap<string, Position> {
  return new Map([...shares, [strategyId, share]]);
}

/** Books a fill: the account, its owner's share, and the lots. */
export function bookFillOf(book: SymbolBook, fill: BookedFill): BookStep {
  const share = book.shares.get(fill.strategyId) ?? flatPosition(fill.symbol);
  const { lots, closures } = changeLots(book.lots, { id: fill.fillId, seq: fill.seq, at: fill.at, change: signedQuantity(fill.side, fill.qty), price: fill.price });
  return { account: applyFillToPosition(book.account, fill), shares: withShare(book.shares, fill.strategyId, applyFillToPosition(share, fill)), lots, closures };
}

/** Every share is scaled and cut to nine digits; what is left over goes to the manual share. 1 for 10 of a strategy's 15 = 1.5; of 7 in thirds, the rest is by hand. */
function bookSplit(book: SymbolBook, change: Quantity): BookStep {
  const before = book.account.qty;
  invariant(!before.isZero(), 'Only a position can split', { symbol: book.account.symbol });
  const after = addQuantity(before, change);
  const account = splitPosition(book.account, after);
  const shares = new Map([...book.shares].map(([id, share]) => [id, splitPosition(share, splitQuantity(share.qty, before, after))]));
  const rest = [...shares.values()].reduce((left, share) => subtractQuantity(left, share.qty), after);
  if (!rest.isZero()) shares.set('', moveShares(shares.get('') ?? flatPosition(account.symbol), rest, account.avgPrice));
  return { account, shares, lots: splitLots(book.lots, before, after), closures: [] };
}

/** Books an entry that is no fill; cash is not in these books. */
export function bookEntry(book: SymbolBook, entry: LedgerEntry): BookStep {
  const { strategyId, qtyChange, shareQty, price } = entry;
  const shareOf = (id: string, shares = book.shares): Position => shares.get(id) ?? flatPosition(book.account.symbol);
  if (entry.kind === 'allocation') {
    invariant(price !== null && entry.toStrategyId !== null, 'Shares go from one holder to another at a price', { entryId: entry.entryId });
    const given = withShare(book.shares, strategyId, tradeShares(shareOf(strategyId), shareQty.negated() as Quantity, price));
    return { ...book, shares: withShare(given, entry.toStrategyId, tradeShares(shareOf(entry.toStrategyId, given), shareQty, price)), closures: [] };
  }
  if (qtyChange.isZero()) return { ...book, closures: [] };
  if (entry.kind === 'split') return bookSplit(book, qtyChange);
  // Shares that the broker takes for money (a merger, cash in place of a fraction) are sold; what a person corrects is not.
  const isSold = entry.kind === 'shares' && price !== null;
  const move = (position: Position): Position => (isSold ? tradeShares(position, qtyChange, price) : moveShares(position, qtyChange, price));
  const isComing = book.account.qty.isZero() || book.account.qty.s === qtyChange.s;
  const { lots, closures } = changeLots(book.lots, { id: entry.entryId, seq: entry.seq, at: entry.at, change: qtyChange, price: isComing || isSold ? price : null });
  return { account: move(book.account), shares: withShare(book.shares, strategyId, move(shareOf(strategyId))), lots: isComing ? lots : withPrice(lots, entry, price), closures };
}

/** What crossed zero without a trade opens at the entry's price, not at that of the lots it closed. */
function withPrice(lots: readonly Lot[], entry: LedgerEntry, price: Price | null): readonly Lot[] {
  return price === null ? lots : lots.map((lot) => (lot.lotId === entry.entryId ? { ...lot, price } : lot));
}

/**
 * Whose shares a change of the account takes that no strategy ordered: first the manual share as far as it holds the other side, then the strategies in the order of
 * their names; what nobody holds is the manual share's. Selling 12 of manual 5, sma 10 = manual -5, sma -7.
 */
export function holdersOf(shares: ReadonlyMap<string, Quantity>, change: Quantity): readonly { readonly strategyId: string; readonly change: Quantity }[] {
  let left = change;
  const parts = new Map<string, Quantity>();
  for (const strategyId of ['', ...[...shares.keys()].filter((id) => id !== '').sort()]) {
    const held = shares.get(strategyId) ?? ZERO_QUANTITY;
    if (left.isZero() || held.isZero() || held.s === left.s) continue;
    const taken = Decimal.min(left.abs(), held.abs()).times(left.s) as Quantity;
    parts.set(strategyId, taken);
    left = subtractQuantity(left, taken);
  }
  if (!left.isZero()) parts.set('', addQuantity(parts.get('') ?? ZERO_QUANTITY, left));
  return [...parts].map(([strategyId, part]) => ({ strategyId, change: part }));
}
