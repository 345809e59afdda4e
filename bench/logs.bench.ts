/** A million collected lines: how fast the log page finds among them, and how fast lines are collected. From the sources, not the build. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { logQuerySchema } from '#app/contracts/logs.ts';
import type { LogQuery } from '#app/contracts/logs.ts';
import { openDb } from '#chassis/db.ts';
import { createHealth } from '#chassis/health.ts';
import { readLogs } from '../services/gateway/queries/logs.ts';
import { createCollector } from '../services/notification/logs/collector.ts';
import { startBook } from '../tests/support/servers.ts';
import type { Book } from '../tests/support/servers.ts';
import { figureOf, type Figure } from './lib/measure.ts';

const ROUNDS = 15;
const LIMIT_MS = 200;
const COLLECTED = 100_000;
const SHARES = { system_logs: 700_000, trading_logs: 200_000, performance_logs: 100_000 } as const;

const QUESTIONS: readonly (readonly [name: string, query: Partial<LogQuery>])[] = [
  ['the newest 200', {}], ['errors', { level: 'error' }], ['warnings of one part', { level: 'warn', units: 'execution' }], ['a part without lines', { units: 'migrate' }],
  ['a word of every line', { search: 'sched' }], ['that word, errors alone', { search: 'orders', level: 'error' }], ['a word of three lines', { search: 'c4ca4238a0b9' }], ['a word of none', { search: 'nowhere' }],
  ['two words', { search: 'scheduled 123456' }], ['about an order', { about: 'ms-sma.v1:AAPL:1234:0' }], ['about an unknown id', { about: 'zzz-1' }], ['an hour, twenty days ago', { from: Date.UTC(2026, 10, 2), to: Date.UTC(2026, 10, 2, 1) }],
];

/** Thirty days of lines, one every 2.6 s and table. */
async function fill(book: Book): Promise<void> {
  for (const month of ['2026-10-01', '2026-11-01']) await book.sql(`SELECT logging.ensure_month($1::date)`, [month]);
  for (const [table, count] of Object.entries(SHARES)) {
    const ids = table === 'trading_logs' ? `ARRAY['o' || (g / 10), 'ms-sma.v1:AAPL:' || (g / 10) || ':0']` : `'{}'::text[]`;
    const [more, values] = table === 'performance_logs' ? [', name, value', `, 'x', g`] : ['', ''];
    await book.sql(`INSERT INTO logging.${table} (at, file_id, position, seq, unit, level, severity, message, fields, ids, words${more})
      SELECT '2026-10-24'::timestamptz + g * interval '1 ms' * ${Math.floor((30 * 86_400_000) / count)}, 1 + g % 12, g * 200, nextval('logging.line_seq'), (ARRAY['execution','gateway','analytics','orchestrator','redis','postgres','notification','risk_management'])[1 + g % 8],
        l.level, l.severity, 'Run scheduled number ' || g, jsonb_build_object('n', g, 'flow', 'manage_orders', 'reason', md5(g::text)), ${ids}, array_to_tsvector(ARRAY['run','scheduled','number', g::text, 'manage', 'orders', md5(g::text), 'flow'])${values}
      FROM generate_series(1, ${count}) g, LATERAL (SELECT CASE WHEN g % 5000 = 0 THEN 'error' WHEN g % 300 = 0 THEN 'warn' ELSE 'info' END AS level, CASE WHEN g % 5000 = 0 THEN 50 WHEN g % 300 = 0 THEN 40 ELSE 30 END AS severity) l`);
    await book.sql(`VACUUM ANALYZE logging.${table}`);
  }
}

/** Lines a second from files to the book. */
async function collectRate(book: Book): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'ms-bench-logs-'));
  const db = openDb({ access: book.access('notification'), database: 'trading_system', schema: 'notification', applicationName: 'notification', max: 2, onLost: () => undefined });
  try {
    const now = Date.now();
    writeFileSync(join(folder, 'execution.log'), Array.from({ length: COLLECTED }, (_none, n) => `${JSON.stringify({ level: 'info', ts: now + n, unit: 'execution', orderId: `o${n}`, status: 'accepted', msg: `Order ${n} accepted` })}\n`).join(''));
    const collector = createCollector({ folder, db, log: pino({ level: 'silent' }), health: createHealth(() => undefined), retentionDays: 30, now: Date.now });
    const began = performance.now();
    const { lines } = await collector.collectAll();
    return lines / ((performance.now() - began) / 1_000);
  } finally {
    await db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Questions of the log page over a million lines, and the collector's pace. */
export async function benchLogs(): Promise<Figure[]> {
  const book = await startBook();
  const db = openDb({ access: book.access('gateway'), database: 'trading_system', schema: null, applicationName: 'gateway', max: 2, onLost: () => undefined });
  try {
    const rate = await collectRate(book);
    await fill(book);
    const figures: Figure[] = [];
    for (const [name, query] of QUESTIONS) {
      const values: number[] = [];
      for (let round = 0; round < ROUNDS; round += 1) values.push((await readLogs(db, logQuerySchema.parse(query))).tookMs);
      figures.push(figureOf({ name, unit: 'ms', values, limit: LIMIT_MS }));
    }
    return [...figures, figureOf({ name: 'lines collected', unit: 'lines/s', values: [rate] })];
  } finally {
    await db.close();
    await book.stop();
  }
}
