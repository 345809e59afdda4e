/** Archiving as a process that is killed between two effects: the bars are in the book or in a verified file, and doing it again finishes it. */
import { fork } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ArchiveJob } from '../../tests/support/archive-worker.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import { readManifests, verifyArchive } from './archive-files.ts';

const worker = join(resolve(dirname(fileURLToPath(import.meta.url)), '../..'), 'tests/support/archive-worker.ts');
const ROWS = 2_000;
let book: Book;

beforeAll(async () => {
  book = await startBook();
  await book.sql(`SELECT data_ingestion.ensure_month('2023-01-01')`);
  await book.sql(`INSERT INTO data_ingestion.market_data SELECT 'SPY', '1Min', timestamptz '2023-01-03 14:30Z' + n * interval '1 minute', 100 + n % 7, 110, 99, 100 + n % 5, n, 'test', now() FROM generate_series(1, ${ROWS}) n`);
  await book.sql(`INSERT INTO data_ingestion.market_data SELECT symbol, '5Min', open_time, open, high, low, close, volume, source, ts_seen FROM data_ingestion.market_data WHERE extract(minute FROM open_time) % 5 = 0`);
  await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at) SELECT symbol, timeframe, max(open_time), 1, count(*), now() FROM data_ingestion.market_data GROUP BY 1, 2`);
});
afterAll(() => book.stop());

/** Runs the worker once. Returns how it ended and the rows it told. */
function run(job: Omit<ArchiveJob, 'access'>, crashAt?: string): Promise<{ ended: number | string | null; rows: number | null }> {
  return new Promise((done, fail) => {
    const child = fork(worker, [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [], env: { ...process.env, ...(crashAt === undefined ? {} : { MAINSPRING_CRASH_AT: crashAt }) } });
    let rows: number | null = null;
    child.once('error', fail);
    child.on('message', (message: { rows: number }) => (rows = message.rows));
    child.once('exit', (code, signal) => done({ ended: signal ?? code, rows }));
    child.send({ ...job, access: book.access('data_ingestion') } satisfies ArchiveJob);
  });
}
const inBook = async (): Promise<number> => (await book.sql<{ n: number }>(`SELECT count(*) AS n FROM data_ingestion.market_data WHERE timeframe = '1Min' AND open_time < '2023-02-01'`))[0]?.n ?? 0;
const fingerprint = () => book.sql(`SELECT md5(string_agg(m::text, '|' ORDER BY timeframe, open_time)) AS hash FROM data_ingestion.market_data m`);
/** The killed process's transaction ends with its session. */
const released = () => until(async () => (await book.sql(`SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'archive test%'`)).length === 0, 'the killed sessions to end');

it('loses no bar to a kill at any point, there and back', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ms-archive-kill-'));
  const before = await fingerprint();
  for (const point of ['archive:file verified', 'archive:before commit', 'archive:dropped']) {
    expect(await run({ action: 'archive', month: '2023-01', folder }, point)).toEqual({ ended: 'SIGKILL', rows: null });
    await released();
    if (point !== 'archive:dropped') expect(await fingerprint()).toEqual(before);
    else {
      expect(await inBook()).toBe(0);
      const [manifest] = await readManifests(folder, '2023-01');
      expect(manifest?.rows).toBe(ROWS);
      if (manifest) await verifyArchive(folder, manifest);
    }
  }
  expect(await run({ action: 'restore', month: '2023-01', folder }, 'restore:before commit')).toEqual({ ended: 'SIGKILL', rows: null });
  await released();
  expect(await inBook()).toBe(0);
  expect(await run({ action: 'restore', month: '2023-01', folder })).toEqual({ ended: 0, rows: ROWS });
  expect(await fingerprint()).toEqual(before);
});
