/** The log queries on a real book, as the gateway's own role: filters, pages, everything about an order, the live tail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { logPageSchema, logQuerySchema, logTailMessageSchema, severityOf } from '#app/contracts/logs.ts';
import type { LogPage, LogQuery } from '#app/contracts/logs.ts';
import type { LogLevel } from '#app/contracts/config.ts';
import { openDb } from '#chassis/db.ts';
import type { Db } from '#chassis/db.ts';
import { startBook, until } from '../../../tests/support/servers.ts';
import type { Book } from '../../../tests/support/servers.ts';
import { createLogBook } from '../log-follow.ts';
import { readLogs, tsqueryOf } from './logs.ts';

let book: Book;
let db: Db;
const T0 = Date.UTC(2026, 2, 2, 15, 30); // 10:30 in New York.
const iso = (ms: number): string => new Date(ms).toISOString();
let position = 0;

/** A line as the collector writes it. */
async function line(unit: string, at: number, message: string, more: { level?: LogLevel; ids?: string[]; table?: string; words?: string } = {}): Promise<void> {
  position += 100;
  const level = more.level ?? 'info';
  const isTimed = more.table === 'performance_logs';
  await book.sql(`INSERT INTO logging.${more.table ?? 'system_logs'} (at, file_id, position, seq, unit, level, severity, message, fields, ids, words${isTimed ? ', name, value' : ''})
    VALUES ($1, 1, $2, nextval('logging.line_seq'), $3, $4, $5, $6, '{"n":1}', $7, array_to_tsvector(string_to_array($8, ' '))${isTimed ? `, 'x', 5` : ''})`,
  [iso(at), position, unit, level, severityOf(level), message, more.ids ?? [], more.words ?? message.toLowerCase().replaceAll(/[^a-z0-9]+/g, ' ').trim()]);
}
const ask = async (query: Partial<LogQuery> = {}): Promise<LogPage> => logPageSchema.parse(await readLogs(db, logQuerySchema.parse(query)));
const messages = async (query: Partial<LogQuery> = {}): Promise<string[]> => (await ask(query)).lines.map((one) => one.message);

async function writeOrder(): Promise<void> {
  await book.sql(`INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons, raised_at) VALUES ('sma.v1:AAPL:1:0', 'sma', 'sma.v1', 'AAPL', '1Min', $1, $2, 'long', 100, '[]', $3)`, [iso(T0), iso(T0 + 60_000), iso(T0 + 100)]);
  await book.sql(`INSERT INTO risk_management.risk_decisions (decision_id, client_order_id, source, signal_id, symbol, side, type, qty, outcome, message, limits_version, rules, ts_market, decided_at) VALUES ('sma.v1:AAPL:1:0', 'ms-sma.v1:AAPL:1:0', 'strategy', 'sma.v1:AAPL:1:0', 'AAPL', 'buy', 'market', 10, 'approved', 'within all limits', 1, '[]', $1, $2)`, [iso(T0), iso(T0 + 200)]);
  await book.sql(`INSERT INTO execution.orders (order_id, client_order_id, decision_id, broker_order_id, source, signal_id, symbol, side, type, time_in_force, qty, is_reducing, reference_price, status, version, ts_market, approved_seq) VALUES ('o1', 'ms-sma.v1:AAPL:1:0', 'sma.v1:AAPL:1:0', 'b-1', 'strategy', 'sma.v1:AAPL:1:0', 'AAPL', 'buy', 'market', 'day', 10, false, 100, 'filled', 2, $1, 1)`, [iso(T0)]);
  await book.sql(`INSERT INTO execution.order_events (order_id, version, kind, status, filled_qty, ts_event, ts_seen, source, detail) VALUES ('o1', 1, 'submitted', 'submitted', 0, $1, $1, 'us', '{}'), ('o1', 2, 'fill', 'filled', 10, $2, $2, 'stream', '{}')`, [iso(T0 + 300), iso(T0 + 500)]);
  await book.sql(`INSERT INTO execution.trades (fill_id, order_id, symbol, side, qty, price, ts_event, ts_seen, source, ledger_seq) VALUES ('f1', 'o1', 'AAPL', 'buy', 10, 100.5, $1, $1, 'stream', 1)`, [iso(T0 + 500)]);
  await book.sql(`INSERT INTO logging.audit_log (at, actor, action, subject) VALUES ($1, 'owner', 'order.cancel', 'ms-sma.v1:AAPL:1:0')`, [iso(T0 + 450)]);
}

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'gateway', max: 3, onLost: () => undefined });
  await book.sql(`SELECT logging.ensure_month('2026-03-01')`);
  await writeOrder();
  await line('execution', T0 + 400, 'The outcome of a submit is unknown', { level: 'warn', ids: ['o1'], table: 'trading_logs' });
  await line('risk_management', T0 + 150, 'Sized', { ids: ['sma.v1:AAPL:1:0'], table: 'trading_logs' });
  await line('execution', T0 + 420, 'Found at the broker', { ids: ['b-1'], table: 'trading_logs' });
  await line('execution', T0 + 430, 'Another order', { ids: ['o2'], table: 'trading_logs' });
  await line('gateway', T0 + 600, 'A request failed', { level: 'error', words: 'request failed econnrefused' });
  await line('analytics', T0 + 700, 'Ready', { table: 'performance_logs' });
  await line('analytics', T0 + 800, 'Run ended', { ids: ['generate_reports:1'] });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

