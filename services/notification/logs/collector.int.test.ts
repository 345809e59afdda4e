/** The collector over real files and a real book: rotation, cutting, kills in between, and every line exactly once. */
import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openDb, type Db } from '#chassis/db.ts';
import { createHealth, type Health } from '#chassis/health.ts';
import { startBook, until, type Book } from '../../../tests/support/servers.ts';
import { deleteOldFiles, deleteOldLines } from './clean.ts';
import { createCollector, type Collector } from './collector.ts';
import { logFlows } from './flow.ts';
import { writeLines } from './store.ts';

const DAY_MS = 86_400_000;
const CHILD = resolve(import.meta.dirname, '../../../tests/support/collector-child.ts');
const silent = pino({ level: 'silent' });
let book: Book;
let db: Db;
let folder: string;
let collector: Collector;
let health: Health;
const open = (): Collector => createCollector({ folder, db, log: silent, health, retentionDays: 30, now: Date.now });
const ours = (n: number, more: Record<string, unknown> = {}): string => `${JSON.stringify({ level: 'info', ts: Date.now() + n, unit: 'execution', ...more, msg: `line ${n}` })}\n`;
const file = (name: string): string => join(folder, name);
const messages = async (where = 'true'): Promise<string[]> => (await book.sql<{ message: string }>(`SELECT message FROM (SELECT at, seq, unit, message, level FROM logging.system_logs UNION ALL SELECT at, seq, unit, message, level FROM logging.trading_logs UNION ALL SELECT at, seq, unit, message, level FROM logging.performance_logs) l WHERE ${where} ORDER BY seq`)).map((row) => row.message);
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_none, n) => `line ${from + n}`);

beforeAll(async () => {
  book = await startBook();
  db = openDb({ access: book.access('notification'), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 3, onLost: () => undefined });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});
