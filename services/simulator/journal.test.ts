/** The journal: what it was told survives any end of the process, and what is not true any more is refused. */
import Database from 'better-sqlite3';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderTimes } from '#app/backtest/order-times.ts';
import { DEFAULT_VENUE_CONFIG, PLAIN_ASSET, PLAIN_REQUEST } from '#app/backtest/venue-types.ts';
import { toText } from '#app/domain/numeric.ts';
import { takeSnapshot } from '#app/backtest/venue-snapshot.ts';
import { MINUTE_MS, parseRfc3339, type EpochMs } from '#app/domain/time.ts';
import { openJournal, readMarketStart, type Journal } from './journal.ts';
import type { FillText } from './journal-queries.ts';

const OPEN = parseRfc3339('2024-07-01T13:30:00Z');
const CLOSE = parseRfc3339('2024-07-01T20:00:00Z');
let folder = '';
let file = '';
const options = () => ({ file, config: DEFAULT_VENUE_CONFIG, fingerprint: 'test:1' });
const buy = (journal: Journal, clientOrderId: string, limitPrice: string | null = null) => journal.commit({
  op: 'submit', request: { ...PLAIN_REQUEST, clientOrderId, symbol: 'AAPL', side: 'buy', type: limitPrice === null ? 'market' : 'limit', timeInForce: 'day', qty: '2', limitPrice },
  context: { ...orderTimes({ timeInForce: 'day', extendedHours: false }, Math.max(OPEN, journal.venue.state.now) as EpochMs), expiresAt: CLOSE, lastPrice: '100', bid: null, ask: null, asset: PLAIN_ASSET },
});
const step = (journal: Journal, n: number) => journal.commit(
  { op: 'step', at: (OPEN + n * MINUTE_MS) as EpochMs, barMs: MINUTE_MS, isRegular: true, bars: [{ symbol: 'AAPL', open: '100', high: '101', low: '99.5', close: '100.5', volume: '10' }] },
  { cursor: { openTime: (OPEN + n * MINUTE_MS) as EpochMs, steps: n + 1, bars: n + 1 } });

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'journal-'));
  file = path.join(folder, 'deep', 'simulator.sqlite');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the journal', () => {
  it('rebuilds the account from a copy of its files taken at any moment', () => {
    const journal = openJournal(options());
    for (let n = 0; n < 12; n += 1) {
      buy(journal, `m${n}`);
      buy(journal, `l${n}`, '90');
      step(journal, n);
      if (n === 5) journal.commit({ op: 'cancel', orderId: journal.venue.openOrders()[0]?.id ?? '', at: journal.venue.state.now, isSlow: false });
      journal.flush();
      const copy = path.join(folder, `copy${n}.sqlite`);
      copyFileSync(file, copy);
      copyFileSync(`${file}-wal`, `${copy}-wal`);
      const again = openJournal({ ...options(), file: copy });
      expect(takeSnapshot(again.venue.state)).toEqual(takeSnapshot(journal.venue.state));
      expect(again.cursor()).toEqual({ openTime: OPEN + n * MINUTE_MS, steps: n + 1, bars: n + 1 });
      again.close();
    }
    expect(journal.orders({ status: 'all', limit: 500, isDescending: false })).toHaveLength(24);
    expect(journal.orders({ status: 'closed', limit: 500, isDescending: true, symbols: ['AAPL'] })).toHaveLength(13);
    journal.close();
  });
  it('keeps open orders over an orderly end, and over the next', () => {
    for (const life of [0, 1, 2]) {
      const journal = openJournal(options());
      expect(journal.venue.openOrders().map((order) => order.clientOrderId)).toEqual(Array.from({ length: life * 2 }, (_none, n) => `${n % 2 === 0 ? 'm' : 'l'}${Math.floor(n / 2)}`));
      buy(journal, `m${life}`);
      buy(journal, `l${life}`, '90');
      journal.close();
    }
  });
  it('goes on across thousands of operations, keeping only what is needed', () => {
    let journal = openJournal(options());
    for (let n = 0; n < 4_500; n += 1) step(journal, n);
    journal.close();
    journal = openJournal(options());
    buy(journal, 'late');
    expect(journal.cursor()?.steps).toBe(4_500);
    const db = new Database(file, { readonly: true });
    expect(db.prepare<[], { n: number }>('SELECT count(*) AS n FROM ops').get()?.n).toBeLessThan(2_100);
    db.close();
    journal.close();
  });
  it('pages activities forth and back and finds orders by both ids', () => {
    const journal = openJournal(options());
    for (let n = 0; n < 5; n += 1) {
      buy(journal, `m${n}`);
      step(journal, n);
    }
    const all = journal.activities({ limit: 100, isDescending: false }) as readonly FillText[];
    expect(all.map((one) => one.at)).toEqual([0, 1, 2, 3, 4].map((n) => OPEN + n * MINUTE_MS));
    expect(all[0]?.id).toBe(`20240701133000000::${all[0]?.executionId}`);
    expect(journal.activities({ limit: 2, isDescending: false, pageToken: all[1]?.id ?? '' })).toEqual(all.slice(2, 4));
    expect(journal.activities({ limit: 2, isDescending: true, pageToken: all[3]?.id ?? '' })).toEqual([all[2], all[1]]);
    expect(journal.activities({ limit: 9, isDescending: false, after: all[3]?.at ?? (0 as EpochMs) })).toEqual([all[4]]);
    expect(journal.orderByClientId('m3')).toEqual(journal.orderById(all[3]?.orderId ?? ''));
    expect(journal.orderByClientId('nobody')).toBeNull();
    journal.close();
  });
  it('changes nothing on a refusal', () => {
    const journal = openJournal(options());
    buy(journal, 'a');
    const before = takeSnapshot(journal.venue.state);
    expect(buy(journal, 'a').ok).toBe(false);
    expect(takeSnapshot(journal.venue.state)).toEqual(before);
    expect(journal.orders({ status: 'all', limit: 9, isDescending: false })).toHaveLength(1);
    journal.close();
  });
  it('tells everyone when the disk fails, and takes nothing more', async () => {
    const journal = openJournal(options());
    buy(journal, 'a');
    await journal.settled();
    edit(file, 'DROP TABLE ops');
    buy(journal, 'b');
    await expect(journal.settled()).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    await expect(journal.settled()).rejects.toMatchObject({ code: 'DATA_FOLDER_UNUSABLE' });
    expect(() => buy(journal, 'c')).toThrow(/cannot be used/);
    expect(() => journal.orderById('anything')).toThrow(/cannot be used/);
  });
  it('remembers where its market began', () => {
    expect(readMarketStart(file, 'synthetic', () => OPEN)).toBe(OPEN);
    expect(readMarketStart(file, 'synthetic', () => CLOSE)).toBe(OPEN);
  });
});

