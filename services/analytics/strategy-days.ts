/** Profit by strategy and exchange day. The running positions live in memory and are rebuilt from the ledger at each start. */
import type { Payload } from '#app/contracts/events.ts';
import { addMoney, money, price, quantity, subtractMoney, toText, ZERO_MONEY, type Money } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import { applyFillToPosition, flatPosition, type Fill, type Position } from '#app/domain/position.ts';
import { epochMs } from '#app/domain/time.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Db, Tx } from '#chassis/db.ts';
import { readOpenings } from './openings.ts';

/** A fill as the ledger or the wire has it. */
type OwnFill = { readonly strategyId: string; readonly fill: Fill; readonly tsEvent: number };
type TradeRow = { strategyId: string; symbol: string; side: Side; qty: string; price: string; fee: string; tsEvent: number; ledgerSeq: number };

/** The keeper of strategy_performance. */
export type StrategyDays = {
  /** Rebuilds the positions as they were when the lane stopped: the ledger without the fills that are not heard yet. */
  rebuild(db: Db): Promise<void>;
  /** Adds fills to their days; memory follows after the commit. */
  add(tx: Tx, fills: readonly Payload<'order.filled'>[]): Promise<void>;
  /** Values what is open now into the given day's rows. Dollars. */
  revalue(tx: Tx, day: string): Promise<number>;
};

const PAGE = 5_000;
const HANDLED_TRADES = `
  SELECT coalesce(t.strategy_id, '') AS "strategyId", t.symbol, t.side, t.qty::text AS qty, t.price::text AS price, t.fee::text AS fee, t.ts_event AS "tsEvent", t.ledger_seq AS "ledgerSeq"
  FROM execution.trades t
  WHERE t.ledger_seq > $1 AND NOT EXISTS (
    SELECT FROM execution.outbox b WHERE b.topic = 'order.filled' AND b.key = t.fill_id AND b.seq > coalesce((SELECT seq FROM analytics.inbox_offset WHERE producer = 'execution'), 0))
  ORDER BY t.ledger_seq LIMIT ${PAGE}`;

const ADD = `
  INSERT INTO analytics.strategy_performance AS s (strategy_id, day, realized_pnl, open_pnl, fills)
  SELECT d.strategy_id, d.day, d.realized_pnl, d.open_pnl, d.fills FROM unnest($1::text[], $2::date[], $3::numeric[], $4::numeric[], $5::integer[]) AS d(strategy_id, day, realized_pnl, open_pnl, fills)
  ON CONFLICT (strategy_id, day) DO UPDATE SET realized_pnl = s.realized_pnl + excluded.realized_pnl, open_pnl = excluded.open_pnl, fills = s.fills + excluded.fills, calculated_at = clock_timestamp()`;

type Day = { readonly strategyId: string; readonly day: string; realized: Money; fills: number };

function fromWire(event: Payload<'order.filled'>): OwnFill {
  const { symbol, side, tsEvent } = event;
  return { strategyId: event.strategyId ?? '', tsEvent, fill: { symbol, side, qty: quantity(event.qty), price: price(event.price), fee: money(event.fee) } };
}

function apply(positions: Map<string, Position>, { strategyId, fill }: OwnFill): Money {
  const key = `${strategyId}|${fill.symbol}`;
  const before = positions.get(key) ?? flatPosition(fill.symbol);
  const after = applyFillToPosition(before, fill);
  positions.set(key, after);
  return subtractMoney(after.realizedPnl, before.realizedPnl);
}

/** The account is opened after the first start of this service, so openings are looked up when a share is met for the first time. */
async function withOpenings(tx: Tx, positions: ReadonlyMap<string, Position>, fills: readonly OwnFill[]): Promise<Map<string, Position>> {
  const next = new Map(positions);
  if (fills.every(({ strategyId, fill }) => strategyId !== '' || next.has(`|${fill.symbol}`))) return next;
  for (const { position } of await readOpenings(tx)) if (!next.has(`|${position.symbol}`)) next.set(`|${position.symbol}`, position);
  return next;
}

async function lastCloses(tx: Tx, symbols: readonly string[]): Promise<Map<string, string>> {
  if (symbols.length === 0) return new Map();
  const rows = await tx.query<{ symbol: string; close: string }>(
    'SELECT DISTINCT ON (symbol) symbol, last_close::text AS close FROM data_ingestion.ingestion_status WHERE symbol = ANY($1) ORDER BY symbol, last_open_time DESC', [symbols],
  );
  return new Map(rows.map((row) => [row.symbol, row.close]));
}

/** Open profit of each strategy at the last closes, dollars. A symbol without a close counts nothing. */
async function openProfits(tx: Tx, positions: ReadonlyMap<string, Position>): Promise<Map<string, Money>> {
  const open = [...positions].filter(([, position]) => !position.qty.isZero() && position.avgPrice !== null);
  const closes = await lastCloses(tx, [...new Set(open.map(([, position]) => position.symbol))]);
  const profits = new Map<string, Money>();
  for (const [key, position] of open) {
    const strategyId = key.slice(0, key.lastIndexOf('|'));
    const close = closes.get(position.symbol);
    if (close === undefined || position.avgPrice === null) continue;
    const profit = money(price(close).minus(position.avgPrice).times(position.qty).toFixed(9));
    profits.set(strategyId, addMoney(profits.get(strategyId) ?? ZERO_MONEY, profit));
  }
  return profits;
}

async function write(tx: Tx, days: readonly Day[], open: ReadonlyMap<string, Money>): Promise<void> {
  if (days.length === 0) return;
  await tx.query(ADD, [
    days.map((d) => d.strategyId), days.map((d) => d.day), days.map((d) => toText(d.realized)), days.map((d) => toText(open.get(d.strategyId) ?? ZERO_MONEY)), days.map((d) => d.fills),
  ]);
}

/** Creates the keeper; call rebuild before the lane runs. */
export function createStrategyDays(): StrategyDays {
  let positions = new Map<string, Position>();
  return {
    async rebuild(db) {
      const rebuilt = new Map((await readOpenings(db)).map(({ position }): [string, Position] => [`|${position.symbol}`, position]));
      for (let after = 0; ; ) {
        const rows = await db.query<TradeRow>(HANDLED_TRADES, [after]);
        for (const row of rows) {
          apply(rebuilt, { strategyId: row.strategyId, tsEvent: row.tsEvent, fill: { symbol: row.symbol, side: row.side, qty: quantity(row.qty), price: price(row.price), fee: money(row.fee) } });
        }
        after = rows.at(-1)?.ledgerSeq ?? after;
        if (rows.length < PAGE) break;
      }
      positions = rebuilt;
    },
    async add(tx, fills) {
      const owned = fills.map(fromWire);
      const next = await withOpenings(tx, positions, owned);
      const days = new Map<string, Day>();
      for (const own of owned) {
        const day = exchangeDay(epochMs(own.tsEvent));
        const key = `${own.strategyId}|${day}`;
        const entry = days.get(key) ?? { strategyId: own.strategyId, day, realized: ZERO_MONEY, fills: 0 };
        entry.realized = addMoney(entry.realized, apply(next, own));
        entry.fills += 1;
        days.set(key, entry);
      }
      await write(tx, [...days.values()], await openProfits(tx, next));
      tx.afterCommit(() => {
        positions = next;
      });
    },
    async revalue(tx, day) {
      const open = await openProfits(tx, positions);
      const entries = [...open.keys()].map((strategyId): Day => ({ strategyId, day, realized: ZERO_MONEY, fills: 0 }));
      await write(tx, entries, open);
      return entries.length;
    },
  };
}