beforeEach(async () => {
  await book.sql('TRUNCATE logging.system_logs, logging.trading_logs, logging.performance_logs, logging.daily_summaries, notification.log_positions');
  folder = mkdtempSync(join(tmpdir(), 'ms-logs-'));
  health = createHealth(() => undefined);
  collector = open();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the collector', () => {
  it('brings in each line once, in its table, with what a search needs', async () => {
    writeFileSync(file('execution.log'), ours(1) + ours(2, { orderId: 'o1', clientOrderId: 'ms-v:AAPL:1:0' }) + ours(3, { tookMs: 12.5 }));
    writeFileSync(file('postgres.log'), '2026-11-22 16:03:03.813 UTC [7] x@y ERROR:  deadlock\n2026-11-22 16:03:03.813 UTC [7] x@y DETAIL:  waits\n\tfor another\n');
    expect(await collector.collectAll()).toMatchObject({ lines: 5 });
    expect(await collector.collectAll()).toMatchObject({ lines: 0, bytes: 0 });
    expect(await book.sql('SELECT unit, level, message, ids, fields FROM logging.trading_logs')).toEqual([{ unit: 'execution', level: 'info', message: 'line 2', ids: ['o1', 'ms-v:AAPL:1:0'], fields: { orderId: 'o1', clientOrderId: 'ms-v:AAPL:1:0' } }]);
    expect(await book.sql('SELECT name, value FROM logging.performance_logs')).toEqual([{ name: 'line 3', value: 12.5 }]);
    expect(await messages(`unit = 'postgres'`)).toEqual(['deadlock', 'DETAIL: waits\n\tfor another']);
    expect(await book.sql(`SELECT message FROM logging.system_logs WHERE words @@ '''dead'':*'::tsquery`)).toEqual([{ message: 'deadlock' }]);
  });

  it('follows a file through its rotations and reads half lines when they are whole', async () => {
    appendFileSync(file('execution.log'), numbers(0, 3).map((_line, n) => ours(n)).join('') + ours(3).slice(0, 30));
    await collector.collectAll();
    appendFileSync(file('execution.log'), `${ours(3).slice(30)}${ours(4)}`);
    renameSync(file('execution.log'), file('execution.log.1'));
    writeFileSync(file('execution.log'), ours(5));
    await collector.collectAll();
    renameSync(file('execution.log.1'), file('execution.log.2'));
    renameSync(file('execution.log'), file('execution.log.1'));
    appendFileSync(file('execution.log'), ours(6) + ours(7));
    await collector.collectAll();
    await open().collectAll(); // A new process knows them all again.
    expect((await messages()).filter((message) => message !== 'line 3')).toEqual(['line 0', 'line 1', 'line 2', 'line 4', 'line 5', 'line 6', 'line 7']);
  });

  it('begins a file that was cut off anew', async () => {
    writeFileSync(file('execution.log'), ours(0) + ours(1) + ours(2));
    await collector.collectAll();
    truncateSync(file('execution.log'));
    appendFileSync(file('execution.log'), ours(3));
    await collector.collectAll();
    appendFileSync(file('execution.log'), ours(4));
    await collector.collectAll();
    expect(await messages()).toEqual(numbers(0, 5));
  });

  it('cuts a line of 10 MB, survives garbage, and passes over what is no log file', async () => {
    writeFileSync(file('execution.log'), Buffer.concat([Buffer.from(ours(0)), Buffer.alloc(10_485_760, 0x78), Buffer.from('\n'), Buffer.from([0, 255, 254, 0xc3, 0x28, 10]), Buffer.from('{"level":"info","msg":"nul \\u0000 half \\ud800","a":"\\u0000\\udfff"}\n'), Buffer.from(ours(1))]));
    writeFileSync(join(tmpdir(), 'ms-elsewhere.log'), ours(99));
    symlinkSync(join(tmpdir(), 'ms-elsewhere.log'), file('linked.log'));
    mkdirSync(file('folder.log'));
    expect(await collector.collectAll()).toMatchObject({ lines: 5 });
    const found = await messages();
    expect(found[1]).toMatch(/^x{3000}.*cut: the line has at least \d+ bytes\)$/);
    expect(found[1]?.length).toBeLessThan(4_100);
    expect(found.at(-1)).toBe('line 1');
    expect(found).not.toContain('line 99');
  });

  it('writes a line once although it is killed between reading and committing', async () => {
    writeFileSync(file('execution.log'), numbers(0, 50).map((_line, n) => ours(n)).join(''));
    let isBroken = true;
    const dying: Db = { ...db, query: (text, params) => db.query(text, params), tx: (fn, durability) => db.tx(async (tx) => {
      const value = await fn(tx);
      if (isBroken) throw new Error('killed before the commit');
      return value;
    }, durability) };
    const killed = createCollector({ folder, db: dying, log: silent, health, retentionDays: 30, now: Date.now });
    await expect(killed.collectAll()).rejects.toThrow('killed');
    expect(await messages()).toEqual([]);
    isBroken = false;
    await open().collectAll();
    await killed.collectAll(); // It still believed in its old position, is refused, and reads it anew.
    expect(await messages()).toEqual(numbers(0, 50));
  });

  it('keeps every line exactly once through real kills, while lines are written and files rotate', async () => {
    let written = 0;
    const write = (): void => {
      if (written >= 4_600) return;
      appendFileSync(file('execution.log'), Array.from({ length: 40 }, () => ours(written++)).join(''));
      if (written % 1_000 !== 0) return; // Four rotations at most: the oldest file is not overwritten, however slow the computer.
      for (let n = 4; n >= 1; n -= 1) if (existsSync(file(n === 1 ? 'execution.log' : `execution.log.${n - 1}`))) renameSync(file(n === 1 ? 'execution.log' : `execution.log.${n - 1}`), file(`execution.log.${n}`));
    };
    const writing = setInterval(write, 15);
    for (let kill = 0; kill < 4; kill += 1) {
      const before = (await book.sql<{ count: number }>('SELECT count(*) AS count FROM logging.system_logs'))[0]?.count ?? 0;
      const child = spawn(process.execPath, [CHILD, folder, JSON.stringify(book.access('notification'))], { stdio: 'ignore' });
      const gone = new Promise((done) => child.once('exit', done));
      await until(async () => written >= 4_600 || ((await book.sql<{ count: number }>('SELECT count(*) AS count FROM logging.system_logs'))[0]?.count ?? 0) > before, 'the collector to collect');
      child.kill('SIGKILL');
      await gone;
    }
    clearInterval(writing);
    expect(await open().collectAll()).toMatchObject({ tooOld: 0 });
    expect(await book.sql(`SELECT count(*) AS lines, count(DISTINCT message) AS messages FROM logging.system_logs`)).toEqual([{ lines: written, messages: written }]);
  });

  it('refuses a second reader of the same file', async () => {
    writeFileSync(file('execution.log'), ours(0));
    await collector.collectAll();
    const [position] = await book.sql<{ fileId: number }>(`SELECT file_id AS "fileId" FROM notification.log_positions`);
    const before = { fileId: position?.fileId ?? 0, unit: 'execution', headBytes: 5, headHash: 'x', position: 0, isMidLine: false, lastAt: null };
    await expect(writeLines(db, before, { ...before, position: 9 }, [])).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
  });

  it('keeps what it could not read for later, and says what it leaves out for its age', async () => {
    writeFileSync(file('execution.log'), ours(-40 * DAY_MS) + ours(1));
    expect(await collector.collectAll()).toMatchObject({ lines: 1, tooOld: 1 });
    writeFileSync(file('gone_unit.log'), ours(2));
    chmodSync(file('gone_unit.log'), 0o000);
    await collector.collectAll();
    chmodSync(file('gone_unit.log'), 0o600);
    await collector.collectAll();
    expect(await messages()).toEqual(['line 1', 'line 2']);
  });

  it('tails within two seconds and goes on after PostgreSQL was away', async () => {
    const abort = new AbortController();
    const running = collector.run(abort.signal);
    appendFileSync(file('execution.log'), ours(1));
    await until(async () => (await messages()).includes('line 1'), 'the first line', 4_000);
    await book.kill();
    appendFileSync(file('execution.log'), ours(2));
    await book.start();
    await until(async () => (await messages()).includes('line 2'), 'the second line', 20_000);
    abort.abort();
    await running;
    expect(await messages()).toEqual(['line 1', 'line 2']);
  });
});

