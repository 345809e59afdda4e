/** What must hold in the very moment in which an order leaves for the broker. */
import { toText } from '#app/domain/numeric.ts';
import type { OrderTicket, ReplaceTicket } from '../../services/alpaca/ports.ts';
import type { Life } from './unit.ts';
import { world } from './world.ts';

/** An order may still leave for so long after HALT was committed (P5). */
const HALT_MS = 1_000;
/** A lane that was just sending when the stream came back may finish; nothing goes out later without a comparison. */
const COMPARE_MS = 12_000;

type Row = { status: string; is_reducing: boolean; unknown_since: number | null; state: string; state_at: number; stopped_at: number | null; compared_at: number | null };

/** When the stream of updates came to life last, by the wall clock; null while it is down. */
export const stream: { liveSince: number | null; lifeName: string } = { liveSince: null, lifeName: '' };

/** P1, P2, P5: the book knows the order as submitted before the broker can, trading is not halted, and the books were compared since the stream came back. */
export function checkSubmit(ticket: OrderTicket, life: Life): void {
  const { book, broken, faults, trace } = world();
  trace.note(`POST ${ticket.clientOrderId} ${ticket.side} ${toText(ticket.qty)} ${ticket.symbol} ${ticket.terms.type} leaves`);
  const [row] = book.ask<Row>(`SELECT o.status, o.is_reducing, o.unknown_since, s.state, s.at AS state_at,
      (SELECT min(t.at) FROM risk_management.trading_state t JOIN execution.order_events e ON e.order_id = o.order_id AND e.version = 1 WHERE t.state <> 'ACTIVE' AND t.version > (e.detail->>'tradingStateVersion')::integer) AS stopped_at, (SELECT max(at) FROM execution.reconciliations) AS compared_at
    FROM execution.orders o, (SELECT state, at FROM risk_management.trading_state ORDER BY version DESC LIMIT 1) s WHERE o.client_order_id = $1`, [ticket.clientOrderId]);
  const say = (id: string, words: string): void => void broken.push(`${id} ${ticket.clientOrderId}: ${words}`);
  if (!row) return say('P1', 'posted under an id that the book does not have');
  if (row.status === 'initialized') say('P2', 'posted before the book had it as submitted');
  // The book notes the wall clock: after a jump of it, ages say nothing.
  if (faults.struck.has('wall_clock_jump')) return;
  const now = Date.now();
  const isForbidden = row.state === 'HALTED' || (row.state === 'REDUCING' && !row.is_reducing);
  if (isForbidden && now - row.state_at > HALT_MS) say('P5', `posted ${Math.round(now - row.state_at)} ms after trading was ${row.state}`);
  else if (!row.is_reducing && row.stopped_at !== null && now - row.stopped_at > HALT_MS) say('P5', `posted ${Math.round(now - row.stopped_at)} ms after a stop that followed its approval`);
  const { liveSince } = stream;
  // What is posted again under its id was looked up one by one.
  if (liveSince !== null && stream.lifeName === life.name && row.unknown_since === null && now - liveSince > COMPARE_MS && (row.compared_at ?? 0) < liveSince) say('P3', 'posted although the books were not compared since the stream came back');
}

/** The same for a replacement. */
export function checkReplace(ticket: ReplaceTicket): void {
  const { book, broken, trace } = world();
  trace.note(`PATCH ${ticket.brokerOrderId} as ${ticket.clientOrderId} leaves`);
  const [row] = book.ask<{ status: string }>('SELECT status FROM execution.orders WHERE client_order_id = $1', [ticket.clientOrderId]);
  if (!row) broken.push(`P1 ${ticket.clientOrderId}: replaced under an id that the book does not have`);
  else if (row.status === 'initialized') broken.push(`P2 ${ticket.clientOrderId}: replaced before the book had it as submitted`);
}
