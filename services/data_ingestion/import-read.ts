/** Rows of a file as the import understands them: with a known form, in windows; and the look at its beginning that is shown before anything is written. */
import type { ImportWish, PreviewFile } from '#app/contracts/bulk.ts';
import { AppError } from '#app/domain/errors.ts';
import { timeframeMs, DAY_MS, MINUTE_MS, TIMEFRAMES, type Timeframe } from '#app/domain/time.ts';
import { timeframeOf } from '../research/csv-checks.ts';
import { DEFECTS, readWindows, type CsvDefect, type CsvWindow } from '../research/csv.ts';
import type { CsvSeries } from '../research/csv-rows.ts';
import { fromExchangeClock, zoneClock } from '../research/csv-time.ts';
import { findDialect, layoutFor, tickerOf, type Dialect } from './import-dialect.ts';
import { beginningOf, type ImportSource } from './import-files.ts';

/** What is looked at of a file before anything is written. */
const SAMPLE_BYTES = 1_048_576;
const FIRST_ROWS = 5;
const BAD_ROWS = 10;
const SYMBOLS_TOLD = 50;
/** Most steps between bars of a timeframe are of its width; those of days are of one to four days. */
const [DAY_STEP_LEAST, DAY_STEP_MOST] = [20 * 3_600_000, 4.1 * DAY_MS];
const MIDNIGHTS_SHARE = 0.9;

/** How a file's clock is read. */
function clockOf(timeZone: string): (times: Float64Array) => void {
  if (timeZone === 'exchange') return fromExchangeClock;
  return timeZone === 'utc' ? () => undefined : zoneClock(timeZone);
}

/** Reads windows of a file by its form. `firstLine`: number of the first line that comes, the header's not counted; `from`: unpacked place of the first window. */
export function rowReader(dialect: Dialect, from: number, options: { readonly firstLine: number; readonly onDefect: (defect: CsvDefect) => void; readonly isFrameKnown?: boolean }): (window: Uint8Array) => CsvWindow {
  return readWindows(layoutFor(dialect, from === 0), {
    firstLine: options.firstLine, onDefect: options.onDefect, toInstants: clockOf(dialect.timeZone), symbolOf: tickerOf,
    ...(dialect.timeframe === null || options.isFrameKnown === false ? {} : { barsOf: dialect.timeframe }),
  });
}

/** The step between most bars in ms, NaN when there are none. */
function usualStep({ bars: { time } }: CsvSeries): number {
  const steps = new Map<number, number>();
  for (let n = 1; n < time.length; n += 1) {
    const step = (time[n] as number) - (time[n - 1] as number);
    steps.set(step, (steps.get(step) ?? 0) + 1);
  }
  return [...steps].sort((a, b) => b[1] - a[1])[0]?.[0] ?? NaN;
}

/** The timeframe of most steps between bars, where single rows stand between two places. */
function usualFrame(series: CsvSeries): Timeframe | null {
  const usual = usualStep(series);
  const { time } = series.bars;
  const midnights = time.filter((at) => at % DAY_MS === 0 || at % DAY_MS === 4 * 3_600_000 || at % DAY_MS === 5 * 3_600_000).length;
  if (usual >= DAY_STEP_LEAST && usual <= DAY_STEP_MOST) return midnights >= time.length * MIDNIGHTS_SHARE ? '1Day' : null;
  return TIMEFRAMES.find((timeframe) => timeframe !== '1Day' && timeframeMs(timeframe) === usual) ?? null;
}

/** The series with the most rows: it speaks for all. */
function longestOf(window: CsvWindow): CsvSeries | null {
  return [...window.series].sort((a, b) => b.bars.time.length - a.bars.time.length)[0] ?? null;
}

/** A file whose form is known. */
export type Understood = { readonly kind: 'bars' | 'factors' | 'map' | 'other'; readonly dialect: Dialect | null; readonly notes: readonly string[]; readonly problem: string | null; readonly sample: { readonly bytes: Uint8Array; readonly isWhole: boolean } | null };