describe('aggregate_logs', () => {
  const now = Date.UTC(2026, 10, 22, 6, 0); // 01:00 in New York.
  const noon = Date.UTC(2026, 10, 21, 17, 0);
  const line = (unit: string, ts: number, more: { level: string; msg: string; tookMs?: number }): void => appendFileSync(file(`${unit}.log`), `${JSON.stringify({ ts, unit, ...more })}\n`);
  const run = async (runId: string): Promise<unknown> => {
    const [definition] = logFlows({ db, collector: createCollector({ folder, db, log: silent, health, retentionDays: 10, now: () => now }), folder, retentionDays: 10, now: () => now });
    const { signal } = new AbortController();
    const context = { runId, scheduledFor: now, step: (_name: string, fn: (step: { attempt: number; signal: AbortSignal }) => Promise<unknown>) => fn({ attempt: 1, signal }), log: () => undefined, progress: () => undefined, skip: () => Promise.resolve(), child: () => Promise.reject(new Error('no children')), signal };
    return definition?.run(context as never, {});
  };

  it('sums up the day, removes what is beyond retention, and does so twice with the same result', async () => {
    line('execution', noon, { level: 'info', msg: 'Ready', tookMs: 900 });
    line('execution', noon + 1, { level: 'error', msg: 'Order 17 is stuck' });
    line('execution', noon + 2, { level: 'error', msg: 'Order 18 is stuck' });
    line('execution', noon + 3, { level: 'info', msg: 'Ready', tookMs: 1_100 });
    line('analytics', noon, { level: 'warn', msg: 'slow' });
    line('analytics', now, { level: 'error', msg: 'of today' });
    await run('aggregate_logs:1');
    const expected = {
      day: '2026-11-21', lines: 5, errors: 2, warnings: 1, restarts: 1, linesDeleted: 0, filesDeleted: 0,
      units: [{ unit: 'analytics', lines: 1, warnings: 1, errors: 0, starts: 0 }, { unit: 'execution', lines: 4, warnings: 0, errors: 2, starts: 2 }],
      topErrors: [{ unit: 'execution', level: 'error', message: 'Order 17 is stuck', count: 2, firstAt: noon + 1, lastAt: noon + 2 }, { unit: 'analytics', level: 'warn', message: 'slow', count: 1, firstAt: noon, lastAt: noon }],
      slowest: [{ unit: 'execution', name: 'Ready', count: 2, maxMs: 1_100, meanMs: 1_000 }],
    };
    expect(await run('aggregate_logs:2')).toMatchObject({ ...expected, linesCollected: 0 });
    expect(await book.sql(`SELECT day::text, lines, run_id FROM logging.daily_summaries`)).toEqual([{ day: '2026-11-21', lines: 5, run_id: 'aggregate_logs:2' }]);
  });

  it('deletes lines by month and in batches, and files of ours alone', async () => {
    const oldest = now - 10 * DAY_MS;
    for (const days of [80, 50, 12, 11, 9, 0]) {
      writeFileSync(file('execution.log'), `${JSON.stringify({ level: 'info', ts: now - days * DAY_MS, msg: `day ${days}` })}\n`);
      await createCollector({ folder, db, log: silent, health, retentionDays: 100, now: () => now }).collectAll();
    }
    expect(await deleteOldLines(db, oldest, new AbortController().signal)).toBe(4);
    expect(await messages()).toEqual(['day 9', 'day 0']);
    expect(await book.sql(`SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = 'logging.system_logs'::regclass AND c.relname < 'system_logs_2026_11'`)).toEqual([]);
    mkdirSync(file('crashes'));
    const old = ['execution.log', 'execution.log.2', 'former_unit.log', 'audit.log', 'audit.log.1', 'notes.txt', 'crashes/2026-01-01T00-00-00.000Z-execution.log', 'crashes/mine.log'];
    for (const name of old) {
      writeFileSync(file(name), 'x\n');
      utimesSync(file(name), new Date(oldest - 1), new Date(oldest - 1));
    }
    writeFileSync(file('execution.log.1'), 'x\n');
    expect(await deleteOldFiles(folder, oldest)).toEqual({ files: 3, bytes: 6 });
    expect(readdirSync(folder).sort()).toEqual(['audit.log', 'audit.log.1', 'crashes', 'execution.log', 'execution.log.1', 'notes.txt']);
    expect(readdirSync(file('crashes'))).toEqual(['mine.log']);
  });

  it('drops months while lines are written, and neither waits for the other for ever', async () => {
    writeFileSync(file('execution.log'), `${JSON.stringify({ level: 'info', ts: now - 80 * DAY_MS, msg: 'old' })}\n`);
    await createCollector({ folder, db, log: silent, health, retentionDays: 100, now: () => now }).collectAll();
    const dropping: Promise<number>[] = [];
    await db.tx(async (tx) => {
      await tx.query('DELETE FROM logging.system_logs WHERE false');
      dropping.push(deleteOldLines(db, now - 10 * DAY_MS, new AbortController().signal));
      await until(async () => (await book.sql('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0, 'the drop to wait');
      await tx.query('DELETE FROM logging.performance_logs WHERE false');
    });
    expect(await Promise.all(dropping)).toEqual([1]);
  });

  it.each(['enable_nestloop', 'enable_hashjoin'])('finds the old months whatever way the planner goes (without %s)', async (way) => {
    // A plan that reads every relation's name must not take each for a month.
    await book.sql(`ALTER ROLE mainspring SET ${way} = off`);
    await book.sql(`ALTER ROLE notification SET ${way} = off`);
    const other = openDb({ access: book.access('notification'), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 1, onLost: () => undefined });
    try {
      await other.query(`SELECT logging.ensure_month(now()::date)`);
      expect(await deleteOldLines(other, now - 10 * DAY_MS, new AbortController().signal)).toBe(0);
    } finally {
      await other.close();
      await book.sql(`ALTER ROLE mainspring RESET ${way}`);
      await book.sql(`ALTER ROLE notification RESET ${way}`);
    }
  });

  it('cleans nothing through a link out of the log folder', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'ms-else-'));
    const name = '2020-01-01T00-00-00.000Z-execution.log';
    writeFileSync(join(elsewhere, name), 'x');
    utimesSync(join(elsewhere, name), new Date(0), new Date(0));
    symlinkSync(elsewhere, file('crashes'));
    expect(await deleteOldFiles(folder, now)).toEqual({ files: 0, bytes: 0 });
    expect(existsSync(join(elsewhere, name))).toBe(true);
    rmSync(elsewhere, { recursive: true });
  });
});
