/** Indicators over a million closes, in units of dependent arithmetic, beside TA-Lib's C and the fastest library of this language. Numbers are checked before anything is timed. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { IndicatorsSync } from '@ixjb94/indicators';
import * as z from 'zod';
import { barColumns, type BarColumns, sliceColumns } from '#app/domain/bar-columns.ts';
import { invariant } from '#app/domain/errors.ts';
import { columnsOf, streamOf } from '#app/indicators/columns-of.ts';
import { parseName } from '#app/indicators/named.ts';
import { figureOf, type Figure } from './lib/measure.ts';
import { pair } from './lib/pair.ts';
import { synthetic } from './lib/synth.ts';
import { unit } from './lib/unit.ts';

const BARS = 1_000_000;
const STREAMED = 20_000;
const CLOSE_ENOUGH = 1e-10;

const peer = new IndicatorsSync();
type Lists = Readonly<Record<'high' | 'low' | 'close', number[]>>;

/** One of the eight: its first output, how many units it may take, how many TA-Lib's C takes, and what the peer calls it. */
type Entry = { readonly name: string; readonly limit: number; readonly talib: number; readonly peer: (bars: Lists) => unknown };
const EIGHT: readonly Entry[] = [
  { name: 'SMA_20', limit: 0.7, talib: 0.5, peer: ({ close }) => peer.sma(close, 20) },
  { name: 'EMA_20', limit: 1.2, talib: 1, peer: ({ close }) => peer.ema(close, 20) },
  { name: 'RSI_14', limit: 1.5, talib: 2.9, peer: ({ close }) => peer.rsi(close, 14) },
  { name: 'MACD_12_26_9.macd', limit: 3, talib: 7.3, peer: ({ close }) => peer.macd(close, 12, 26, 9) },
  { name: 'BBANDS_20_2.upper', limit: 3, talib: 2.3, peer: ({ close }) => peer.bbands(close, 20, 2) },
  { name: 'ATR_14', limit: 1.8, talib: 2.6, peer: ({ high, low, close }) => peer.atr(high, low, close, 14) },
  { name: 'ADX_14', limit: 5.5, talib: 4.7, peer: ({ high, low }) => peer.adx(high, low, 14) },
  { name: 'STOCH_14_3_3.k', limit: 9, talib: 5.1, peer: ({ high, low, close }) => peer.stoch(high, low, close, 14, 3, 3) },
];

/** TA-Lib's series, by our names. */
const GOLDEN: Readonly<Record<string, string>> = {
  SMA_20: 'SMA20', EMA_20: 'EMA20', RSI_14: 'RSI14', 'MACD_12_26_9.macd': 'MACD', 'MACD_12_26_9.signal': 'MACD_SIGNAL', 'MACD_12_26_9.histogram': 'MACD_HIST', 'BBANDS_20_2.upper': 'BB_UP',
  'BBANDS_20_2.middle': 'BB_MID', 'BBANDS_20_2.lower': 'BB_LO', TRANGE: 'TR', ATR_14: 'ATR14', PLUS_DI_14: 'PLUS_DI14', MINUS_DI_14: 'MINUS_DI14', DX_14: 'DX14', ADX_14: 'ADX14',
};
const goldenSchema = z.object({ note: z.string() }).catchall(z.array(z.number().nullable()));

function columnOf(name: string, bars: BarColumns): Float64Array {
  const { use, output } = parseName(name);
  return columnsOf(use, bars)[output] ?? new Float64Array();
}

/** Every golden series, where the file is at hand. @returns the largest relative difference, NaN without the file */
function checkGolden(): number {
  const folder = process.env['MAINSPRING_SHARED'] ?? fileURLToPath(new URL('../../shared', import.meta.url));
  const file = `${folder}/golden/indicators.json`;
  if (!existsSync(file)) return NaN;
  const golden = goldenSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const series = (name: string): readonly (number | null)[] => (golden[name] ?? []) as readonly (number | null)[];
  const bars = barColumns(series('c').length);
  for (const [field, name] of [['open', 'o'], ['high', 'h'], ['low', 'l'], ['close', 'c'], ['volume', 'v']] as const) bars[field].set(series(name).map((value) => value ?? NaN));
  let worst = 0;
  for (const [name, theirs] of Object.entries(GOLDEN)) {
    const ours = columnOf(name, bars);
    series(theirs).forEach((value, i) => {
      if (value !== null && !Number.isNaN(ours[i])) worst = Math.max(worst, Math.abs((ours[i] ?? NaN) - value) / Math.max(Math.abs(value), 1e-3));
    });
    invariant(worst <= CLOSE_ENOUGH && Number.isFinite(ours.at(-1)), 'An indicator differs from the golden series: no speed is measured', { name, worst });
  }
  return worst;
}

/** Both forms, bit by bit. */
function checkStreams(bars: BarColumns): void {
  const few = sliceColumns(bars, 0, STREAMED);
  for (const { name } of EIGHT) {
    const { use } = parseName(name);
    const columns = Object.values(columnsOf(use, few));
    const stream = streamOf(use);
    const state = stream.start();
    const row = new Float64Array(stream.outputs);
    for (let i = 0; i < STREAMED; i += 1) {
      const at = (column: Float64Array): number => column[i] ?? NaN;
      stream.next(state, { time: at(few.time), open: at(few.open), high: at(few.high), low: at(few.low), close: at(few.close), volume: at(few.volume) }, row);
      invariant(columns.every((column, output) => Object.is(column[i], row[output])), 'The two forms of an indicator differ: no speed is measured', { name, i });
    }
  }
}

const geometricMean = (values: readonly number[]): number => Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

/** P9 to P11 of the performance goals. */
export async function benchIndicators(): Promise<Figure[]> {
  const bars = synthetic({ length: BARS });
  const worst = checkGolden();
  checkStreams(bars);
  const lists: Lists = { high: [...bars.high], low: [...bars.low], close: [...bars.close] };
  const scratch = new Float64Array(BARS);
  const figures: Figure[] = [];
  const [overTalib, overPeer]: [number[], number[]] = [[], []];
  for (const entry of EIGHT) {
    const { use } = parseName(entry.name);
    const out = use.indicator.outputs.map(() => new Float64Array(BARS));
    const ours = (): unknown => use.indicator.columns(bars, use.values, out);
    const inUnits = pair(ours, () => unit(bars.close, scratch));
    overTalib.push(inUnits.best / entry.talib);
    overPeer.push(pair(() => entry.peer(lists), ours, { rounds: 3 }).best);
    figures.push(figureOf({ name: `${use.indicator.id}, over the unit`, unit: 'x', values: [inUnits.best], limit: entry.limit }));
  }
  return [
    ...figures,
    figureOf({ name: "over TA-Lib's C, geometric mean of eight (P9)", unit: 'x', values: [geometricMean(overTalib)], limit: 1, floor: 1.5 }),
    figureOf({ name: "over TA-Lib's C, the worst (P9)", unit: 'x', values: [Math.max(...overTalib)], limit: 2, floor: 3 }),
    figureOf({ name: '@ixjb94/indicators over ours, geometric mean (P10)', unit: 'x', values: [geometricMean(overPeer)], limit: 6, floor: 3, isFloor: true }),
    figureOf({ name: 'largest difference from TA-Lib, relative (P11)', unit: '', values: [worst], ...(Number.isNaN(worst) ? {} : { limit: CLOSE_ENOUGH }) }),
  ];
}
