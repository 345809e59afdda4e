/** Importing as a process that is killed with SIGKILL: the next one goes on, every row is there once, and so is every refused one. */
import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importWishSchema } from '#app/contracts/bulk.ts';
import { openDb } from '#chassis/db.ts';
import type { ImportJob } from '../../tests/support/import-worker.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import { wantImport } from './import.ts';

const worker = fileURLToPath(new URL('../../tests/support/import-worker.ts', import.meta.url));
const ROWS = 2_000;
const BAD = [3, 700, 1_999];
let book: Book;
let folder: string;

beforeAll(async () => {
  book = await startBook();
  folder = mkdtempSync(path.join(tmpdir(), 'ms-import-kill-'));
});
afterAll(async () => {
  await book.stop();
  rmSync(folder, { recursive: true });
});

function run(job: Omit<ImportJob, 'access'>, crashAt?: string): Promise<number | string | null> {
  return new Promise((done, fail) => {
    const child = fork(worker, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [], env: { ...process.env, ...(crashAt === undefined ? {} : { MAINSPRING_CRASH_AT: crashAt }) } });
    child.once('error', fail);
    child.once('exit', (code, signal) => done(signal ?? code));
    child.send({ ...job, access: book.access('data_ingestion') } satisfies ImportJob);
  });
}

it('loses no row and doubles none, wherever it is killed', async () => {
  const file = path.join(folder, 'aaa.csv');
  const row = (n: number): string => (BAD.includes(n) ? `broken ${n}` : `${new Date(Date.UTC(2024, 0, 2, 14, 30) + n * 60_000).toISOString()},10,11,9,10.5,${n}`);
  writeFileSync(file, `time,open,high,low,close,volume\n${Array.from({ length: ROWS }, (_, n) => row(n)).join('\n')}\n`);
  const db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 1, onLost: () => undefined });
  const importId = await wantImport(db, importWishSchema.parse({ paths: [file] }), { key: 'killed', wantedBy: 'test' });
  await db.close();
  const job = { importId, folder: path.join(folder, 'imports'), windowBytes: 16_384 };
  for (const point of ['import:before commit', 'import:window stored', 'import:before commit']) {
    expect(await run(job, point)).toBe('SIGKILL');
    await until(async () => (await book.sql(`SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'import worker%'`)).length === 0, 'the killed sessions to end');
  }
  expect(await run(job)).toBe(0);
  expect(await book.sql(`SELECT i.state, f.rows, f.stored, f.known, f.refused FROM data_ingestion.imports i JOIN data_ingestion.import_files f USING (import_id)`)).toEqual([{ state: 'done', rows: ROWS, stored: ROWS - BAD.length, known: 0, refused: BAD.length }]);
  expect(await book.sql('SELECT count(*) AS n, count(DISTINCT open_time) AS times, sum(volume)::bigint AS shares FROM data_ingestion.market_data')).toEqual([{ n: ROWS - BAD.length, times: ROWS - BAD.length, shares: (ROWS * (ROWS - 1)) / 2 - BAD.reduce((sum, n) => sum + n, 0) }]);
  const aside = readFileSync(path.join(job.folder, importId, 'refused.csv'), 'utf8').trim().split('\n').slice(1);
  expect(aside.map((line) => line.split(',').at(-1))).toEqual(BAD.map((n) => `"broken ${n}"`));
});