describe('a journal of the first format', () => {
  const old = () => ({ file, config: { ...DEFAULT_VENUE_CONFIG, seed: 7 }, fingerprint: 'synthetic:7:2' });
  const leave = (change = '') => {
    mkdirSync(path.dirname(file), { recursive: true });
    edit(file, `${readFileSync(path.join(import.meta.dirname, 'journal-format-1.sql'), 'utf8')}${change}`);
  };

  it('is taken over with everything that the account was and did', () => {
    leave();
    expect(readMarketStart(file, 'synthetic', () => CLOSE)).toBe(OPEN);
    for (const _life of ['the first', 'a later one']) {
      const journal = openJournal(old());
      const { venue } = journal;
      expect([toText(venue.figures().cash), toText(venue.figures().equity), ...venue.positions().map(({ symbol, qty }) => `${toText(qty)} ${symbol}`)]).toEqual(['98751.5', '100006.0625', '8 AAPL', '1.125 MSFT']);
      expect(venue.openOrders().map((order) => [order.clientOrderId, order.status, order.orderClass, order.positionIntent])).toEqual([['ms-gtc', 'new', 'simple', 'sell_to_close'], ['ms-night', 'accepted', 'simple', 'buy_to_open']]);
      expect(journal.orders({ status: 'all', limit: 99, isDescending: false }).map((order) => [order.clientOrderId, order.status, order.legs])).toEqual([
        ['ms-buy', 'filled', []], ['ms-fraction', 'filled', []], ['ms-dollars', 'filled', []], ['ms-rest', 'expired', []], ['ms-gtc', 'new', []], ['ms-slow', 'canceled', []], ['ms-exit', 'filled', []], ['ms-night', 'accepted', []],
      ]);
      expect(journal.activities({ limit: 9, isDescending: false, types: ['FILL'] }).map((fill) => [fill.type, fill.qty])).toEqual([['FILL', '10'], ['FILL', '0.5'], ['FILL', '0.625'], ['FILL', '2']]);
      expect(journal.cursor()).toEqual({ openTime: OPEN + 2 * MINUTE_MS, steps: 3, bars: 6 });
      journal.close();
    }
  });
  it('trades on as an account with margin and shorting, over the next starts too', () => {
    leave();
    const options = { ...old(), config: { ...old().config, multiplier: 2, isShortingEnabled: true, partialFillPercent: 10 } as const };
    openJournal(options).close();
    const journal = openJournal(options);
    expect(journal.venue.state.settings).toMatchObject({ noShorting: false, maxMarginMultiplier: 2 });
    expect(journal.venue.figures().multiplier).toBe(2);
    const at = journal.venue.state.now;
    const sold = journal.commit({
      op: 'submit', request: { ...PLAIN_REQUEST, clientOrderId: 'short', symbol: 'NVDA', side: 'sell', type: 'market', timeInForce: 'day', qty: '10' },
      context: { ...orderTimes({ timeInForce: 'day', extendedHours: false }, at), lastPrice: '50', bid: null, ask: null, asset: PLAIN_ASSET },
    });
    expect(sold.ok).toBe(true);
    journal.flush();
    // A kill: the operation is repeated under the terms it was taken with.
    const copy = path.join(folder, 'copy.sqlite');
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    const again = openJournal({ ...options, file: copy });
    expect(again.venue.openOrders().at(-1)).toMatchObject({ clientOrderId: 'short', positionIntent: 'sell_to_open' });
    again.close();
    journal.close();
  });
  it('stays as it was when it cannot be taken over', () => {
    leave(`UPDATE orders SET body = replace(body, '"qty":"4"', '"qty":"5"');`);
    expect(() => openJournal(old())).toThrow(expect.objectContaining({ code: 'JOURNAL_CORRUPT' }));
    const db = new Database(file, { readonly: true });
    expect(db.prepare(`SELECT value FROM meta WHERE key = 'format'`).get()).toEqual({ value: '1' });
    expect(db.prepare('SELECT * FROM orders').columns().map((column) => column.name)).not.toContain('parent_id');
    db.close();
  });
});

