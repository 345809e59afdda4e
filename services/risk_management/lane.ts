/** What risk hears: signals become decisions, and what happens to orders makes it look at exits and at the day's loss again. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import { Decimal, price, quantity, toText } from '#app/domain/numeric.ts';
import { readTerms } from '#app/domain/order-terms.ts';
import { epochMs, type EpochMs } from '#app/domain/time.ts';
import { dayLossOf, shareOf } from '#app/risk/book.ts';
import type { Decision, Intent, Protection } from '#app/risk/decide.ts';
import type { ConsumerSpec } from '#chassis/consumer.ts';
import type { Tx } from '#chassis/db.ts';
import { trip } from './breakers.ts';
import { openDesk, type Desk } from './desk.ts';
import { followUp } from './follow-ups.ts';
import { loadBook, lockDecisions, type LoadedBook, type Outside } from './load-book.ts';
import type { LoadedMarket } from './load-market.ts';
import { marketNow } from './market-clock.ts';
import { completeReversals, WAITING_REVERSALS } from './reversals.ts';

type Signal = EventEnvelope<'signal.raised'>['payload'];

function protectionOf({ protection }: Signal): Protection | null {
  if (protection === null) return null;
  const { stopPrice, takeProfitPrice } = protection;
  return { stopPrice: stopPrice === null ? null : price(stopPrice), takeProfitPrice: takeProfitPrice === null ? null : price(takeProfitPrice) };
}

function intentOf(signal: Signal, desk: Desk): Intent {
  const { signalId, strategyId, symbol, order } = signal;
  const head = { signalId, strategyId, symbol, referencePrice: price(signal.referencePrice), isDaily: signal.timeframe === '1Day', tsMarket: epochMs(signal.tsMarket), tsBarSeen: epochMs(signal.tsBarSeen) };
  if (order !== null) return { kind: 'order', ...head, side: order.side, qty: quantity(order.qty), terms: readTerms(order) };
  return {
    kind: 'signal', ...head, target: signal.target, weight: signal.weight === null ? null : new Decimal(signal.weight), atr: signal.atr === null ? null : price(signal.atr), protection: protectionOf(signal),
    sizing: desk.loaded.sizings.get(signal.strategyVersionId) ?? null,
  };
}

/** The number under which a strategy knows an order of its own, for the orders that one batch decides. */
const ownKey = ({ strategyVersionId, symbol }: Signal, orderId: number): string => `${strategyVersionId}|${symbol}|${orderId}`;

/** A strategy takes one of its own orders back, of this batch (`decided`) or of an earlier one; of no effect when it has ended, or was never approved. */
async function cancelOwn(tx: Tx, desk: Desk, { signalId, strategyVersionId, symbol, cancels }: Signal, decided: string | undefined): Promise<void> {
  const [order] = decided === undefined ? await tx.query<{ clientOrderId: string }>(
    `SELECT d.client_order_id AS "clientOrderId" FROM strategy_engine.strategy_signals s JOIN risk_management.risk_decisions d ON d.decision_id = s.signal_id
     WHERE s.strategy_version_id = $1 AND s.symbol = $2 AND (s.own_order->>'orderId')::bigint = $3 AND d.client_order_id IS NOT NULL ORDER BY s.raised_at DESC LIMIT 1`, [strategyVersionId, symbol, cancels],
  ) : [{ clientOrderId: decided }];
  if (order !== undefined) desk.takeBack(order.clientOrderId, signalId);
}

/**
 * An order of a strategy's own that opens a position takes back an earlier wish to be flat, as one by hand does; else the follow-ups would sell what it buys. While anything is still
 * held or owed, the target goes on.
 */
function takeBackFlat(desk: Desk, { strategyId, symbol, signalId }: Signal, { clientOrderId, isReducing, side, tsMarket }: Decision): void {
  if (clientOrderId === null || isReducing || !shareOf(desk.book(), strategyId, symbol).held.isZero()) return;
  if (desk.loaded.openTargets.some((target) => target.strategyId === strategyId && target.symbol === symbol)) return;
  desk.aim({ strategyId, symbol, target: side === 'buy' ? 'long' : 'short', owed: null, originId: signalId, followUps: 0, tsMarket });
}

/** What the lane needs. `observe` hears every decision on a signal after its commit, for the metrics; `onSignals` and `onFills` run after the commit of each batch with such. */
export type LaneParts = Outside & { readonly observe: (decision: Decision) => void; readonly onSignals?: () => void; readonly onFills?: () => void };

/** The market's time as the lane sees it; before the first bar everything that happened is newer. */
async function marketOf(tx: Tx, { wallNow }: LoadedBook): Promise<EpochMs> {
  return wallNow ?? (await marketNow(tx)) ?? epochMs(0);
}

async function onSignals(tx: Tx, signals: readonly Signal[], { observe, onSignals: onHeard, ...outside }: LaneParts): Promise<void> {
  await lockDecisions(tx);
  const loaded = await loadBook(tx, outside, {
    symbols: [...new Set(signals.map((signal) => signal.symbol))],
    strategyVersionIds: [...new Set(signals.map((signal) => signal.strategyVersionId))],
    decisionIds: signals.map((signal) => signal.signalId),
  });
  const desk = openDesk(tx, loaded);
  await followUp(desk, await marketOf(tx, loaded));
  const tripped = new Map<EpochMs, LoadedMarket>();
  const own = new Map<string, string>();
  for (const signal of signals) {
    if (loaded.decided.has(signal.signalId)) continue;
    if (signal.cancels !== null) {
      await cancelOwn(tx, desk, signal, own.get(ownKey(signal, signal.cancels)));
      continue;
    }
    const intent = intentOf(signal, desk);
    // One market per instant: the signals of a step see the same prices, whichever batch they came in.
    const market = tripped.get(intent.tsMarket) ?? trip(desk, await desk.marketAt(intent.tsMarket, []));
    tripped.set(intent.tsMarket, market);
    const decision = desk.decide(market, intent);
    tx.afterCommit(() => observe(decision));
    if (signal.order !== null) {
      if (decision.clientOrderId !== null) own.set(ownKey(signal, signal.order.orderId), decision.clientOrderId);
      takeBackFlat(desk, signal, decision);
      continue;
    }
    desk.aim({ strategyId: signal.strategyId, symbol: signal.symbol, target: signal.target, owed: decision.owes, originId: signal.signalId, followUps: 0, tsMarket: intent.tsMarket });
  }
  await desk.save();
  if (onHeard) tx.afterCommit(onHeard);
}

/**
 * After fills and closings: exits that did not complete are tried again; a loss beyond the limit is told at once. The breaker itself trips at a
 * signal, when all fills of the instant are in the book: in the middle of them the sum is one of several that could be seen.
 */
async function onOrders(tx: Tx, events: readonly EventEnvelope[], { onFills, ...outside }: LaneParts): Promise<void> {
  await lockDecisions(tx);
  const reversing = await tx.query<{ symbol: string }>(WAITING_REVERSALS);
  const loaded = await loadBook(tx, outside, { symbols: reversing.map((row) => row.symbol) });
  const desk = openDesk(tx, loaded);
  const now = await marketOf(tx, loaded);
  await followUp(desk, now);
  if (reversing.length > 0) await completeReversals(tx, desk, now);
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
