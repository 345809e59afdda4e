/** Bringing bars in: CSV with every row checked, and stored columns, each against the plainest way to the same numbers. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BAR_FIELDS, type BarColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import { COPY_COLUMNS, encodeRows, exactOfNumber, type EncodableSeries } from '../services/data_ingestion/bulk-encode.ts';
import { ensureMonths, writeBars, type Written } from '../services/data_ingestion/bulk.ts';
import { padded, parseCsv } from '../services/research/csv.ts';
import { readColumns, writeColumns } from '../services/research/store.ts';
import { startBook } from '../tests/support/servers.ts';
import { bareSmaCross } from './lib/bare.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { pair } from './lib/pair.ts';
import { synthetic } from './lib/synth.ts';

const BARS = 1_000_000;
const MEGABYTE = 1e6;
const BOOK_ROUNDS = 2;
/** Of the file, for what splits it: that takes four times as long a row, and its share is the same. */
const SPLIT_SHARE = 4;
/** pandas.read_csv with dates takes 673..787 ms for such a file where a bare loop takes 14.7..18 ms (reference/performance.md, 3.3 and 4): 44 bare loops. */
const PANDAS_IN_BARE_LOOPS = 44;
/** What `split` and objects take, by the same measurements, of the byte parser's time. */
const LEAST_GAIN_OVER_SPLIT = 3;

function csvOf(bars: BarColumns): Buffer {
  const two = (value: number): string => String(value).padStart(2, '0');
  const lines = ['time,open,high,low,close,volume'];
  for (let n = 0; n < bars.time.length; n += 1) {
    const { date, hour, minute } = toNewYork((bars.time[n] ?? 0) as EpochMs);
    lines.push(`${date} ${two(hour)}:${two(minute)}:00,${BAR_FIELDS.map((field) => bars[field][n]).join()}`);
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}

/** As most programs do it: lines, fields, objects, dates. Nothing is checked, and times are taken for Greenwich's. */
function plainParse(bytes: Buffer): { readonly at: Date; readonly close: number }[] {
  const rows: { at: Date; open: number; high: number; low: number; close: number; volume: number }[] = [];
  const [, ...lines] = bytes.toString('utf8').split('\n');
  for (const line of lines) {
    if (line === '') continue;
    const [time = '', open, high, low, close, volume] = line.split(',');
    rows.push({ at: new Date(`${time.replace(' ', 'T')}Z`), open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume) });
  }
  return rows;
}

function isSame(a: BarColumns, b: BarColumns): boolean {
  return (['time', ...BAR_FIELDS] as const).every((name) => Buffer.from(a[name].buffer, a[name].byteOffset, a[name].byteLength).equals(Buffer.from(b[name].buffer, b[name].byteOffset, b[name].byteLength)));
}

function csvFigures(bars: BarColumns): Figure[] {
  const text = csvOf(bars);
  const bytes = padded(text);
  const parse = (): BarColumns => parseCsv(bytes).series[0]?.bars ?? bars;
  invariant(isSame(parse(), bars), 'The file does not come back as the bars that were written');
  const bare = (): unknown => bareSmaCross(bars, { fast: 10, slow: 30, qty: 100, cash: 1e7, percent: 0.1 });
  const against = pair(parse, bare);
  const part = text.subarray(0, text.indexOf('\n', Math.floor(text.length / SPLIT_SHARE)) + 1);
  const paddedPart = padded(part);
  const split = pair(() => plainParse(part), () => parseCsv(paddedPart), { rounds: 3 });
  return [
    figureOf({ name: `CSV of ${(text.length / MEGABYTE).toFixed(0)} MB, every row checked`, unit: 'MB/s', values: [text.length / against.a / 1_000] }),
    figureOf({ name: '  pandas.read_csv / ours, by the bare loop', unit: 'x', values: [PANDAS_IN_BARE_LOOPS / against.best], limit: 3, floor: 1.5, isFloor: true }),
    figureOf({ name: '  split, objects and dates / ours', unit: 'x', values: [split.best], limit: LEAST_GAIN_OVER_SPLIT, isFloor: true }),
  ];
}

