/** Parity of a day: the trades of the book beside those of the same day run again, matched by the id of their decision; every difference with its reason. Pure. */

/** Prices within so many basis points are the same: a tick of a $100 share is one. */
export const SAME_PRICE_BPS = 1;
/** Shares are the same within a billionth. */
const SAME_SHARES = 1e-9;
/** A tick of a $100 share must not be a hair more than a basis point. */
const ROUNDING = 1e-6;
const BPS = 10_000;

/**
 * A trade: everything that one order filled on the day. `key`: the id of its decision and what the order is within it, the same on both sides. `price`: dollars a share, mean of its executions;
 * `at`: market time of the first, epoch ms; `ordered`: shares that were ordered.
 */
export type ParityTrade = { readonly key: string; readonly decisionId: string; readonly symbol: string; readonly side: 'buy' | 'sell'; readonly qty: number; readonly ordered: number; readonly price: number; readonly at: number };

/** What differs. missing: only the replay traded; extra: only the book did; denied: one of the two was refused; size, time, price: both traded, otherwise; partial: the same order, of which the market gave live a part. */
export type ParityKind = 'missing' | 'extra' | 'size' | 'price' | 'time' | 'denied' | 'partial';

/** A difference. `priceDifferenceBps`: how much worse live was (below 0: better); `cost`: the same in dollars. */
export type ParityFinding = {
  readonly symbol: string; readonly at: number; readonly kind: ParityKind; readonly live: string | null; readonly replayed: string | null; readonly reason: string; readonly priceDifferenceBps: number | null; readonly cost: number | null;
};

/** Why a trade stands on one side alone, or why two differ, by what is known: the caller's business. `denied`: it is a matter of a refusal. */
export type ParityReasons = {
  missing(trade: ParityTrade): { readonly isDenied: boolean; readonly reason: string };
  extra(trade: ParityTrade): { readonly isDenied: boolean; readonly reason: string };
  size(live: ParityTrade, replayed: ParityTrade): string;
  time(live: ParityTrade, replayed: ParityTrade): string;
};

/** What was compared. `score`: 0..100, null without a trade on either side. */
export type ParityResult = { readonly score: number | null; readonly trades: number; readonly same: number; readonly findings: readonly ParityFinding[] };

const shares = (qty: number): string => String(Number(qty.toFixed(9)));
const dollars = (price: number): string => `$${price.toFixed(price < 1 ? 4 : 2)}`;

/** A trade in words: "buy 50 AAPL at $100.00". */
export function tradeWords({ side, qty, symbol, price }: ParityTrade): string {
  return `${side} ${shares(qty)} ${symbol} at ${dollars(price)}`;
}

/** How much worse the live price was, in basis points of the replayed one: bought at 100.10 instead of 100 = 10; sold so = -10. */
export function worseBps(live: ParityTrade, replayed: ParityTrade): number {
  return ((live.price - replayed.price) / replayed.price) * BPS * (live.side === 'buy' ? 1 : -1);
}

/** Whether live ordered what the replay did, and only a part of it filled. Ordered 50 on both sides, filled 20: so. */
export function isPartOf(live: ParityTrade, replayed: ParityTrade): boolean {
  return live.side === replayed.side && Math.abs(live.ordered - replayed.ordered) <= SAME_SHARES && live.qty < live.ordered - SAME_SHARES && live.qty < replayed.qty - SAME_SHARES;
}

function compareBoth(live: ParityTrade, replayed: ParityTrade, { barMs, reasons }: { readonly barMs: number; readonly reasons: ParityReasons }): ParityFinding | null {
  const words = { symbol: live.symbol, at: live.at, live: tradeWords(live), replayed: tradeWords(replayed) };
  const bps = worseBps(live, replayed);
  const cost = (live.price - replayed.price) * Math.min(live.qty, replayed.qty) * (live.side === 'buy' ? 1 : -1);
  if (live.side !== replayed.side || Math.abs(live.qty - replayed.qty) > SAME_SHARES) return { ...words, kind: isPartOf(live, replayed) ? 'partial' : 'size', reason: reasons.size(live, replayed), priceDifferenceBps: bps, cost };
  if (Math.abs(live.at - replayed.at) > barMs) return { ...words, kind: 'time', reason: reasons.time(live, replayed), priceDifferenceBps: bps, cost };
  if (Math.abs(bps) <= SAME_PRICE_BPS + ROUNDING) return null;
  const away = `${Math.abs(bps).toFixed(1)} basis points ${bps > 0 ? 'worse' : 'better'}`;
  return { ...words, kind: 'price', reason: `Live filled at ${dollars(live.price)}, the replay at ${dollars(replayed.price)} by the recorded bars: ${away}.`, priceDifferenceBps: bps, cost };
}

/**
 * Compares. The score is the share of all trades, of both sides, that are the same: symbol, side and shares, within a bar's width in time and a basis point in price. Three trades alike, one that
 * only the book has: 3 of 4 = 75. `barMs`: width of a bar of the strategy. Findings in the order of time.
 */
export function compareDay(live: readonly ParityTrade[], replayed: readonly ParityTrade[], options: { readonly barMs: number; readonly reasons: ParityReasons }): ParityResult {
  const [ours, theirs] = [new Map(live.map((trade) => [trade.key, trade])), new Map(replayed.map((trade) => [trade.key, trade]))];
  const { reasons } = options;
  const findings: ParityFinding[] = [];
  let same = 0;
  for (const trade of ours.values()) {
    const other = theirs.get(trade.key);
    if (other === undefined) {
      const { isDenied, reason } = reasons.extra(trade);
      findings.push({ symbol: trade.symbol, at: trade.at, kind: isDenied ? 'denied' : 'extra', live: tradeWords(trade), replayed: null, reason, priceDifferenceBps: null, cost: null });
      continue;
    }
    const finding = compareBoth(trade, other, options);
    if (finding === null) same += 1;
    else findings.push(finding);
  }
  for (const trade of theirs.values()) {
    if (ours.has(trade.key)) continue;
    const { isDenied, reason } = reasons.missing(trade);
    findings.push({ symbol: trade.symbol, at: trade.at, kind: isDenied ? 'denied' : 'missing', live: null, replayed: tradeWords(trade), reason, priceDifferenceBps: null, cost: null });
  }
  const trades = new Set([...ours.keys(), ...theirs.keys()]).size;
  return { score: trades === 0 ? null : (100 * same) / trades, trades, same, findings: findings.sort((a, b) => a.at - b.at || (a.symbol < b.symbol ? -1 : 1)) };
}
