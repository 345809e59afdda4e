/** From an intent to the order that it would be: side, shares, terms, and what the share still owes after it. */
import type { SizingStep } from '#app/domain/limits.ts';
import { roundToTick, toText, ZERO_QUANTITY, type Price, type Quantity } from '#app/domain/numeric.ts';
import { MARKET_TERMS, type OrderTerms } from '#app/domain/order-terms.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { unreachable } from '#app/domain/errors.ts';
import { equityOf, shareOf, type RiskBook, type RiskMarket } from './book.ts';
import type { Proposal } from './draft.ts';
import type { Intent, Protection, SignalIntent } from './intent.ts';
import { sizeEntry, type Sized } from '#app/domain/sizing.ts';
import { desiredByWeight, hasOppositeEntry, isOwnResting, ordersOfShare, stepTowards } from './target.ts';

/** A proposal with the steps of its sizing. `owes`: signed shares of a target that needs more than this order; null = this order is all of it. */
export type Proposed = { readonly proposal: Proposal; readonly steps: readonly SizingStep[]; readonly owes: Quantity | null };

const NOTHING_SPECIAL = { replaces: null, sizing: null, isDaily: false, asked: null, desired: null, replacing: null } as const;

type Exit = { readonly strategyId: string | null; readonly symbol: string; readonly asked: Quantity | null; readonly referencePrice: Price | null; readonly tsMarket: EpochMs };

/** Closes a share: what is free of it, or as much as was asked for. What is asked beyond the free shares is denied, not cut. */
function proposeExit(book: RiskBook, exit: Exit, owes: Quantity | null = null): Proposed {
  const share = shareOf(book, exit.strategyId, exit.symbol);
  const isWithin = exit.asked === null || exit.asked.lte(share.free);
  const proposal: Proposal = { ...MARKET_TERMS, ...NOTHING_SPECIAL, ...exit, purpose: 'exit', side: share.closingSide ?? 'sell', qty: exit.asked ?? share.free, isReducing: isWithin };
  const steps: SizingStep[] = [
    { step: 'held', how: 'shares of this share of the position', result: toText(share.held), unit: 'shares' },
    { step: 'free', how: 'held less open orders on the side that closes it, never more than the account and the broker have', result: toText(share.free), unit: 'shares' },
  ];
  return { proposal, steps, owes };
}

/** Terms of an entry with its exits: a market order with both (bracket) or one of them, good until canceled so that the exits live overnight. */
function protectedTerms(protection: Protection | null): OrderTerms {
  const stop = protection?.stopPrice ?? null;
  const profit = protection?.takeProfitPrice ?? null;
  if (stop === null && profit === null) return MARKET_TERMS;
  return {
    ...MARKET_TERMS, timeInForce: 'gtc', orderClass: stop !== null && profit !== null ? 'bracket' : 'oto',
    takeProfit: profit === null ? null : { limitPrice: roundToTick(profit) }, stopLoss: stop === null ? null : { stopPrice: roundToTick(stop), limitPrice: null },
  };
}

function sizedBySettings(book: RiskBook, market: RiskMarket, { sizing, atr, referencePrice }: SignalIntent): Sized {
  if (sizing === null) return { qty: ZERO_QUANTITY, why: "the strategy's sizing cannot be read", steps: [] };
  return sizeEntry(sizing, { equity: equityOf(book, market), price: referencePrice, atr });
}

type Towards = {
  readonly strategyId: string; readonly symbol: string; readonly referencePrice: Price | null; readonly protection: Protection | null; readonly isDaily: boolean; readonly tsMarket: EpochMs;
  readonly desired: Quantity; readonly why: string; readonly steps: readonly SizingStep[];
};

/** One step towards so many signed shares. While any order of the share is open none is taken: it is cancelled, and the step is owed. */
function proposeTowards(book: RiskBook, towards: Towards): Proposed {
  const { strategyId, symbol, referencePrice, tsMarket, desired, isDaily } = towards;
  const share = shareOf(book, strategyId, symbol);
  const step = stepTowards(desired, share, referencePrice);
  const steps: SizingStep[] = [...towards.steps, { step: 'held', how: 'shares of this share of the position', result: toText(share.held), unit: 'shares' }];
  if (step.kind === 'close') {
    const exit = proposeExit(book, { strategyId, symbol, asked: null, referencePrice, tsMarket }, desired);
    return { ...exit, steps: [...steps, ...exit.steps] };
  }
  const { side } = step;
  const isEntry = step.kind !== 'reduce';
  const terms = isEntry ? protectedTerms(towards.protection) : MARKET_TERMS;
  // Exits live on whole shares only, also where parts of shares are held from before.
  const qty = terms.orderClass === 'simple' ? step.qty : (step.qty.floor() as Quantity);
  const proposal: Proposal = {
    ...terms, ...NOTHING_SPECIAL, purpose: isEntry ? 'enter' : 'exit', strategyId, symbol, side, qty, referencePrice,
    isReducing: !isEntry && qty.lte(share.free), sizing: isEntry ? towards.why : null, isDaily: isEntry && isDaily, asked: isEntry ? null : qty, desired, tsMarket,
  };
  steps.push({ step: isEntry ? 'to add' : 'to give up', how: 'wanted less held', result: toText(qty), unit: 'shares' });
  return { proposal, steps, owes: null };
}