describe('a journal that cannot be right', () => {
  it('where no file can be says so', () => {
    writeFileSync(path.join(folder, 'plain'), '');
    expect(() => openJournal({ ...options(), file: path.join(folder, 'plain', 'journal.sqlite') })).toThrow(expect.objectContaining({ code: 'DATA_FOLDER_UNUSABLE' }));
  });
  it('of a newer version says so', () => {
    openJournal(options()).close();
    edit(file, `UPDATE meta SET value = '3' WHERE key = 'format'`);
    expect(() => openJournal(options())).toThrow(/newer version \(journal format 3\)/);
  });
  it('follows other terms of the same account, keeping what the owner had switched', () => {
    const journal = openJournal({ ...options(), config: { ...DEFAULT_VENUE_CONFIG, multiplier: 2, isShortingEnabled: true } });
    journal.commit({ op: 'configure', at: journal.venue.state.now, settings: { ...journal.venue.state.settings, noShorting: true, suspendTrade: true } });
    journal.close();
    const later = openJournal({ ...options(), config: { ...DEFAULT_VENUE_CONFIG, multiplier: 4, isShortingEnabled: true } });
    expect(later.venue.state.settings).toMatchObject({ noShorting: true, suspendTrade: true, maxMarginMultiplier: 4 });
    later.close();
  });
  it('of another market or account is refused with the remedy', () => {
    openJournal(options()).close();
    expect(() => openJournal({ ...options(), fingerprint: 'test:2' })).toThrow(/belongs to another market .* fresh data folder/);
    expect(() => openJournal({ ...options(), config: { ...DEFAULT_VENUE_CONFIG, startingCash: '5' } })).toThrow(/another simulated account/);
  });
  it.each<[string, (file: string) => void]>([
    ['garbage in the file', (name) => {
      rmSync(`${name}-wal`);
      writeFileSync(name, 'this is not a database, it only looks like a file');
    }],
    ['a missing operation', (name) => edit(name, 'DELETE FROM ops WHERE seq = 2')],
    ['a changed operation', (name) => edit(name, `UPDATE ops SET body = replace(body, '"100"', '"1e9"') WHERE seq = 1`)],
    ['a changed order', (name) => edit(name, `UPDATE orders SET body = replace(body, '"qty":"2"', '"qty":"3"')`)],
    ['a changed snapshot', (name) => edit(name, `INSERT INTO snapshots VALUES (1, '{}', 'x')`)],
  ])('%s', (_name, damage) => {
    const journal = openJournal(options());
    buy(journal, 'a', '90');
    buy(journal, 'b', '91');
    buy(journal, 'c', '92');
    journal.flush();
    const copy = path.join(folder, 'copy.sqlite');
    copyFileSync(file, copy);
    copyFileSync(`${file}-wal`, `${copy}-wal`);
    journal.close();
    damage(copy);
    expect(() => openJournal({ ...options(), file: copy })).toThrow(expect.objectContaining({ code: 'JOURNAL_CORRUPT' }));
  });
});

function edit(name: string, sql: string): void {
  const db = new Database(name);
  db.exec(sql);
  db.close();
}
