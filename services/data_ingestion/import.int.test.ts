/** Imports against a real book: files as people have them, each row once, whatever ends in between. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { zipSync } from 'fflate';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { importWishSchema, type ImportWish } from '#app/contracts/bulk.ts';
import { invariant } from '#app/domain/errors.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { openDb, type Db } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import { createLog } from '#chassis/log.ts';
import { startBook, until, type Book } from '../../tests/support/servers.ts';
import { openColumnCache } from '../research/cache.ts';
import { steer } from './backfill.ts';
import { exportPage } from './export.ts';
import { previewImport, wantImport } from './import.ts';
import { judgeImport } from './import-quality.ts';
import { collectSources, lineWindows } from './import-files.ts';
import { startImports, type ImportLane, type ImportParts } from './import-lane.ts';

let book: Book;
let db: Db;
let bulk: BulkOptions;
let folder: string;
let lane: ImportLane | null = null;
const failures: unknown[] = [];
let asked = 0;

const put = (name: string, content: string | Uint8Array): string => {
  const file = path.join(folder, 'in', name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
};
const minutes = (count: number, from = 0): string => Array.from({ length: count }, (_, n) => `2024-03-08 ${String(9 + Math.floor((30 + from + n) / 60)).padStart(2, '0')}:${String((30 + from + n) % 60).padStart(2, '0')}:00,10,11,9,10.${String(from + n).padStart(3, '0')},${100 + n}`).join('\n');
const HEAD = 'time,open,high,low,close,volume\n';
const wish = (paths: readonly string[], more: Partial<ImportWish> = {}): ImportWish => importWishSchema.parse({ paths, ...more });
const begin = (more: Partial<ImportParts> = {}): void => {
  lane = startImports({ db, bulk, folder: path.join(folder, 'imports'), log: createLog('data_ingestion', 'error'), signal: new AbortController().signal, isBusy: () => false, hasRoom: () => true, onFatal: (error) => failures.push(error), judge: (importId) => judgeImport(db, importId, new AbortController().signal), ...more });
};
const want = (given: ImportWish): Promise<string> => wantImport(db, given, { key: `test-${(asked += 1)}`, wantedBy: 'test' });
const facts = async (id: string) => (await book.sql<Record<string, unknown>>(
  `SELECT i.state, i.problem, i.quality, sum(f.rows)::int AS rows, sum(f.stored)::int AS stored, sum(f.known)::int AS known, sum(f.refused)::int AS refused, sum(f.replaced)::int AS replaced, sum(f.actions)::int AS actions FROM data_ingestion.imports i JOIN data_ingestion.import_files f USING (import_id) WHERE import_id = $1 GROUP BY 1, 2, 3`, [id]))[0];
const ended = (id: string) => until(async () => { const now = await facts(id); return now?.['state'] === 'done' || now?.['state'] === 'failed' ? now : null; }, 'the import to end');
const run = async (given: ImportWish) => {
  const id = await want(given);
  lane?.wake();
  return { id, ...(await ended(id)) } as Record<string, unknown> & { id: string };
};
const closes = (symbol: string) => book.sql<{ open_time: number; close: string }>('SELECT open_time, trim_scale(close) AS close FROM data_ingestion.market_data WHERE symbol = $1 ORDER BY open_time', [symbol]);

beforeAll(async () => {
  book = await startBook();
  bulk = { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'import test' };
  db = openDb({ access: book.access('data_ingestion'), database: 'trading_system', schema: 'data_ingestion', applicationName: 'test', max: 3, onLost: () => undefined });
});
beforeEach(async () => {
  failures.length = 0;
  folder = mkdtempSync(path.join(tmpdir(), 'ms-import-'));
  await book.sql('TRUNCATE data_ingestion.imports, data_ingestion.import_files, data_ingestion.market_data, data_ingestion.ingestion_status, data_ingestion.corporate_actions');
});
afterEach(async () => {
  await lane?.stop();
  lane = null;
  expect(failures).toEqual([]);
  rmSync(folder, { recursive: true });
});
afterAll(async () => {
  await db.close();
  await book.stop();
});

describe('an import', () => {
  it('stores a file, packed files and an archive once, however often they come', async () => {
    put('aaa.csv', `${HEAD}${minutes(60)}\n`);
    put('deep/bbb.csv.gz', gzipSync(`${HEAD}${minutes(60)}\n`));
    put('more.zip', zipSync({ 'ccc.csv': Buffer.from(`${HEAD}${minutes(60)}`), 'readme.md': Buffer.from('no bars') }));
    begin();
    expect(await run(wish([path.join(folder, 'in')]))).toMatchObject({ state: 'done', rows: 180, stored: 180, known: 0, refused: 0, quality: { series: 3, bars: 180 } });
    expect(await run(wish([path.join(folder, 'in')]))).toMatchObject({ state: 'done', rows: 180, stored: 0, known: 180 });
    expect((await closes('CCC'))[1]).toEqual({ open_time: Date.UTC(2024, 2, 8, 14, 31), close: '10.001' });
    expect(await book.sql('SELECT FROM data_ingestion.outbox')).toEqual([]);
  });

  it('keeps bad rows aside with line and reason, and stores the others', async () => {
    const rows = minutes(60).split('\n');
    rows[3] = '2024-03-08 09:33:00,10,8,9,10,1';
    rows[5] = '2024-03-08 09:35:00,nonsense,11,9,10,1';
    rows[7] = '2024-03-08 09:37:13,10,11,9,10,1';
    rows[9] = rows[8] ?? '';
    rows[11] = '2024-03-08T09:41:00Z,10,11,9,10,1';
    const file = put('aaa.csv', `${HEAD}${rows.join('\n')}\n`);
    begin();
    const done = await run(wish([file]));
    expect(done).toMatchObject({ state: 'done', rows: 60, stored: 55, refused: 5 });
    const aside = readFileSync(path.join(folder, 'imports', done.id, 'refused.csv'), 'utf8').trim().split('\n');
    expect(aside).toHaveLength(6);
    expect(aside[1]).toBe(`"${file}",5,"has a high below its low","2024-03-08 09:33:00,10,8,9,10,1"`);
    const [row] = await book.sql<{ bad: { line: number; reason: string }[] }>('SELECT bad FROM data_ingestion.import_files WHERE import_id = $1', [done.id]);
    expect(row?.bad.map(({ line }) => line)).toEqual([5, 7, 9, 11, 13]);
    expect(row?.bad[4]?.reason).toContain('offset');
  });

  it.each(['import:before commit', 'import:window stored'])('loses and doubles nothing when the process ends at "%s"', async (where) => {
    const rows = minutes(380).split('\n');
    rows[10] = 'broken';
    rows[300] = 'broken, too';
    const file = put('aaa.csv', `${HEAD}${rows.join('\n')}\n`);
    let count = 0;
    const id = await want(wish([file]));
    const cut = new AbortController();
    begin({ windowBytes: 4_096, signal: cut.signal, point: (name) => {
      if (name !== where || (count += 1) !== 2) return;
      cut.abort();
      throw new Error('power cut');
    } });
    await until(() => cut.signal.aborted, 'the power to go');
    await lane?.stop();
    // What was written aside and not told to the book is written again, not twice.
    begin({ windowBytes: 4_096 });
    expect(await ended(id)).toMatchObject({ state: 'done', rows: 380, stored: 378, known: 0, refused: 2 });
    expect(await closes('AAA')).toHaveLength(378);
    expect(readFileSync(path.join(folder, 'imports', id, 'refused.csv'), 'utf8').trim().split('\n').map((line) => line.split(',')[1])).toEqual(['line', '12', '302']);
  });

  it('reads a file with a column of symbols, of days, and writes it out to the same rows', async () => {
    const days = ['2024-03-07', '2024-03-08', '2024-03-11'];
    const text = `symbol,time,open,high,low,close,volume\n${['AAA', 'BRK.B'].flatMap((symbol) => days.map((day, n) => `${symbol},${day},10,11,9,10.${n + 1},${n + 1}`)).join('\n')}\n`;
    begin();
    expect(await run(wish([put('all.csv', text)], { timeframe: '1Day' }))).toMatchObject({ state: 'done', stored: 6 });
    expect((await closes('BRK.B'))[0]).toEqual({ open_time: fromNewYork('2024-03-07', 0), close: '10.1' });
    const cache = openColumnCache(path.join(folder, 'columns'));
    const access = { db, bulk: <T>(fn: Parameters<typeof withBulkTx<T>>[1]) => withBulkTx(bulk, fn) };
    const pages = await Promise.all(['AAA', 'BRK.B'].map((symbol) => exportPage({ cache, access }, { symbol, timeframe: '1Day', adjustment: 'raw', from: null, to: null, after: null })));
    expect(`symbol,time,open,high,low,close,volume\n${pages.map(({ text: page }) => page).join('')}`).toBe(text);
    expect(await run(wish([put('back.csv', `symbol,time,open,high,low,close,volume\n${pages.map(({ text: page }) => page).join('')}`)]))).toMatchObject({ stored: 0, known: 6 });
  });

  it('replaces what is told otherwise when it is asked to', async () => {
    begin();
    await run(wish([put('aaa.csv', `${HEAD}${minutes(20)}\n`)]));
    const other = put('other/aaa.csv', `${HEAD}${minutes(20).replaceAll(',10,11,', ',10.5,11,')}\n`);
    expect(await run(wish([other]))).toMatchObject({ stored: 0, known: 20, replaced: 0 });
    expect(await run(wish([other], { policy: 'replace' }))).toMatchObject({ stored: 0, known: 0, replaced: 20 });
    expect((await book.sql(`SELECT revisions > 0 AS counted FROM data_ingestion.ingestion_status WHERE symbol = 'AAA'`))[0]).toEqual({ counted: true });
  });

  it('takes factors and maps for corporate actions, each once', async () => {
    put('factors/aapl.csv', '20120808,0.9957248,0.0357143,619.86\n20140606,1,0.0357143,645.57\n20200828,1,0.25,499.23\n20501231,1,1,0\n');
    put('maps/new.csv', '20050103,older,Q\n20100104,old,Q\n20501231,new,Q\n');
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable) VALUES ('NEW', 'New Inc.', 'NYSE', true, true, true)`);
    begin();
    expect(await run(wish([path.join(folder, 'in')]))).toMatchObject({ state: 'done', actions: 5 });
    expect(await run(wish([path.join(folder, 'in')]))).toMatchObject({ state: 'done', actions: 0 });
    expect(await book.sql(`SELECT symbol, renamed_to FROM data_ingestion.symbols WHERE symbol LIKE 'OLD%' ORDER BY 1`)).toEqual([{ symbol: 'OLD', renamed_to: 'NEW' }, { symbol: 'OLDER', renamed_to: 'OLD' }]);
    expect(await book.sql('SELECT symbol, kind, ex_date::text AS day, terms FROM data_ingestion.corporate_actions ORDER BY ex_date')).toEqual([
      { symbol: 'OLDER', kind: 'name_change', day: '2005-01-04', terms: { old_symbol: 'OLDER', new_symbol: 'OLD' } },
      { symbol: 'OLD', kind: 'name_change', day: '2010-01-05', terms: { old_symbol: 'OLD', new_symbol: 'NEW' } },
      { symbol: 'AAPL', kind: 'cash_dividend', day: '2012-08-09', terms: { rate: '2.65' } },
      { symbol: 'AAPL', kind: 'forward_split', day: '2014-06-09', terms: { new_rate: '7', old_rate: '1' } },
      { symbol: 'AAPL', kind: 'forward_split', day: '2020-08-31', terms: { new_rate: '4', old_rate: '1' } },
    ]);
  });

  it('leaves what is not over, and the newest minutes, to the live stream', async () => {
    const at = (ms: number): string => `${new Date(ms - (ms % 60_000)).toISOString()},10,11,9,10,1`;
    const now = Date.now();
    begin();
    expect(await run(wish([put('aaa.csv', `${HEAD}${[now - 7_200_000, now - 7_140_000, now - 7_080_000, now - 600_000, now + 86_400_000].map(at).join('\n')}\n`)], { timeframe: '1Min' }))).toMatchObject({ state: 'done', stored: 3, refused: 2 });
    expect(await book.sql(`SELECT last_open_time < clock_timestamp() - interval '1 hour' AS old, told_open_time FROM data_ingestion.ingestion_status`)).toEqual([{ old: true, told_open_time: null }]);
  });

  it('is nobody\'s bread: what it cannot mend ends it in words, not the lane, and a person takes it up again', async () => {
    let isFull = true;
    begin({ point: (name) => { if (isFull && name === 'import:before commit') throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' }); }, judge: () => Promise.reject(new Error('a rule broke')) });
    const { id, ...first } = await run(wish([put('aaa.csv', `${HEAD}${minutes(9)}\n`)]));
    expect(first).toMatchObject({ state: 'failed', problem: expect.stringContaining('no space left') as unknown });
    isFull = false;
    await steer(db, 'imports', id, 'resume');
    lane?.wake();
    expect(await ended(id)).toMatchObject({ state: 'done', stored: 9, quality: null, problem: expect.stringContaining('a rule broke') as unknown });
  });

  it('gives up on what is no file of bars, says why, and goes on with the others', async () => {
    const paths = [put('aaa.csv', `${HEAD}${minutes(5)}\n`), put('bbb.csv', `${HEAD}${'rubbish\n'.repeat(50)}`), put('ccc.csv', 'a,b\n1,2\n'), put('ddd.csv.gz', gzipSync(`${HEAD}${minutes(5)}`).subarray(0, 40))];
    begin();
    expect(await run(wish(paths))).toMatchObject({ state: 'done', stored: 5, problem: expect.stringContaining('3 of 4 files') as unknown });
    const gone = put('eee.csv', `${HEAD}${minutes(5)}\n`);
    const id = await want(wish([gone]));
    writeFileSync(gone, `${HEAD}${minutes(9)}\n`);
    lane?.wake();
    expect(await ended(id)).toMatchObject({ state: 'failed', problem: expect.stringContaining('was changed') as unknown });
  });

  it('does not take for a whole file what is cut off while it is read; one that is only unlinked is read to its end', async () => {
    const file = put('aaa.csv', `${HEAD}${minutes(380)}\n`);
    let act: (() => void) | null = () => truncateSync(file, 9_000);
    begin({ windowBytes: 4_096, point: (name) => { if (name === 'import:window stored') { act?.(); act = null; } } });
    expect(await run(wish([file]))).toMatchObject({ state: 'failed', problem: expect.stringContaining('was changed') as unknown });
    const other = put('bbb.csv', `${HEAD}${minutes(380)}\n`);
    act = () => unlinkSync(other);
    expect(await run(wish([other]))).toMatchObject({ state: 'done', stored: 380 });
  });

  it('stops when it is canceled; what is stored stays', async () => {
    const id = await want(wish([put('aaa.csv', `${HEAD}${minutes(300)}\n`)]));
    begin({ windowBytes: 4_096, point: async (name) => { if (name === 'import:window stored') await steer(db, 'imports', id, 'cancel').catch(() => undefined); } });
    await until(async () => (await facts(id))?.['state'] === 'canceled' && (await closes('AAA')).length > 0, 'the import to be canceled');
    await lane?.stop();
    expect((await closes('AAA')).length).toBeLessThan(300);
  });
});

describe('what may be imported', () => {
  it('is what was named: links out of a folder are left alone, other paths refused with what to do', async () => {
    put('aaa.csv', `${HEAD}${minutes(5)}\n`);
    const outside = path.join(folder, 'outside.csv');
    writeFileSync(outside, `${HEAD}${minutes(5)}\n`);
    symlinkSync(outside, path.join(folder, 'in', 'zzz.csv'));
    expect((await previewImport(wish([path.join(folder, 'in')]))).files.map((file) => path.basename(file.path))).toEqual(['aaa.csv']);
    await expect(previewImport(wish(['relative.csv']))).rejects.toThrow('write the whole path');
    await expect(previewImport(wish([path.join(folder, 'nothing')]))).rejects.toThrow('there is no such file or folder');
    await expect(previewImport(wish([path.join(folder, 'in')], { preset: 'custom' }))).rejects.toThrow('needs a mapping');
    expect(existsSync(path.join(folder, 'imports'))).toBe(false);
  });

  it('waits for nobody: pipes, files of the system and links in a circle are told', async () => {
    // Windows has none of these.
    if (process.platform === 'win32') return;
    const pipe = path.join(folder, 'pipe.csv');
    execFileSync('mkfifo', [pipe]);
    await expect(previewImport(wish([pipe]))).rejects.toThrow('neither a file nor a folder');
    expect((await previewImport(wish(['/proc/self/maps']))).files[0]?.problem).toContain('it is empty');
    put('aaa.csv', `${HEAD}${minutes(5)}\n`);
    const inner = path.join(folder, 'in');
    symlinkSync(inner, path.join(inner, 'again'));
    symlinkSync(path.join(inner, 'self.csv'), path.join(inner, 'self.csv'));
    expect((await previewImport(wish([inner]))).filesTotal).toBe(1);
    await expect(previewImport(wish([path.join(inner, 'self.csv')]))).rejects.toThrow('self.csv: it cannot be read');
    // A pipe that takes the place of a file that was told.
    const [source] = await collectSources([inner]);
    invariant(source, 'There is a file');
    unlinkSync(source.path);
    execFileSync('mkfifo', [source.path]);
    await expect(lineWindows(source, 0, 4_096).next()).rejects.toThrow('neither a file nor a folder');
  });

  it('may be of 5 GB: no more than some windows of it are held', async () => {
    const file = put('aaa.csv', `${HEAD}${minutes(380)}\n`);
    // 20 MB of lines after the rows, then nothing but a hole, which is no line.
    appendFileSync(file, Buffer.from(`${'x'.repeat(999)}\n`.repeat(20_000)));
    truncateSync(file, 5 * 1024 ** 3);
    const [source] = await collectSources([file]);
    invariant(source, 'There is a file');
    const before = process.memoryUsage().arrayBuffers;
    let [windows, most] = [0, 0];
    const read = async (): Promise<void> => {
      for await (const window of lineWindows(source, 0, 1_048_576)) {
        windows += window.bytes.length > 0 ? 1 : 0;
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
    };
    await expect(read()).rejects.toThrow('a line of more than 1024 KB');
    expect(windows).toBeGreaterThan(15);
    expect(most).toBeLessThan(100 * 1024 ** 2);
    expect((await previewImport(wish([file]))).bytes).toBe(5 * 1024 ** 3);
  });

  it('is a folder of thousands of files, up to a number that is told', async () => {
    const many = path.join(folder, 'many');
    mkdirSync(many);
    for (let n = 0; n <= 200; n += 1) writeFileSync(path.join(many, `a${n}.csv`), '');
    await expect(collectSources([many], 200)).rejects.toThrow('more than 200 files');
    await expect(collectSources([many, many], 300)).rejects.toThrow('more than 300 files');
    expect(await previewImport(wish([many]))).toMatchObject({ filesTotal: 201, usable: 0 });
  });
});