/** A target whose size the deployment's settings say: an entry on its side from nothing, or first the exit from the other side, or the end of what rests by the strategy's own wish. */
function proposeSized(book: RiskBook, market: RiskMarket, intent: SignalIntent): Proposed {
  const { strategyId, symbol, target, referencePrice, tsMarket, protection = null, isDaily = false } = intent;
  const side: Side = target === 'short' ? 'sell' : 'buy';
  const { qty, why, steps } = sizedBySettings(book, market, intent);
  const desired = (side === 'sell' ? qty.negated() : qty) as Quantity;
  const { held, closingSide } = shareOf(book, strategyId, symbol);
  const open = ordersOfShare(book, strategyId, symbol);
  if (closingSide === side || hasOppositeEntry(open, side)) return proposeExit(book, { strategyId, symbol, asked: null, referencePrice, tsMarket }, desired);
  if (held.isZero() && open.some(isOwnResting)) return proposeTowards(book, { strategyId, symbol, referencePrice, protection, isDaily, tsMarket, desired, why, steps });
  const proposal: Proposal = { ...protectedTerms(protection), ...NOTHING_SPECIAL, purpose: 'enter', strategyId, symbol, side, qty, referencePrice, isReducing: false, sizing: why, isDaily, tsMarket };
  return { proposal, steps, owes: null };
}

function proposeSignal(book: RiskBook, market: RiskMarket, intent: SignalIntent): Proposed {
  const { strategyId, symbol, target, referencePrice, tsMarket, weight = null } = intent;
  if (target === 'flat') return proposeExit(book, { strategyId, symbol, asked: null, referencePrice, tsMarket }, ZERO_QUANTITY);
  if (weight === null) return proposeSized(book, market, intent);
  // Exits live on whole shares only.
  const { protection = null } = intent;
  const isFractionable = protection === null && book.assets.get(symbol)?.isFractionable === true;
  const { qty, why, steps } = desiredByWeight(weight, { equity: equityOf(book, market), price: referencePrice, isFractionable });
  return proposeTowards(book, { strategyId, symbol, referencePrice, protection, isDaily: intent.isDaily ?? false, tsMarket, desired: qty, why, steps });
}

function asAsked(proposal: Proposal, by: 'a person' | 'the strategy'): Proposed {
  return { proposal, steps: [{ step: 'asked for', how: `by ${by}`, result: toText(proposal.qty), unit: 'shares' }], owes: null };
}

/** The order that an intent would be, before any rule was asked. */
export function propose(book: RiskBook, market: RiskMarket, intent: Intent): Proposed {
  const { tsMarket } = intent;
  const known = (symbol: string): Price | null => {
    const price = market.prices.get(symbol);
    return price?.gt(0) === true ? price : null;
  };
  switch (intent.kind) {
    case 'signal':
      return proposeSignal(book, market, intent);
    case 'target': {
      const { strategyId, symbol, desired, protection, isDaily } = intent;
      const steps: SizingStep[] = [{ step: 'wanted', how: 'as worked out when the signal was decided', result: toText(desired), unit: 'shares' }];
      return proposeTowards(book, { strategyId, symbol, referencePrice: known(symbol), protection, isDaily, tsMarket, desired, why: `${toText(desired)} shares are wanted since the signal`, steps });
    }
    case 'order': {
      const { strategyId, symbol, side, qty, terms, referencePrice, isDaily } = intent;
      const share = shareOf(book, strategyId, symbol);
      return asAsked({ ...terms, ...NOTHING_SPECIAL, purpose: 'manual', strategyId, symbol, side, qty, referencePrice, isReducing: side === share.closingSide && qty.lte(share.free), isDaily, tsMarket }, 'the strategy');
    }
    case 'exit':
      return proposeExit(book, { strategyId: intent.strategyId, symbol: intent.symbol, asked: null, referencePrice: known(intent.symbol), tsMarket }, ZERO_QUANTITY);
    case 'reduce':
      return proposeExit(book, { strategyId: intent.strategyId, symbol: intent.symbol, asked: intent.qty, referencePrice: known(intent.symbol), tsMarket });
    case 'manual': {
      const { symbol, side, qty, terms } = intent;
      const share = shareOf(book, null, symbol);
      return asAsked({ ...terms, ...NOTHING_SPECIAL, purpose: 'manual', strategyId: null, symbol, side, qty, referencePrice: known(symbol), isReducing: side === share.closingSide && qty.lte(share.free), tsMarket }, 'a person');
    }
    case 'replace': {
      const { replacing, qty, terms } = intent;
      const { symbol, side, strategyId, clientOrderId: replaces } = replacing.order;
      const share = shareOf(book, strategyId, symbol);
      const isReducing = replacing.order.isReducing && (replacing.order.role !== 'order' || (side === share.closingSide && qty.lte(share.free)));
      return asAsked({ ...terms, ...NOTHING_SPECIAL, purpose: 'replace', strategyId, symbol, side, qty, referencePrice: known(symbol), isReducing, replaces, replacing, tsMarket }, 'a person');
    }
    default:
      return unreachable(intent);
  }
}