async function columnFigures(bars: BarColumns): Promise<Figure[]> {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-columns-'));
  try {
    const file = path.join(folder, 'bars.columns');
    await writeColumns(file, { symbol: 'TEST', timeframe: '1Min', adjustment: 'raw', source: 'bench' }, bars);
    const plain = path.join(folder, 'bytes');
    writeFileSync(plain, readFileSync(file));
    const stored = readColumns(file);
    invariant(stored !== null && isSame(stored.bars, bars), 'The column file does not come back as the bars that were written');
    const against = pair(() => readColumns(file), () => readFileSync(plain), { rounds: 5, minMs: 60 });
    return [
      figureOf({ name: 'loading 1 M stored bars, checksum and all', unit: 'ms', values: [against.a] }),
      figureOf({ name: '  / reading the same bytes', unit: 'x', values: [against.best], limit: 2, floor: 6 }),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The same rows by nothing but COPY: what writing into the book costs at the least. */
async function bareCopy(options: BulkOptions, symbol: string, bars: BarColumns): Promise<number> {
  const began = performance.now();
  await withBulkTx(options, async (tx) => {
    const { time, open, high, low, close, volume } = bars;
    const series: EncodableSeries = {
      symbol, timeframe: '1Min', length: time.length,
      read(n, into) {
        exactOfNumber(open[n] as number, into[0]);
        exactOfNumber(high[n] as number, into[1]);
        exactOfNumber(low[n] as number, into[2]);
        exactOfNumber(close[n] as number, into[3]);
        exactOfNumber(volume[n] as number, into[4]);
        return time[n] as number;
      },
    };
    await pipeline(Readable.from(encodeRows([series], 'bench', Date.now())), tx.copyIn(`COPY data_ingestion.market_data (${COPY_COLUMNS}) FROM STDIN WITH (FORMAT binary)`));
  });
  return performance.now() - began;
}

/** A million bars into a fresh book: checked, with their status; beside a bare COPY, and once more when all are known. */
async function bookFigures(bars: BarColumns): Promise<Figure[]> {
  const book = await startBook();
  try {
    const options: BulkOptions = { access: book.access('data_ingestion'), database: 'trading_system', applicationName: 'bench' };
    await withBulkTx(options, (tx) => ensureMonths(tx, bars.time[0] ?? 0, bars.time.at(-1) ?? 0));
    const write = async (symbol: string): Promise<{ ms: number; written: Written }> => {
      const began = performance.now();
      const written = await withBulkTx(options, (tx) => writeBars(tx, [{ symbol, timeframe: '1Min', bars }], { source: 'bench', policy: 'keep', tsSeen: Date.now() }));
      return { ms: performance.now() - began, written };
    };
    const [ours, bare]: [number[], number[]] = [[], []];
    for (let round = 0; round < BOOK_ROUNDS; round += 1) {
      const { ms, written } = await write(`OURS${round}`);
      invariant(written.stored === bars.time.length && written.refused === 0, 'Not every bar was stored', { ...written });
      ours.push(ms);
      bare.push(await bareCopy(options, `BARE${round}`, bars));
    }
    const again = await write('OURS0');
    invariant(again.written.known === bars.time.length, 'Known bars were not known', { ...again.written });
    const best = Math.min(...ours);
    return [
      figureOf({ name: '1 M bars into the book, every one checked', unit: 'k bars/s', values: ours.map((ms) => bars.time.length / ms), limit: 250, floor: 150, isFloor: true }),
      figureOf({ name: '  / bare COPY of the same rows', unit: 'x', values: [best / Math.min(...bare)], limit: 1.3, floor: 2 }),
      figureOf({ name: '  the same bars again, all known', unit: 'k bars/s', values: [bars.time.length / again.ms] }),
    ];
  } finally {
    await book.stop();
  }
}

/** P15 and P16 of the performance paper, and the book. */
export async function benchIngest(): Promise<Figure[]> {
  const bars = synthetic({ length: BARS });
  return [...csvFigures(bars), ...(await columnFigures(bars)), ...(await bookFigures(bars))];
}
