/** Rules about limits: money, exposure, counts and losses. An order that reduces a position passes them all. */
import { addMoney, Decimal, toText, type Money } from '#app/domain/numeric.ts';
import { dayLossOf, drawdownOf, equityOf, grossExposure, netExposure, positionNotional, reservedOn, strategyNotional } from './book.ts';
import { priceThatCounts, sizeThatCounts } from './draft.ts';
import { cashNeed, freePower, maintenanceAfter, usesMargin } from './margin.ts';
import { atMost, atMostShares, dollars, leftOf, type Question, type Rule, type Verdict } from './rule.ts';

type Sized = { readonly size: Money; readonly newer: { readonly symbol: string; readonly price: NonNullable<ReturnType<typeof priceThatCounts>> } | undefined };

/** The order's dollars, and the price at which its symbol's position counts beside it. Null when no price is known. */
function sizedOf({ proposal }: Question): Sized | null {
  const size = sizeThatCounts(proposal);
  if (size === null) return null;
  return { size, newer: proposal.referencePrice === null ? undefined : { symbol: proposal.symbol, price: proposal.referencePrice } };
}

/** A limit on a sum that the order adds to. */
function sumLimit(question: Question, sum: { readonly limit: Money; readonly before: Money; readonly size: Money }, because: (observed: string, limit: string) => string): Verdict {
  const { limit, before, size } = sum;
  const after = question.proposal.isReducing ? before : addMoney(before, size);
  return atMost(question, { limit, observed: after }, () => ({ because: because(dollars(after), dollars(limit)), wouldPass: atMostShares(leftOf(limit, before), priceThatCounts(question.proposal)) }));
}

const MONEY_RULES: readonly Rule[] = [
  {
    name: 'buying_power', code: 'BUYING_POWER_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const sized = sizedOf(question);
      if (sized === null) return null;
      const { book, market, proposal } = question;
      const free = freePower(book, market);
      const need = cashNeed(proposal.type, sized.size);
      return atMost(question, { limit: free, observed: need }, () => {
        const price = priceThatCounts(proposal);
        const per = price === null ? null : cashNeed(proposal.type, price as unknown as Money) as unknown as typeof price;
        const what = book.limits.allowMargin && book.margin !== null ? 'buying power' : 'cash';
        return { because: `The order needs ${dollars(need)} in ${what}, ${dollars(free)} is free.`, wouldPass: atMostShares(free, per) };
      });
    },
  },
  {
    name: 'margin_headroom', code: 'MARGIN_HEADROOM_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const { book, market, proposal } = question;
      const price = priceThatCounts(proposal);
      if (price === null || !usesMargin(book, market)) return null;
      const equity = equityOf(book, market);
      const needed = equity.times(book.limits.marginHeadroomPercent).div(100);
      const left = equity.minus(maintenanceAfter(book, market, { side: proposal.side, qty: proposal.qty, price }));
      return {
        passed: proposal.isReducing || left.gte(needed),
        words: () => ({
          threshold: toText(needed.toDecimalPlaces(2)), observed: toText(left.toDecimalPlaces(2)),
          because: `${dollars(left)} would stay above the maintenance margin; ${toText(book.limits.marginHeadroomPercent)} % of the equity, ${dollars(needed)}, must.`, wouldPass: null,
        }),
      };
    },
  },
  {
    name: 'max_order_notional', code: 'ORDER_NOTIONAL_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const sized = sizedOf(question);
      if (sized === null) return null;
      const limit = question.book.limits.maxOrderNotional;
      return atMost(question, { limit, observed: sized.size }, () => ({ because: `The order is worth ${dollars(sized.size)}; one order may be ${dollars(limit)} at most.`, wouldPass: atMostShares(limit, priceThatCounts(question.proposal)) }));
    },
  },
  {
    name: 'max_order_qty', code: 'ORDER_QUANTITY_EXCEEDED', unit: 'shares',
    ask: (question) => {
      const limit = question.book.limits.maxOrderQty;
      const { qty } = question.proposal;
      return atMost(question, { limit, observed: qty }, () => ({ because: `The order is for ${toText(qty)} shares; one order may be for ${toText(limit)} at most.`, wouldPass: `at most ${toText(limit)} shares` }));
    },
  },
];

