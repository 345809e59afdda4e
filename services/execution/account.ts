/** The account: opening the ledger on first contact, and snapshots of what the broker shows. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { money, quantity, toText, ZERO_MONEY, type Quantity } from '#app/domain/numeric.ts';
import { openingLotId } from '#app/domain/position-book.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { Holdings } from '#app/execution/reconcile.ts';
import { sleep } from '#chassis/clock.ts';
import { at, type Db, type Queryable, type Tx } from '#chassis/db.ts';
import type { Logger } from '#chassis/log.ts';
import type { BrokerActivity } from '../alpaca/activities.ts';
import type { Broker, BrokerPosition } from '../alpaca/ports.ts';
import { activitiesBefore, noteActivities } from './entries-activities.ts';
import { rebuildLots } from './ledger-lots.ts';
import { beforeOpenOrders, openingInWords } from './opening.ts';

const STABLE_READS = 10;
const STABLE_PAUSE_MS = 500;
const SNAPSHOT_EVERY_MS = 5_000;

/** Reads cash, positions and the newest fill until no fill happened between the readings: only then do they belong together. */
async function readTogether(broker: Broker): Promise<{ account: Awaited<ReturnType<Broker['account']>>; positions: readonly BrokerPosition[]; newest: string | null; at: EpochMs; activities: readonly BrokerActivity[] }> {
  for (let attempt = 0; attempt < STABLE_READS; attempt += 1) {
    const before = await broker.newestActivityId();
    const [account, positions, clock] = [await broker.account(), await broker.positions(), await broker.clock()];
    const activities = await activitiesBefore(broker, clock.at);
    if ((await broker.newestActivityId()) === before) return { account, positions, newest: before, at: clock.at, activities };
    await sleep(STABLE_PAUSE_MS);
  }
  throw new AppError('BROKER_UNREACHABLE', 'The account does not stand still long enough to open the ledger; trying again');
}

async function importPosition(tx: Tx, position: BrokerPosition, openedAt: EpochMs, cash: string): Promise<void> {
  const params = [position.symbol, toText(position.qty), toText(position.avgEntryPrice), at(openedAt)];
  await tx.query('INSERT INTO execution.opening_positions (symbol, qty, avg_price, opened_at) VALUES ($1, $2, $3, $4)', params);
  await tx.query('INSERT INTO execution.positions (symbol, version, qty, avg_price, realized_pnl, updated_at) VALUES ($1, 1, $2, $3, 0, $4)', params);
  await tx.query(`INSERT INTO execution.strategy_positions (strategy_id, symbol, qty, avg_price, realized_pnl, updated_at) VALUES ('', $1, $2, $3, 0, $4)`, params);
  await tx.query('INSERT INTO execution.lots (lot_id, symbol, opened_seq, opened_at, qty_opened, qty, price) VALUES ($5, $1, 0, $4, $2, $2, $3)', [...params, openingLotId(position.symbol)]);
  tx.emit({
    topic: 'position.changed', key: `${position.symbol}:1`, correlationId: 'opening',
    payload: { symbol: position.symbol, version: 1, qty: toText(position.qty), avgPrice: toText(position.avgEntryPrice), realizedPnl: toText(ZERO_MONEY), cash, tsEvent: openedAt },
  });
}

/**
 * Opens the ledger on first contact: the broker's cash, and each position at its average entry price as an opening position (manual share).
 * Later it only makes sure that the keys still belong to the same account.
 * @throws AppError CONFIG_INVALID (operator) when they belong to another: two accounts in one ledger would be wrong for ever.
 */
export async function ensureOpened(db: Db, broker: Broker, log: Logger): Promise<void> {
  const [ledger] = await db.query<{ account_number: string }>('SELECT account_number FROM execution.account_ledger');
  if (ledger) {
    await rebuildLots(db);
    const { accountNumber } = await broker.account();
    if (accountNumber === ledger.account_number) return;
    throw new AppError('CONFIG_INVALID', `This data folder holds the ledger of account ${ledger.account_number}, but the keys belong to account ${accountNumber}. Use the keys of that account, or start with another data folder.`);
  }
  const { account, at: openedAt, activities, ...read } = await readTogether(broker);
  const opening = await beforeOpenOrders(broker, { cash: account.cash, positions: read.positions, newest: read.newest, since: openedAt });
  const cash = toText(opening.cash);
  await db.tx(async (tx) => {
    await tx.query('INSERT INTO execution.account_ledger (account_number, opening_cash, cash, opened_at) VALUES ($1, $2, $2, $3)', [account.accountNumber, cash, at(openedAt)]);
    for (const position of opening.positions.filter((one) => !one.qty.isZero())) await importPosition(tx, position, openedAt, cash);
    await tx.query(`INSERT INTO execution.broker_cursors (name, position) VALUES ('fills_since', $1), ('fills_floor', $2)`, [String(opening.since), opening.newest ?? '']);
    await noteActivities(tx, activities);
  });
  log.info({ account: account.accountNumber, ...openingInWords(opening) }, 'The ledger is opened');
}

/** What our ledger says the account holds. */
export async function ourHoldings(db: Queryable): Promise<Holdings> {
  const rows = await db.query<{ symbol: string | null; qty: string | null; cash: string }>(
    'SELECT p.symbol, p.qty, l.cash FROM execution.account_ledger l LEFT JOIN execution.positions p ON p.qty <> 0',
  );
  const [first] = rows;
  invariant(first, 'The ledger is open');
  return { cash: money(first.cash), positions: new Map(rows.flatMap((row): [string, Quantity][] => (row.symbol === null || row.qty === null ? [] : [[row.symbol, quantity(row.qty)]]))) };
}

/** What the broker says the account holds. */
export async function theirHoldings(broker: Broker): Promise<Holdings> {
  const [account, positions] = [await broker.account(), await broker.positions()];
  return { cash: account.cash, positions: new Map(positions.map((position) => [position.symbol, position.qty])) };
}

/** Writes a snapshot of the account as the broker shows it; true = the broker has blocked trading. */
export async function takeSnapshot(db: Queryable, broker: Broker, source: string, now: EpochMs): Promise<{ equity: string; isTradingBlocked: boolean }> {
  const account = await broker.account();
  const equity = toText(account.equity);
  await db.query('INSERT INTO execution.account_snapshots (at, cash, equity, buying_power, last_equity, source) VALUES ($1, $2, $3, $4, $5, $6)',
    [at(now), toText(account.cash), equity, toText(account.buyingPower), toText(account.lastEquity), source]);
  return { equity, isTradingBlocked: account.isTradingBlocked };
}

/** Calls `take` soon after a fill, at most every five seconds, and never two at a time. */
export function throttled(take: () => Promise<void>): { ask(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  return {
    ask() {
      timer ??= setTimeout(() => {
        timer = null;
        running = running.then(take);
      }, SNAPSHOT_EVERY_MS);
    },
    async stop() {
      if (timer !== null) clearTimeout(timer);
      await running;
    },
  };
}
