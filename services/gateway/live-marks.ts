/** What the wire said has changed since the last push. Marks only: what is shown is read from the book. */
import type { EventEnvelope } from '#app/contracts/events.ts';
import type { ChangedList, LiveBar, LivePrice } from '#app/contracts/live.ts';
import type { NoticeView } from '#app/contracts/views.ts';
import { barCloseTime } from '#app/domain/bar.ts';

/** Notices in one push. */
const NOTICES_MAX = 50;

/** Changes not yet pushed. */
export type Marks = {
  orders: Set<string>; hasFills: boolean; hasPositions: boolean; notices: NoticeView[];
  /** Lists of which pages only hear that they changed. */ lists: Set<ChangedList>;
  /** New prices: account and positions are worth something else. */ isRevalued: boolean; hasEquity: boolean; prices: Map<string, LivePrice>;
  /** Minute bars that closed, in the order in which they were told. */ bars: LiveBar[];
};

/** Bars in one push: those of some thousand symbols. What comes beyond is read when a chart is opened. */
const BARS_MAX = 5_000;

/** Nothing changed. */
export function noMarks(): Marks {
  return { orders: new Set(), hasFills: false, hasPositions: false, notices: [], lists: new Set(), isRevalued: false, hasEquity: false, prices: new Map(), bars: [] };
}

/** Is there something that must not wait for the next beat? */
export function isUrgent(marks: Marks): boolean {
  return marks.orders.size > 0 || marks.hasFills || marks.hasPositions || marks.notices.length > 0 || marks.lists.size > 0;
}

/** Notes an event; changes `marks`. @returns true when the trading state or what hinders trading moved, which every page must see at once */
export function mark(marks: Marks, envelope: EventEnvelope): boolean {
  switch (envelope.topic) {
    case 'bar.closed': {
      const bar = envelope.payload;
      if (bar.isBackfill) return false;
      marks.prices.set(bar.symbol, { symbol: bar.symbol, price: bar.close, tsMarket: barCloseTime(bar), tsSeen: bar.tsSeen });
      marks.isRevalued = true;
      if (bar.timeframe === '1Min' && marks.bars.length < BARS_MAX) {
        const { symbol, openTime, open, high, low, close, volume } = bar;
        marks.bars.push({ symbol, openTime, open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume), isRevision: false });
      }
      return false;
    }
    case 'order.submitted':
    case 'order.changed':
    case 'order.closed':
      marks.orders.add(envelope.payload.clientOrderId);
      return false;
    case 'order.filled':
      marks.hasFills = true;
      marks.orders.add(envelope.payload.clientOrderId);
      return false;
    case 'position.changed':
      marks.hasPositions = true;
      return false;
    case 'ledger.entered':
      marks.hasPositions = true;
      marks.lists.add('ledgerEntries');
      return false;
    case 'finding.changed':
      marks.lists.add('findings');
      return true;
    case 'account.reconciled':
      marks.lists.add('reconciliations');
      return false;
    case 'order.approved':
    case 'order.denied':
      marks.lists.add('decisions');
      return false;
    case 'equity.recorded':
      marks.hasEquity = true;
      return false;
    case 'risk_event.raised': {
      const { riskEventId, severity, code, message } = envelope.payload;
      if (marks.notices.length < NOTICES_MAX) marks.notices.push({ id: riskEventId, severity, title: code, body: message, at: envelope.tsWritten });
      return false;
    }
    case 'notice.raised': {
      const { notificationId, severity, title, body } = envelope.payload;
      if (marks.notices.length < NOTICES_MAX) marks.notices.push({ id: notificationId, severity, title, body, at: envelope.tsWritten });
      return false;
    }
    default:
      return envelope.topic === 'trading_state.changed';
  }
}

/**
 * Watches for events that the wire did not bring: a producer had written them a look ago and they are still not heard.
 * One look (of the outboxes' heads) apart is patience enough, for the wire takes milliseconds.
 */
export function createGapWatch(): { hear(producer: string, seq: number): void; look(heads: ReadonlyMap<string, number>): string | null } {
  const heard = new Map<string, number>();
  let before: ReadonlyMap<string, number> = new Map();
  return {
    hear: (producer, seq) => heard.set(producer, Math.max(seq, heard.get(producer) ?? 0)),
    look(heads) {
      let missed: string | null = null;
      for (const [producer, head] of heads) {
        const known = heard.get(producer);
        const written = before.get(producer);
        // The first look takes what is in the book as heard: pages begin with a snapshot.
        if (known === undefined) heard.set(producer, head);
        else if (written !== undefined && written > known) {
          missed = producer;
          heard.set(producer, head);
        }
      }
      before = heads;
      return missed;
    },
  };
}
