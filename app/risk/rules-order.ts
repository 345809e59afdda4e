/** Rules about the order itself: its terms, its symbol, its price and its hour. */
import { Decimal, roundToTick, toText, type Price } from '#app/domain/numeric.ts';
import { pricesOf, subPennyIssues, termsIssues, type TermsIssue } from '#app/domain/order-terms.ts';
import { calendarCovers, isInSession, nextOpen, sessionOn, exchangeDay, toNewYork } from '#app/market/calendar.ts';
import { MINUTE_MS, SECOND_MS, type EpochMs } from '#app/domain/time.ts';
import { isOfBar, type Proposal } from './draft.ts';
import { dollars, type Rule, type Verdict } from './rule.ts';

const ONE_CENT = new Decimal('0.01');
/** Minutes of New York's day between which an auction's orders are refused. */
const OPG_CLOSED_FROM = 9 * 60 + 28;
const AUCTIONS_OPEN_AGAIN = 19 * 60;
/** Orders for the closing auction are taken until this long before it. */
const CLS_MINUTES_BEFORE_CLOSE = 10;

const isByHand = (proposal: Proposal): boolean => proposal.purpose === 'manual' || proposal.purpose === 'replace';

/** Everything but the sub-penny rule, which has a name of its own; and what an order does to the position against its class. */
function issuesOf(proposal: Proposal): TermsIssue[] {
  const fine = new Set(subPennyIssues(proposal).map((issue) => `${issue.field} ${issue.message}`));
  const issues = termsIssues(proposal, proposal).filter((issue) => !fine.has(`${issue.field} ${issue.message}`));
  if (proposal.orderClass === 'oco' && !proposal.isReducing) issues.push({ field: 'orderClass', message: 'One-cancels-other closes a position; there are not that many free shares to close' });
  if ((proposal.orderClass === 'bracket' || proposal.orderClass === 'oto') && proposal.isReducing) issues.push({ field: 'orderClass', message: 'An order with exits opens a position; this one would close one' });
  return issues;
}

const TERMS_RULES: readonly Rule[] = [
  {
    name: 'terms_valid', code: 'ORDER_TERMS_INVALID', unit: 'none',
    ask: ({ proposal }) => {
      if (proposal.qty.isZero()) return null;
      const [first] = issuesOf(proposal);
      return { passed: first === undefined, words: () => ({ threshold: null, observed: first?.field ?? null, because: `${first?.message ?? ''}.`, wouldPass: null }) };
    },
  },
  {
    name: 'no_sub_penny', code: 'SUB_PENNY', unit: 'USD',
    ask: ({ proposal }) => {
      if (pricesOf(proposal).length === 0) return null;
      const fine = pricesOf(proposal).find(({ price }) => !roundToTick(price).eq(price));
      const [issue] = subPennyIssues(proposal);
      return { passed: fine === undefined, words: () => ({ threshold: '0.01', observed: fine === undefined ? null : toText(fine.price), because: `${issue?.message ?? ''}.`, wouldPass: fine === undefined ? null : `a price of ${dollars(roundToTick(fine.price))}` }) };
    },
  },
];

const SYMBOL_RULES: readonly Rule[] = [
  {
    name: 'symbol_tradable', code: 'SYMBOL_NOT_TRADABLE', unit: 'state',
    ask: ({ book, proposal }) => {
      const asset = book.assets.get(proposal.symbol);
      const observed = asset === undefined ? 'unknown' : asset.isTradable ? 'tradable' : 'not tradable';
      return { passed: asset?.isTradable === true, words: () => ({ threshold: 'tradable', observed, because: asset ? `The broker does not trade ${proposal.symbol} now.` : `${proposal.symbol} is not among the broker's symbols.`, wouldPass: null }) };
    },
  },
  {
    name: 'fractions_allowed', code: 'SYMBOL_NOT_TRADABLE', unit: 'shares',
    ask: ({ book, proposal }) => {
      if (!isByHand(proposal) || proposal.qty.isInteger()) return null;
      const passed = book.assets.get(proposal.symbol)?.isFractionable === true;
      const whole = proposal.qty.floor();
      return { passed, words: () => ({ threshold: 'whole shares', observed: toText(proposal.qty), because: `A part of a share can be traded only in symbols that allow it; ${proposal.symbol} needs whole shares.`, wouldPass: whole.gt(0) ? `${toText(whole)} shares` : '1 share' }) };
    },
  },
  {
    name: 'price_known', code: 'PRICE_MISSING', unit: 'USD',
    ask: ({ proposal }) => ({
      passed: proposal.referencePrice !== null,
      words: () => ({
        threshold: null, observed: proposal.referencePrice === null ? null : toText(proposal.referencePrice),
        because: `No price of ${proposal.symbol} is known yet.`, wouldPass: 'the same order after the first bar of the symbol',
      }),
    }),
  },
  {
    name: 'data_fresh', code: 'DATA_STALE', unit: 'seconds',
    ask: ({ book, market, proposal }) => {
      const seen = isOfBar(proposal) ? proposal.tsMarket : market.priceTimes.get(proposal.symbol);
      if (proposal.isReducing || seen === undefined || !calendarCovers(market.now) || !isInSession(market.now)) return null;
      const ageMs = Math.max(0, market.now - seen);
      const limit = book.limits.maxDataAgeMs;
      const seconds = (ms: number): string => String(Math.round(ms / SECOND_MS));
      return {
        passed: ageMs <= limit,
        words: () => ({
          threshold: seconds(limit), observed: seconds(ageMs),
          because: `The newest price of ${proposal.symbol} is ${seconds(ageMs)} s old while the market is open; ${seconds(limit)} s are allowed.`, wouldPass: 'the same order after the next bar of the symbol',
        }),
      };
    },
  },
];

