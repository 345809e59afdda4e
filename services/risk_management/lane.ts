/** What risk hears: signals become decisions, and what happens to orders makes it look at exits and at the day's loss again. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { Arming } from '#app/domain/arming.ts';
import { price, toText } from '#app/domain/numeric.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { dayLossOf } from '#app/risk/book.ts';
import type { Decision, Intent } from '#app/risk/decide.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Tx } from '#chassis/db.ts';
import { openDesk, type Desk } from './desk.ts';
import { followUp } from './follow-ups.ts';
import { loadBook, lockDecisions } from './load-book.ts';
import { dailyLossEventId, type LoadedMarket } from './load-market.ts';

type Signal = EventEnvelope<'signal.raised'>['payload'];

function intentOf(signal: Signal, desk: Desk): Intent {
  return {
    kind: 'signal', signalId: signal.signalId, strategyId: signal.strategyId, symbol: signal.symbol, target: signal.target,
    referencePrice: price(signal.referencePrice), atr: signal.atr === null ? null : price(signal.atr), sizing: desk.loaded.sizings.get(signal.strategyVersionId) ?? null,
    tsMarket: epochMs(signal.tsMarket), tsBarSeen: epochMs(signal.tsBarSeen),
  };
}

/** The breaker: from the first signal that sees the day's loss at its limit, entries are denied for the rest of the exchange day. */
function trip(desk: Desk, market: LoadedMarket): LoadedMarket {
  const { limits } = desk.book();
  const loss = dayLossOf(desk.book(), market);
  if (market.isDailyLossTripped || loss.lt(limits.maxDailyLoss)) return market;
  desk.tell({
    riskEventId: dailyLossEventId(market.day, desk.loaded.limitsVersion), severity: 'critical', code: 'DAILY_LOSS_EXCEEDED',
    message: `The loss of ${market.day} reached its limit of $${toText(limits.maxDailyLoss)}. Until the next day, or until the limit is changed, only orders that reduce a position pass.`,
    context: { day: market.day, loss: toText(loss), limit: toText(limits.maxDailyLoss), limitsVersion: desk.loaded.limitsVersion },
  });
  return { ...market, isDailyLossTripped: true };
}

/** What the lane needs. `observe` hears every decision on a signal after its commit, for the metrics; `onSignals` and `onFills` run after the commit of each batch with such. */
export type LaneParts = { readonly arming: () => Arming; readonly observe: (decision: Decision) => void; readonly onSignals?: () => void; readonly onFills?: () => void };

async function onSignals(tx: Tx, signals: readonly Signal[], { arming, observe, onSignals: onHeard }: LaneParts): Promise<void> {
  await lockDecisions(tx);
  const loaded = await loadBook(tx, arming, {
    symbols: [...new Set(signals.map((signal) => signal.symbol))],
    strategyVersionIds: [...new Set(signals.map((signal) => signal.strategyVersionId))],
    decisionIds: signals.map((signal) => signal.signalId),
  });
  const desk = openDesk(tx, loaded);
  await followUp(desk);
  const tripped = new Map<EpochMs, LoadedMarket>();
  for (const signal of signals) {
    if (loaded.decided.has(signal.signalId)) continue;
    const intent = intentOf(signal, desk);
    // One market per instant: the signals of a step see the same prices, whichever batch they came in.
    const market = tripped.get(intent.tsMarket) ?? trip(desk, await desk.marketAt(intent.tsMarket, []));
    tripped.set(intent.tsMarket, market);
    const decision = desk.decide(market, intent);
    tx.afterCommit(() => observe(decision));
    desk.aim({ strategyId: signal.strategyId, symbol: signal.symbol, target: signal.target, originId: signal.signalId, followUps: 0, tsMarket: intent.tsMarket });
  }
  await desk.save();
  if (onHeard) tx.afterCommit(onHeard);
}

/**
 * After fills and closings: exits that did not complete are tried again; a loss beyond the limit is told at once. The breaker itself trips at a
 * signal, when all fills of the instant are in the book: in the middle of them the sum is one of several that could be seen.
 */
async function onOrders(tx: Tx, events: readonly EventEnvelope[], { arming, onFills }: LaneParts): Promise<void> {
  await lockDecisions(tx);
  const desk = openDesk(tx, await loadBook(tx, arming));
  await followUp(desk);
  const lastFill = Math.max(0, ...events.map((event) => (event.topic === 'order.filled' ? event.payload.tsEvent : 0)));
  if (lastFill > 0) await tellLoss(desk, epochMs(lastFill));
  await desk.save();
  if (lastFill > 0 && onFills) tx.afterCommit(onFills);
}

async function tellLoss(desk: Desk, lastFill: EpochMs): Promise<void> {
  const market = await desk.marketAt(lastFill, [], epochMs(lastFill + 1));
  const loss = dayLossOf(desk.book(), market);
  const limit = desk.book().limits.maxDailyLoss;
  if (market.isDailyLossTripped || loss.lt(limit)) return;
  desk.tell({
    riskEventId: `daily_loss_seen:${market.day}:v${desk.loaded.limitsVersion}`, severity: 'critical', code: 'DAILY_LOSS_REACHED',
    message: `The loss of ${market.day} is $${loss.toFixed(2)}, at or above the limit of $${toText(limit)}. Only orders that reduce a position pass.`,
    context: { day: market.day, loss: toText(loss), limit: toText(limit) },
  });
}

/** The consumers of risk_management. */
export function riskConsumers(parts: LaneParts): ConsumerSpec[] {
  return [
    {
      producer: 'strategy_engine', topics: ['signal.raised'],
      handle: (tx, events) => onSignals(tx, events.flatMap((event) => (event.topic === 'signal.raised' ? [event.payload] : [])), parts),
    },
    {
      producer: 'execution', topics: ['order.filled', 'order.closed'],
      handle: (tx, events) => onOrders(tx, events, parts),
    },
  ];
}
