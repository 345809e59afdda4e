/** True messages of the broker, to be spoiled. */
import { wireOrder } from '../support/alpaca-stand-in.ts';

/** An order of the wire, fresh each time. */
export function trueOrder(): Record<string, unknown> {
  return wireOrder();
}
/** A bar of the wire, fresh each time. */
export function trueBar(): Record<string, unknown> {
  return { t: '2026-01-05T14:30:00Z', o: 1, h: 1, l: 1, c: 1, v: 1 };
}
/** A fill among the account's activities. */
export const FILL = { id: '20260105143000000::e', activity_type: 'FILL', order_id: 'o', symbol: 'A', side: 'buy', qty: '1', price: '2', cum_qty: '1', transaction_time: '2026-01-05T14:30:00Z' } as const;
/** The account. */
export const ACCOUNT = { account_number: 'A', status: 'ACTIVE', cash: '1', equity: '1', last_equity: '1', buying_power: '1', trading_blocked: false, account_blocked: false } as const;
/** A position. */
export const POSITION = { symbol: 'A', qty: '1', side: 'long', avg_entry_price: '1' } as const;
/** The market's clock. */
export const CLOCK = { timestamp: '2026-01-05T14:30:00Z', is_open: true, next_open: '2026-01-05T14:30:00Z', next_close: '2026-01-05T14:30:00Z' } as const;
/** A day of the calendar. */
export const CALENDAR_DAY = { date: '2026-01-05', open: '09:30', close: '16:00' } as const;
/** An asset. */
export const ASSET = { id: 'x', symbol: 'A', name: 'A', exchange: 'X', tradable: true, fractionable: true, shortable: true, status: 'active' } as const;
/** Two corporate actions. */
export const DIVIDEND = { id: 'd', symbol: 'A', cusip: 'C', rate: 0.24, special: false, foreign: false, process_date: '2026-01-05', ex_date: '2026-01-05' } as const;
export const RENAME = { id: 'r', old_symbol: 'A', old_cusip: 'C', new_symbol: 'B', new_cusip: 'D', process_date: '2026-01-05' } as const;