describe('readLogs', () => {
  it('gives the newest first from all three tables, and pages without a gap', async () => {
    const all = await messages();
    expect(all).toEqual(['Run ended', 'Ready', 'A request failed', 'Another order', 'Found at the broker', 'The outcome of a submit is unknown', 'Sized']);
    const paged: string[] = [];
    let cursor: string | undefined;
    for (;;) {
      const page = await ask({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
      paged.push(...page.lines.map((one) => one.message));
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    expect(paged).toEqual(all);
    await expect(ask({ cursor: '1;DROP' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  it('filters by part, level, time and words', async () => {
    expect(await messages({ units: 'analytics,gateway' })).toEqual(['Run ended', 'Ready', 'A request failed']);
    expect(await messages({ level: 'warn' })).toEqual(['A request failed', 'The outcome of a submit is unknown']);
    expect(await messages({ level: 'error' })).toEqual(['A request failed']);
    expect(await messages({ from: T0 + 420, to: T0 + 600 })).toEqual(['Another order', 'Found at the broker']);
    expect(await messages({ search: 'FAIL econn' })).toEqual(['A request failed']);
    expect(await messages({ search: `"fail' & !` })).toEqual(['A request failed']);
    expect(await messages({ search: 'nowhere' })).toEqual([]);
    expect(tsqueryOf("can't Open")).toBe(`'can':* & 't':* & 'open':*`);
  });

  it.each(['o1', 'ms-sma.v1:AAPL:1:0', 'sma.v1:AAPL:1:0', 'b-1', 'f1', 'AAPL 2026-03-02 10:30', 'aapl 2026-03-02 10:31'])('tells everything about an order by %s: its lines and what the book says', async (about) => {
    const page = await ask({ about });
    expect(page.matter).toMatchObject({ title: expect.stringContaining('Order: buy 10 AAPL') as unknown });
    expect(page.matter?.ids.toSorted()).toEqual(['b-1', 'f1', 'ms-sma.v1:AAPL:1:0', 'o1', 'sma.v1:AAPL:1:0']);
    expect(page.lines.map(({ message, source }) => `${source}: ${message}`).toReversed()).toEqual([
      'book: Signal: sma wants to be long', 'log: Sized', 'book: Risk approved: within all limits', 'book: Order submitted', 'log: The outcome of a submit is unknown', 'log: Found at the broker', 'book: Asked by owner: order.cancel',
      'book: Filled 10 AAPL at 100.5',
    ]);
  });

  it('pages and filters what the book says like the lines', async () => {
    const first = await ask({ about: 'o1', limit: 1 });
    expect(first.lines.at(-1)?.message).toBe('Found at the broker');
    const second = await ask({ about: 'o1', limit: 1, cursor: first.nextCursor ?? '' });
    const third = await ask({ about: 'o1', limit: 1, cursor: second.nextCursor ?? '' });
    const fourth = await ask({ about: 'o1', limit: 1, cursor: third.nextCursor ?? '' });
    const paged = [first, second, third, fourth].flatMap((page) => page.lines.map((one) => one.id));
    expect(paged).toEqual((await ask({ about: 'o1' })).lines.map((one) => one.id));
    expect(fourth.nextCursor).toBeNull();
    expect(await messages({ about: 'o1', level: 'warn' })).toEqual(['The outcome of a submit is unknown']);
    expect(await messages({ about: 'o1', units: 'strategy_engine' })).toEqual(['Signal: sma wants to be long']);
  });

  it('follows runs and ids that the book does not know by the lines that name them', async () => {
    expect(await ask({ about: 'generate_reports:1' })).toMatchObject({ matter: { title: 'Run of generate reports' }, lines: [{ message: 'Run ended' }] });
    expect(await ask({ about: 'o2' })).toMatchObject({ matter: { ids: [], title: 'Lines that name o2' }, lines: [{ message: 'Another order' }] });
    expect(await messages({ about: 'econnrefused' })).toEqual(['A request failed']);
    expect((await ask({ about: 'MSFT 2026-03-02 10:30' })).matter?.title).toBe('No signal on MSFT 2026-03-02 10:30');
    expect(await messages({ about: '***' })).toEqual([]);
    await expect(ask({ about: 'MSFT 2026-02-30 10:30' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect((await ask({ about: 'MSFT 2026-03-02 25:99' })).matter?.ids).toEqual([]);
    expect(logQuerySchema.safeParse({ about: 'a\0b' }).success).toBe(false);
  });
});

it('tails what passes the filter, and says that it is there when nothing comes', async () => {
  const abort = new AbortController();
  const stream = createLogBook({ db, now: Date.now, signal: abort.signal }).follow(logQuerySchema.parse({ level: 'warn' }), undefined);
  let text = '';
  stream.on('data', (chunk) => { text += String(chunk); });
  const heard = (): ReturnType<typeof logTailMessageSchema.parse>[] => text.trim().split('\n').filter((one) => one !== '').map((one) => logTailMessageSchema.parse(JSON.parse(one)));
  await until(() => heard().length > 0, 'the first sign of life');
  await line('execution', T0 + 900, 'quiet');
  await line('execution', T0 + 100, 'late but loud', { level: 'error' });
  const began = performance.now();
  await until(() => heard().some((message) => message.lines.length > 0), 'the line');
  expect(performance.now() - began).toBeLessThan(1_500);
  expect(heard().flatMap((message) => message.lines.map((one) => one.message))).toEqual(['late but loud']);
  abort.abort();
  await new Promise((done) => stream.once('end', done));
});
