/** Reading the journal's history: orders and executions as the wire asks for them. */
import type Database from 'better-sqlite3';
import type * as z from 'zod';
import type { EpochMs } from '#app/domain/time.ts';
import type { venueOrderSchema } from '#app/backtest/venue-snapshot.ts';

/** An order as the journal keeps it and the wire shows it: numbers as text. */
export type OrderText = z.input<typeof venueOrderSchema>;

/** One execution as the journal keeps it. `id` is Alpaca's activity id, `YYYYMMDDhhmmssmmm::<execution id>`. */
export type ActivityText = {
  readonly id: string; readonly executionId: string; readonly at: EpochMs; readonly kind: 'fill' | 'partial_fill'; readonly orderId: string; readonly symbol: string;
  readonly side: 'buy' | 'sell'; readonly qty: string; readonly price: string; readonly cumQty: string; readonly leavesQty: string; readonly positionQty: string; readonly orderStatus: string;
};

/** Filters of an order list; times exclusive, by creation. */
export type OrderQuery = {
  readonly status: 'open' | 'closed' | 'all'; readonly limit: number; readonly isDescending: boolean;
  readonly after?: EpochMs; readonly until?: EpochMs; readonly afterSeq?: number; readonly beforeSeq?: number; readonly symbols?: readonly string[]; readonly side?: string;
};
/** Filters of an activity list; times exclusive. */
export type ActivityQuery = { readonly limit: number; readonly isDescending: boolean; readonly after?: EpochMs; readonly until?: EpochMs; readonly pageToken?: string };

/** Orders by creation, by the filters. */
export function queryOrders(db: Database.Database, query: OrderQuery): readonly OrderText[] {
  const where: string[] = [];
  const params: (string | number)[] = [];
  const add = (clause: string, ...values: (string | number)[]): void => {
    where.push(clause);
    params.push(...values);
  };
  if (query.status !== 'all') add('is_open = ?', query.status === 'open' ? 1 : 0);
  if (query.after !== undefined) add('created_at > ?', query.after);
  if (query.until !== undefined) add('created_at < ?', query.until);
  if (query.afterSeq !== undefined) add('seq > ?', query.afterSeq);
  if (query.beforeSeq !== undefined) add('seq < ?', query.beforeSeq);
  if (query.side !== undefined) add('side = ?', query.side);
  if (query.symbols) add(`symbol IN (${query.symbols.map(() => '?').join(',') || 'NULL'})`, ...query.symbols);
  const sql = `SELECT body FROM orders ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY seq ${query.isDescending ? 'DESC' : 'ASC'} LIMIT ?`;
  return db.prepare<(string | number)[], { body: string }>(sql).all(...params, query.limit).map((row) => JSON.parse(row.body) as OrderText);
}

/** Executions in the order in which they happened, by the filters. */
export function queryActivities(db: Database.Database, query: ActivityQuery): readonly ActivityText[] {
  const where: string[] = [];
  const params: (string | number)[] = [];
  if (query.after !== undefined) {
    where.push('at > ?');
    params.push(query.after);
  }
  if (query.until !== undefined) {
    where.push('at < ?');
    params.push(query.until);
  }
  if (query.pageToken !== undefined) {
    where.push(`seq ${query.isDescending ? '<' : '>'} (SELECT seq FROM activities WHERE id = ?)`);
    params.push(query.pageToken);
  }
  const sql = `SELECT body FROM activities ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY seq ${query.isDescending ? 'DESC' : 'ASC'} LIMIT ?`;
  return db.prepare<(string | number)[], { body: string }>(sql).all(...params, query.limit).map((row) => JSON.parse(row.body) as ActivityText);
}