const EXPOSURE_RULES: readonly Rule[] = [
  {
    name: 'max_position_notional', code: 'POSITION_NOTIONAL_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const sized = sizedOf(question);
      if (sized === null) return null;
      const { book, market, proposal } = question;
      const before = addMoney(positionNotional(book, market, proposal.symbol, sized.newer?.price), reservedOn(book, proposal.symbol));
      return sumLimit(question, { limit: book.limits.maxPositionNotional, before, size: sized.size }, (observed, limit) => `The position in ${proposal.symbol} would be worth ${observed}; ${limit} is allowed.`);
    },
  },
  {
    name: 'max_gross_exposure', code: 'GROSS_EXPOSURE_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const sized = sizedOf(question);
      if (sized === null) return null;
      const { book, market } = question;
      return sumLimit(question, { limit: book.limits.maxGrossExposure, before: grossExposure(book, market, sized.newer), size: sized.size }, (observed, limit) => `All positions and open orders would be worth ${observed}; ${limit} is allowed.`);
    },
  },
  {
    name: 'max_net_exposure', code: 'NET_EXPOSURE_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const sized = sizedOf(question);
      if (sized === null) return null;
      const { book, market, proposal } = question;
      const way = proposal.side === 'buy' ? 1 : -1;
      // Counted towards the order's own side: what lies on the other side makes room.
      const before = netExposure(book, market, sized.newer).times(way) as Money;
      const isLong = proposal.side === 'buy';
      return sumLimit(question, { limit: book.limits.maxNetExposure, before, size: sized.size }, (observed, limit) => `The account would be ${isLong ? 'long' : 'short'} by ${observed} net; ${limit} is allowed.`);
    },
  },
  {
    name: 'strategy_notional', code: 'STRATEGY_NOTIONAL_EXCEEDED', unit: 'USD',
    ask: (question) => {
      const { book, market, proposal: { strategyId } } = question;
      const limit = strategyId === null ? null : (book.strategies.get(strategyId)?.limits?.maxNotional ?? null);
      const sized = sizedOf(question);
      if (strategyId === null || limit === null || sized === null) return null;
      const before = strategyNotional(book, market, strategyId, sized.newer);
      return sumLimit(question, { limit, before, size: sized.size }, (observed, allowed) => `The strategy would hold and have ordered ${observed}; its own limit is ${allowed}.`);
    },
  },
  {
    name: 'max_orders_per_day', code: 'ORDERS_PER_DAY_EXCEEDED', unit: 'count',
    ask: ({ book, market, proposal }) => {
      const limit = book.limits.maxOrdersPerDay;
      return { passed: proposal.isReducing || market.entriesToday < limit, words: () => ({ threshold: String(limit), observed: String(market.entriesToday), because: `${market.entriesToday} entries were approved today; ${limit} a day are allowed.`, wouldPass: 'the same order on the next exchange day' }) };
    },
  },
  {
    name: 'strategy_orders_per_day', code: 'STRATEGY_ORDERS_PER_DAY_EXCEEDED', unit: 'count',
    ask: ({ book, market, proposal: { strategyId, isReducing } }) => {
      const limit = strategyId === null ? null : (book.strategies.get(strategyId)?.limits?.maxOrdersPerDay ?? null);
      if (strategyId === null || limit === null) return null;
      const entries = market.entriesByStrategy.get(strategyId) ?? 0;
      return { passed: isReducing || entries < limit, words: () => ({ threshold: String(limit), observed: String(entries), because: `${entries} entries of the strategy were approved today; its own limit is ${limit} a day.`, wouldPass: 'the same order on the next exchange day' }) };
    },
  },
];

const LOSS_RULES: readonly Rule[] = [
  {
    name: 'max_daily_loss', code: 'DAILY_LOSS_EXCEEDED', unit: 'USD',
    ask: ({ book, market, proposal }) => {
      const loss = dayLossOf(book, market);
      const limit = book.limits.maxDailyLoss;
      const because = (): string => (loss.lt(limit)
        ? `The day's loss reached the limit of ${dollars(limit)} earlier today; until tomorrow only orders that reduce a position pass.`
        : `The day's loss is ${dollars(loss)}; at ${dollars(limit)} only orders that reduce a position pass.`);
      return {
        passed: proposal.isReducing || (!market.isDailyLossTripped && loss.lt(limit)),
        words: () => ({ threshold: toText(limit), observed: toText(loss), because: because(), wouldPass: 'an order that reduces a position, or the same order on the next exchange day' }),
      };
    },
  },
  {
    name: 'max_drawdown', code: 'DRAWDOWN_EXCEEDED', unit: 'percent',
    ask: ({ book, market, proposal }) => {
      const { peakEquity } = market;
      if (peakEquity === null) return null;
      const fall = drawdownOf(book, market);
      const limit = book.limits.maxDrawdownPercent;
      const shown = (): string => toText(fall.toDecimalPlaces(2, Decimal.ROUND_DOWN));
      return {
        passed: proposal.isReducing || fall.lt(limit),
        words: () => ({
          threshold: toText(limit), observed: shown(),
          because: `The equity lies ${shown()} % below its highest point of ${dollars(peakEquity)}; from ${toText(limit)} % on only orders that reduce a position pass.`,
          wouldPass: 'an order that reduces a position, or the same order after a person resumed trading',
        }),
      };
    },
  },
];

/** Money, exposure, counts and losses, in the order in which they are asked. */
export const LIMIT_RULES: readonly Rule[] = [...MONEY_RULES, ...EXPOSURE_RULES, ...LOSS_RULES];