/** The form with its timeframe; null for bars that are narrower than what is stored. */
function withFrame(dialect: Dialect, bytes: Uint8Array): Dialect | null {
  if (dialect.timeframe !== null) return dialect;
  const window = rowReader(dialect, 0, { firstLine: dialect.headerLines + 1, onDefect: () => undefined, isFrameKnown: false })(bytes);
  const longest = longestOf(window);
  const timeframe = longest === null ? null : (timeframeOf(longest.bars, window.isDaily) ?? usualFrame(longest));
  if (timeframe !== null) return { ...dialect, timeframe };
  if (longest !== null && usualStep(longest) < MINUTE_MS) return null;
  throw new AppError('INPUT_INVALID', window.series.length === 0 ? 'none of its first rows can be used' : `its rows are of none of the timeframes ${TIMEFRAMES.join(', ')} by how far they are apart. If they are of one, and many are missing, say which one`);
}

/** Finds out how a file is written, its timeframe included. Never throws for what a file may hold: the problem says it. */
export async function understand(source: ImportSource, wish: ImportWish): Promise<Understood> {
  try {
    const sample = await beginningOf(source, SAMPLE_BYTES);
    const found = findDialect(sample.bytes, source.entry ?? source.path, wish);
    if (found.dialect === null) return { ...found, sample };
    const dialect = withFrame(found.dialect, sample.bytes);
    if (dialect === null) return { kind: 'other', dialect, notes: ['Its bars are narrower than a minute, which are not stored: left out.'], problem: null, sample };
    return { ...found, dialect, sample };
  } catch (error) {
    if (error instanceof AppError && error.family === 'invalid') return { kind: 'bars', dialect: null, notes: [], problem: error.message, sample: null };
    throw error;
  }
}

const NOTHING = { preset: null, separator: null, decimal: null, dateFormat: null, timeZone: null, timeframe: null, columns: [], symbols: [], symbolsTotal: 0, from: null, to: null, rows: 0, refused: 0, isSample: false, first: [], bad: [] } as const;

/** The first rows as they are understood, in the order of their symbols. */
function firstRows(series: readonly CsvSeries[], symbolOf: (one: CsvSeries) => string): PreviewFile['first'] {
  const rows: PreviewFile['first'] = [];
  for (const one of series) {
    const { time, open, high, low, close, volume } = one.bars;
    for (let n = 0; n < time.length && rows.length < FIRST_ROWS; n += 1) {
      rows.push({ symbol: symbolOf(one), time: time[n] as number, open: open[n] as number, high: high[n] as number, low: low[n] as number, close: close[n] as number, volume: volume[n] as number });
    }
  }
  return rows;
}

/** What a person is shown of a file before it is imported. */
export async function previewSource(source: ImportSource, wish: ImportWish): Promise<PreviewFile> {
  const { kind, dialect, notes, problem, sample } = await understand(source, wish);
  const name = source.entry === null ? source.path : `${source.path} > ${source.entry}`;
  const facts = { path: name, kind, bytes: source.bytes, notes: [...notes], problem };
  if (dialect === null || sample === null || problem !== null) return { ...NOTHING, ...facts, columns: [], symbols: [], first: [], bad: [] };
  const bad: PreviewFile['bad'] = [];
  let refused = 0;
  const window = rowReader(dialect, 0, {
    firstLine: dialect.headerLines + 1,
    onDefect: ({ line, reason, text }) => {
      refused += 1;
      if (bad.length < BAD_ROWS) bad.push({ line, reason: DEFECTS[reason], text: text.slice(0, 200) });
    },
  })(sample.bytes);
  const symbolOf = (one: CsvSeries): string => one.symbol ?? dialect.symbol ?? '';
  const times = window.series.flatMap(({ bars }) => (bars.time.length === 0 ? [] : [bars.time[0] as number, bars.time.at(-1) as number]));
  const symbols = [...new Set(window.series.map(symbolOf))].sort();
  return {
    ...facts, preset: dialect.preset, separator: dialect.separator, decimal: dialect.decimal, dateFormat: dialect.stamp, timeZone: dialect.timeframe === '1Day' ? null : dialect.timeZone, timeframe: dialect.timeframe,
    columns: dialect.names.map((column, n) => ({ name: column, role: dialect.roles[n] ?? null })), symbols: symbols.slice(0, SYMBOLS_TOLD), symbolsTotal: symbols.length,
    from: times.length === 0 ? null : Math.min(...times), to: times.length === 0 ? null : Math.max(...times), rows: window.rows, refused, isSample: !sample.isWhole, first: firstRows(window.series, symbolOf), bad,
    problem: refused > window.rows / 2 ? `More than half of the rows that were looked at cannot be used: see the reasons, and say how the file is to be read` : null,
  };
}