function newYorkTime(at: EpochMs): string {
  const { date, hour, minute } = toNewYork(at);
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')} New York time on ${date}`;
}

function minuteOfDay(at: EpochMs): number {
  const { hour, minute } = toNewYork(at);
  return hour * 60 + minute;
}

function session(isOpen: boolean, because: string, wouldPass: () => string): Verdict {
  return { passed: isOpen, words: () => ({ threshold: 'in the regular session', observed: isOpen ? 'open' : 'closed', because, wouldPass: wouldPass() }) };
}

/** Auction orders: taken until shortly before their auction, and again from 19:00. */
function auction(proposal: Proposal): Verdict {
  const at = proposal.tsMarket;
  const minute = minuteOfDay(at);
  const today = sessionOn(exchangeDay(at));
  const isOpening = proposal.timeInForce === 'opg';
  const closedFrom = isOpening ? OPG_CLOSED_FROM : today === null ? AUCTIONS_OPEN_AGAIN : minuteOfDay((today.close - CLS_MINUTES_BEFORE_CLOSE * MINUTE_MS) as EpochMs);
  const passed = today === null || minute < closedFrom || minute >= AUCTIONS_OPEN_AGAIN;
  return {
    passed,
    words: () => ({
      threshold: 'before the auction closes for orders', observed: newYorkTime(at),
      because: `Orders for the ${isOpening ? 'opening' : 'closing'} auction are not taken at this hour.`, wouldPass: `the same order from 19:00 New York time on, for the next ${isOpening ? 'opening' : 'closing'}`,
    }),
  };
}

const HOUR_RULES: readonly Rule[] = [
  {
    name: 'session_fits', code: 'SESSION_CLOSED', unit: 'state',
    ask: ({ proposal }) => {
      const at = proposal.tsMarket;
      if (proposal.purpose === 'exit' || !calendarCovers(at)) return null;
      const opens = (): string => (isInSession(at) ? '' : `after ${newYorkTime(nextOpen(at))}`);
      // A bar that ends with its session speaks at its close: the order waits for the next open, as in every back-test.
      const isAtBar = proposal.isDaily || isInSession(at) || isInSession((at - 1) as EpochMs);
      if (proposal.purpose === 'enter') return session(isAtBar, 'Strategies open positions in the regular session only.', opens);
      const { type, timeInForce, isReducing } = proposal;
      if (timeInForce === 'opg' || timeInForce === 'cls') return auction(proposal);
      if (timeInForce === 'ioc' || timeInForce === 'fok') return session(isInSession(at), 'The market is closed: an order that must fill at once would be canceled at once.', opens);
      if (type !== 'market' || isReducing) return null;
      if (isOfBar(proposal)) return session(isAtBar, 'Strategies open positions in the regular session only.', opens);
      return session(isInSession(at), 'The market is closed: a market order would wait for the open and fill at whatever price that brings.', () => `${opens()}, a limit order, or the same order for the opening auction (opg)`);
    },
  },
];

type Bound = { readonly what: string; readonly value: Price; readonly most: Decimal; readonly isCap: boolean };

