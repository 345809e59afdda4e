/** Events in words: which of them a person should hear of, how loudly, and what the sentence is. */
import type { EventEnvelope, Payload } from '#app/contracts/events.ts';
import type { DenialCode } from '#app/domain/limits.ts';

/** A notification before it is recorded. `notificationId` is a function of the event: one event, one notification. */
export type Notice = {
  readonly notificationId: string;
  readonly kind: 'order_filled' | 'order_rejected' | 'order_denied' | 'risk_event' | 'trading_state' | 'health' | 'alert' | 'finding' | 'screen' | 'strategy';
  readonly severity: 'info' | 'warning' | 'critical';
  readonly title: string;
  readonly body: string;
  readonly context: Readonly<Record<string, unknown>>;
};

/** Denials that are the ordinary course of a strategy: its wish is already being fulfilled, or there is nothing to do. */
const ORDINARY: ReadonlySet<DenialCode> = new Set<DenialCode>(['NOTHING_TO_EXIT', 'EXIT_PENDING', 'TARGET_ALREADY_HELD', 'OPPOSITE_ORDER_OPEN', 'QUANTITY_ZERO']);

function who(strategyId: string | null): string {
  return strategyId === null || strategyId === '' ? 'by hand' : `by ${strategyId}`;
}

type Words = Omit<Notice, 'notificationId'>;

function filled(fill: Payload<'order.filled'>): Words {
  const verb = fill.side === 'buy' ? 'Bought' : 'Sold';
  return {
    kind: 'order_filled', severity: 'info', title: `${verb} ${fill.qty} ${fill.symbol} at $${fill.price}`, body: `Ordered ${who(fill.strategyId)}${fill.isOrderComplete ? '; the order is complete' : '; a part of the order'}.`,
    context: { orderId: fill.orderId, clientOrderId: fill.clientOrderId, fillId: fill.fillId, symbol: fill.symbol },
  };
}

/** Only refusals: an order that was filled, cancelled or expired is told by its fills or was asked for. */
function closed(order: Payload<'order.closed'>): Words | null {
  if (order.status !== 'rejected' && order.status !== 'denied') return null;
  const by = order.status === 'rejected' ? 'The broker rejected' : 'The gate before the broker stopped';
  return {
    kind: 'order_rejected', severity: 'warning', title: `${order.side === 'buy' ? 'Buy' : 'Sell'} order in ${order.symbol} ${order.status}`,
    body: `${by} the order over ${order.qty} ${order.symbol} (${who(order.strategyId)}): ${order.reason ?? order.denialCode ?? 'no reason was given'}.`,
    context: { orderId: order.orderId, clientOrderId: order.clientOrderId, symbol: order.symbol, code: order.denialCode },
  };
}

function denied(decision: Payload<'order.denied'>): Words {
  return {
    kind: 'order_denied', severity: ORDINARY.has(decision.code) ? 'info' : 'warning', title: `No order in ${decision.symbol}`, body: `${decision.message} (Asked ${who(decision.strategyId)}.)`,
    context: { decisionId: decision.decisionId, code: decision.code, symbol: decision.symbol },
  };
}

const STATE_WORDS = {
  ACTIVE: { severity: 'info', title: 'Trading is active' }, REDUCING: { severity: 'warning', title: 'Only reducing orders pass' }, HALTED: { severity: 'critical', title: 'Trading is halted' },
} as const;

function wordsOf(event: EventEnvelope): Words | null {
  switch (event.topic) {
    case 'order.filled':
      return filled(event.payload);
    case 'order.closed':
      return closed(event.payload);
    case 'order.denied':
      return denied(event.payload);
    case 'risk_event.raised': {
      const { severity, code, message, context } = event.payload;
      return { kind: 'risk_event', severity, title: code, body: message, context: { ...context, riskEventId: event.payload.riskEventId } };
    }
    case 'trading_state.changed': {
      const { state, reason, actor, version } = event.payload;
      return { kind: 'trading_state', ...STATE_WORDS[state], body: `${actor}: ${reason}`, context: { state, version } };
    }
    case 'finding.changed': {
      const { findingId, severity, subject, message, remedy, isNews } = event.payload;
      if (!isNews) return null;
      return { kind: 'finding', severity, title: `Look at ${subject}`, body: remedy === null ? message : `${message} Proposed: ${remedy}`, context: { findingId, kind: event.payload.kind } };
    }
    case 'screen.changed': {
      const { screenId, name, entered, left, enteredTotal, leftTotal } = event.payload;
      const list = (symbols: readonly string[], total: number): string => `${symbols.join(', ')}${total > symbols.length ? ` and ${total - symbols.length} more` : ''}`;
      // Only what a person wished to hear of is told: a total of 0 may as well be one that nobody asked for.
      const news = [{ total: enteredTotal, did: 'came in', line: `Came in: ${list(entered, enteredTotal)}.` }, { total: leftTotal, did: 'left', line: `Left: ${list(left, leftTotal)}.` }].filter(({ total }) => total > 0);
      return { kind: 'screen', severity: 'info', title: `Screen "${name}": ${news.map(({ total, did }) => `${total} ${did}`).join(', ')}`, body: news.map(({ line }) => line).join(' '), context: { screenId } };
    }
    case 'strategy.paused': {
      const { strategyId, versionId, name, by, why, held } = event.payload;
      const holds = held.length === 0 ? 'It holds nothing.' : `It goes on holding ${held.map(({ symbol, qty }) => `${qty} ${symbol}`).join(', ')}.`;
      return { kind: 'strategy', severity: 'warning', title: `${name} is paused: ${by === 'errors' ? 'it made errors' : 'it lost as much as it may in a day'}`, body: `${why}. ${holds} It stays paused until you start it again.`, context: { strategyId, versionId, by } };
    }
    case 'alert.raised': {
      const { alertId, severity, title, body, context } = event.payload;
      return { kind: 'alert', severity, title, body, context: { ...context, alertId } };
    }
    default:
      return null;
  }
}

/** What to tell about an event, or null when it is nobody's news. */
export function noticeOf(event: EventEnvelope): Notice | null {
  const words = wordsOf(event);
  return words && { ...words, notificationId: `${event.topic}:${event.key}` };
}
