/** Reading the journal's history: orders, executions and other activities as the wire asks for them. */
import type Database from 'better-sqlite3';
import type { EpochMs } from '#app/domain/time.ts';
import type { VenueOrderText } from '#app/backtest/venue-snapshot.ts';

/** An order as the journal keeps it and the wire shows it: numbers as text. */
export type OrderText = VenueOrderText;

/** One execution as the journal keeps it. `id` is Alpaca's activity id, `YYYYMMDDhhmmssmmm::<execution id>`. */
export type FillText = {
  readonly id: string; readonly type: 'FILL'; readonly executionId: string; readonly at: EpochMs; readonly kind: 'fill' | 'partial_fill'; readonly orderId: string; readonly symbol: string;
  readonly side: 'buy' | 'sell'; readonly qty: string; readonly price: string; readonly cumQty: string; readonly leavesQty: string; readonly positionQty: string; readonly orderStatus: string;
};
/** Something that moved cash or shares without an order. */
export type OtherActivityText = {
  readonly id: string; readonly type: 'DIV' | 'SPLIT' | 'CIL' | 'FEE' | 'CSD' | 'CSW'; readonly at: EpochMs; readonly symbol: string | null; readonly qty: string | null;
  readonly perShareAmount: string | null; readonly netAmount: string; readonly description: string;
};
/** An activity of the account as the journal keeps it. */
export type ActivityText = FillText | OtherActivityText;

/** Filters of an order list; times exclusive, by creation. `isNested`: legs are left out when their order is in the list, they come with it. */
export type OrderQuery = {
  readonly status: 'open' | 'closed' | 'all'; readonly limit: number; readonly isDescending: boolean; readonly isNested?: boolean;
  readonly after?: EpochMs; readonly until?: EpochMs; readonly afterSeq?: number; readonly beforeSeq?: number; readonly symbols?: readonly string[]; readonly side?: string;
};
/** Filters of an activity list; times exclusive. `types`: Alpaca's codes; none given = all. */
export type ActivityQuery = { readonly limit: number; readonly isDescending: boolean; readonly after?: EpochMs; readonly until?: EpochMs; readonly pageToken?: string; readonly types?: readonly string[]; readonly isTrade?: boolean };

type Clauses = { readonly where: string[]; readonly params: (string | number)[]; add(clause: string, ...values: (string | number)[]): void };

function clauses(): Clauses {
  const where: string[] = [];
  const params: (string | number)[] = [];
  return {
    where, params,
    add: (clause, ...values) => {
      where.push(clause);
      params.push(...values);
    },
  };
}

const marks = (list: readonly unknown[]): string => list.map(() => '?').join(',') || 'NULL';

function select<T>(db: Database.Database, table: string, { where, params }: Clauses, page: { readonly isDescending: boolean; readonly limit: number }): readonly T[] {
  const sql = `SELECT body FROM ${table} ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''} ORDER BY seq ${page.isDescending ? 'DESC' : 'ASC'} LIMIT ?`;
  return db.prepare<(string | number)[], { body: string }>(sql).all(...params, page.limit).map((row) => JSON.parse(row.body) as T);
}

/** Orders by creation, by the filters. */
export function queryOrders(db: Database.Database, query: OrderQuery): readonly OrderText[] {
  const wanted = clauses();
  if (query.status !== 'all') wanted.add('is_open = ?', query.status === 'open' ? 1 : 0);
  if (query.isNested) wanted.add(query.status === 'all' ? 'parent_id IS NULL' : `(parent_id IS NULL OR (SELECT p.is_open FROM orders p WHERE p.id = orders.parent_id) IS NOT orders.is_open)`);
  if (query.after !== undefined) wanted.add('created_at > ?', query.after);
  if (query.until !== undefined) wanted.add('created_at < ?', query.until);
  if (query.afterSeq !== undefined) wanted.add('seq > ?', query.afterSeq);
  if (query.beforeSeq !== undefined) wanted.add('seq < ?', query.beforeSeq);
  if (query.side !== undefined) wanted.add('side = ?', query.side);
  if (query.symbols) wanted.add(`symbol IN (${marks(query.symbols)})`, ...query.symbols);
  return select(db, 'orders', wanted, query);
}

/** Activities in the order in which they happened, by the filters. */
export function queryActivities(db: Database.Database, query: ActivityQuery): readonly ActivityText[] {
  const wanted = clauses();
  if (query.types) wanted.add(`type IN (${marks(query.types)})`, ...query.types);
  if (query.isTrade !== undefined) wanted.add(query.isTrade ? `type = 'FILL'` : `type <> 'FILL'`);
  if (query.after !== undefined) wanted.add('at > ?', query.after);
  if (query.until !== undefined) wanted.add('at < ?', query.until);
  if (query.pageToken !== undefined) wanted.add(`seq ${query.isDescending ? '<' : '>'} (SELECT seq FROM activities WHERE id = ?)`, query.pageToken);
  return select(db, 'activities', wanted, query);
}