/** Prices that may cost more than meant: a limit beyond the market (or beyond the stop that wakes it), and a stop that opens a position far away. */
function bounds(proposal: Proposal, reference: Price, percent: Decimal): Bound[] {
  const isCap = proposal.side === 'buy';
  const part = percent.div(100);
  const beyond = (base: Decimal): Decimal => roundToTick(base.times(isCap ? part.plus(1) : new Decimal(1).minus(part)));
  const found: Bound[] = [];
  if (proposal.stopPrice !== null && !proposal.isReducing) found.push({ what: 'stop', value: proposal.stopPrice, most: beyond(reference), isCap });
  if (proposal.limitPrice !== null) found.push({ what: 'limit', value: proposal.limitPrice, most: beyond(proposal.stopPrice ?? reference), isCap });
  return found;
}

/** A stop on the wrong side of what it watches wakes at once; so does a take-profit. `base` is the price that it must keep away from. */
function wrongSide(proposal: Proposal, reference: Price): { readonly what: string; readonly value: Price; readonly base: Decimal; readonly isAbove: boolean } | null {
  const { side, orderClass, stopPrice, stopLoss, takeProfit, limitPrice, type } = proposal;
  const isBuy = side === 'buy';
  const exitIsAbove = orderClass === 'oco' ? isBuy : !isBuy;
  const entry = orderClass === 'oco' ? reference : (limitPrice ?? reference);
  const nearest = exitIsAbove ? Decimal.max(entry, reference) : Decimal.min(entry, reference);
  const checks = [
    { what: 'stop', value: type === 'stop' || type === 'stop_limit' ? stopPrice : null, base: reference, isAbove: isBuy },
    { what: 'stop-loss', value: stopLoss?.stopPrice ?? null, base: nearest, isAbove: exitIsAbove },
    { what: 'take-profit', value: takeProfit?.limitPrice ?? null, base: entry, isAbove: !exitIsAbove },
  ];
  for (const { what, value, base, isAbove } of checks) {
    if (value !== null && value.minus(base).times(isAbove ? 1 : -1).lt(ONE_CENT)) return { what, value, base, isAbove };
  }
  return null;
}

const PRICE_RULES: readonly Rule[] = [
  {
    name: 'price_collar', code: 'PRICE_COLLAR_EXCEEDED', unit: 'USD',
    ask: ({ book, proposal }) => {
      const { referencePrice } = proposal;
      if (!isByHand(proposal) || referencePrice === null) return null;
      const all = bounds(proposal, referencePrice, book.limits.priceCollarPercent);
      const worst = all.find(({ value, most, isCap }) => (isCap ? value.gt(most) : value.lt(most))) ?? all[0];
      if (worst === undefined) return null;
      const { what, value, most, isCap } = worst;
      return {
        passed: isCap ? value.lte(most) : value.gte(most),
        words: () => ({
          threshold: toText(most), observed: toText(value),
          because: `The ${what} of ${dollars(value)} lies more than ${toText(book.limits.priceCollarPercent)} % on the costly side of ${dollars(what === 'stop' ? referencePrice : (proposal.stopPrice ?? referencePrice))}.`,
          wouldPass: `a ${what} of at ${isCap ? 'most' : 'least'} ${dollars(most)}`,
        }),
      };
    },
  },
  {
    name: 'stop_side', code: 'STOP_WRONG_SIDE', unit: 'USD',
    ask: ({ proposal }) => {
      const { referencePrice, stopPrice, stopLoss, takeProfit, type } = proposal;
      if (referencePrice === null || proposal.qty.isZero() || (stopLoss === null && takeProfit === null && (stopPrice === null || type === 'trailing_stop'))) return null;
      const wrong = wrongSide(proposal, referencePrice);
      if (wrong === null) return { passed: true, words: () => ({ threshold: toText(referencePrice), observed: toText(stopPrice ?? stopLoss?.stopPrice ?? takeProfit?.limitPrice ?? referencePrice), because: '', wouldPass: null }) };
      const { what, value, base, isAbove } = wrong;
      const where = isAbove ? 'above' : 'below';
      const edge = isAbove ? base.plus(ONE_CENT) : base.minus(ONE_CENT);
      return {
        passed: false,
        words: () => ({
          threshold: toText(base), observed: toText(value), because: `The ${what} of ${dollars(value)} must lie at least one cent ${where} ${dollars(base)}, or it would wake at once.`,
          wouldPass: edge.gt(0) ? `a ${what} of at ${isAbove ? 'least' : 'most'} ${dollars(edge)}` : null,
        }),
      };
    },
  },
];

/** Terms, symbol, price and session, in the order in which they are asked. */
export const ORDER_RULES: readonly Rule[] = [...TERMS_RULES, ...SYMBOL_RULES, ...HOUR_RULES, ...PRICE_RULES];
