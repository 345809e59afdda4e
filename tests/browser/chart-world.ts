/** A symbol with two years of bars, trades and drawings, as a gateway would tell them: what the analysis page is tested against. */
import type { ChartLayout, ChartMarks, ChartSymbol, Drawing } from '#app/contracts/charts.ts';
import type { BarsView } from '#app/contracts/market-data.ts';
import type { LiveBody } from '#app/contracts/live.ts';
import { sessionsBetween } from '#app/market/calendar.ts';
import type { RouteParsed } from '#app/contracts/http.ts';
import type { Script } from './scripted-gateway.ts';
import { POSITIONS, WORLD } from './trading-world.ts';

const MINUTE_MS = 60_000;
/** The last session of this world, in New York. */
export const LAST_DAY = '2026-03-02';
/** Newest minute of it, epoch ms of its open. */
export const LAST_MINUTE = Date.parse('2026-03-02T18:30:00Z');

/** A walk that is the same on every run. */
function walk(count: number, start: number, seed: number): { open: number[]; high: number[]; low: number[]; close: number[]; volume: number[] } {
  let state = seed;
  const random = (): number => { state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296; return state / 4_294_967_296; };
  const out = { open: [] as number[], high: [] as number[], low: [] as number[], close: [] as number[], volume: [] as number[] };
  let price = start;
  const cents = (value: number): number => Math.round(value * 100) / 100;
  for (let i = 0; i < count; i += 1) {
    const open = price * (1 + (random() - 0.5) * 0.006);
    const close = open * (1 + (random() - 0.485) * 0.028 + Math.sin(i / 37) * 0.003);
    out.open.push(cents(open));
    out.close.push(cents(close));
    out.high.push(cents(Math.max(open, close) * (1 + random() * 0.009)));
    out.low.push(cents(Math.min(open, close) * (1 - random() * 0.009)));
    out.volume.push(Math.round(2e6 + random() * 4e6 + Math.abs(close / open - 1) * 2e8));
    price = close;
  }
  return out;
}

type Columns = BarsView['columns'];
const days = sessionsBetween('2016-03-01', LAST_DAY).map((session) => session.open - 9.5 * 3_600_000);
const minutes = sessionsBetween('2026-02-02', LAST_DAY).flatMap((session) => Array.from({ length: 390 }, (_none, n) => session.open + n * MINUTE_MS)).filter((time) => time <= LAST_MINUTE);
const SEEDS: Readonly<Record<string, readonly [start: number, seed: number]>> = { AAPL: [24, 7], MSFT: [50, 11], SPY: [198, 3], KO: [43, 5] };

const known = new Map<string, Columns>();
/** The columns of a symbol; one second of every thousand is worked out once. */
export function columnsFor(symbol: string, isDaily: boolean): Columns {
  const key = `${symbol} ${isDaily}`;
  const before = known.get(key);
  if (before) return before;
  const [start, seed] = SEEDS[symbol] ?? [100, 1];
  const times = isDaily ? days : minutes;
  const made = { time: [...times], ...walk(times.length, isDaily ? start : 180, seed) };
  known.set(key, made);
  return made;
}

/** Answers of `bars`: days (made wider by skipping, which is enough for a look) and minutes. */
export function answerBars(input: RouteParsed<'bars'>): BarsView {
  const isDaily = ['1Day', '1Week', '1Month'].includes(input.timeframe);
  const all = columnsFor(input.symbol, isDaily);
  const end = input.before === undefined ? all.time.length : all.time.filter((time) => time < (input.before ?? 0)).length;
  const from = Math.max(0, end - input.limit);
  const cut = (column: number[]): number[] => column.slice(from, end);
  const isEmpty = input.symbol === 'NONE' || input.symbol === 'EMPTY';
  const factor = input.adjustment === 'raw' ? 4 : 1;
  const split = Date.parse('2025-08-25T04:00:00Z');
  const scaled = (column: number[]): number[] => cut(column).map((value, n) => ((all.time[from + n] ?? 0) < split ? value * factor : value));
  return {
    symbol: input.symbol, timeframe: input.timeframe, adjustment: input.adjustment, hours: input.hours,
    columns: isEmpty ? { time: [], open: [], high: [], low: [], close: [], volume: [] } : { time: cut(all.time), open: scaled(all.open), high: scaled(all.high), low: scaled(all.low), close: scaled(all.close), volume: cut(all.volume) },
    hasOlder: !isEmpty && from > 0, storedAs: isEmpty ? null : isDaily ? '1Day' : '1Min', sources: isEmpty ? [] : ['rest', 'stream'], newest: isEmpty ? null : (all.time.at(-1) ?? null), isFromArchive: false, revision: 'r1', tookMs: 4,
    actions: isEmpty || !isDaily ? [] : [{ exDate: '2025-08-25', kind: 'forward_split', text: 'Split 4:1', factor: 0.25 }, { exDate: '2025-11-10', kind: 'cash_dividend', text: 'Dividend $0.24', factor: 0.9986 }],
  };
}

const at = (back: number): number => days[days.length - 1 - back] ?? 0;
const closeAt = (back: number): string => String(columnsFor('AAPL', true).close.at(-1 - back) ?? 0);

/** What was done in AAPL. */
export function marks(): ChartMarks {
  const noon = 12 * 3_600_000;
  return {
    isCut: false,
    fills: [
      { fillId: 'f1', orderId: 'o1', decisionId: 'd1', at: at(60) + noon, side: 'buy', qty: '40', price: closeAt(60), strategyId: 'sma_cross', realizedPnl: null }, { fillId: 'f2', orderId: 'o2', decisionId: 'd2', at: at(38) + noon, side: 'sell', qty: '40', price: closeAt(38), strategyId: 'sma_cross', realizedPnl: '212.4' },
      { fillId: 'f3', orderId: 'o3', decisionId: 'd3', at: at(20) + noon, side: 'buy', qty: '25', price: closeAt(20), strategyId: 'momentum', realizedPnl: null }, { fillId: 'f4', orderId: 'o3', decisionId: 'd3', at: at(20) + noon + 60_000, side: 'buy', qty: '15', price: closeAt(20), strategyId: 'momentum', realizedPnl: null },
    ],
    signals: [
      { signalId: 's1', at: at(60) + noon, barOpenTime: at(60), timeframe: '1Day', strategyId: 'sma_cross', target: 'long', price: closeAt(60), outcome: 'approved', decisionId: 'd1', code: null, message: null },
      { signalId: 's2', at: at(30) + noon, barOpenTime: at(30), timeframe: '1Day', strategyId: 'sma_cross', target: 'long', price: closeAt(30), outcome: 'denied', decisionId: 'd9', code: 'ORDER_NOTIONAL_EXCEEDED', message: 'The order is larger than the largest one allowed.' },
    ],
    orders: [{ orderId: 'o4', decisionId: 'd4', at: at(0), side: 'sell', type: 'stop', qty: '40', filledQty: '0', limitPrice: null, stopPrice: String(Math.round(Number(closeAt(0)) * 93) / 100), status: 'accepted', strategyId: 'momentum' }],
  };
}

/** Symbols that can be looked for. */
export const SYMBOLS: readonly ChartSymbol[] = [
  { symbol: 'AAPL', name: 'Apple Inc.', exchange: 'NASDAQ', sector: 'Information Technology', industry: 'Technology Hardware', status: 'active', renamedTo: null, isTradable: true, isWatched: true, lastPrice: closeAt(0), priceMarketAt: LAST_MINUTE, series: [{ timeframe: '1Day', firstOpenTime: days[0] ?? 0, lastOpenTime: at(0) }, { timeframe: '1Min', firstOpenTime: minutes[0] ?? 0, lastOpenTime: LAST_MINUTE }] },
  ...['MSFT', 'SPY', 'KO'].map((symbol) => ({ symbol, name: `${symbol} Inc.`, exchange: 'NYSE', sector: symbol === 'SPY' ? 'Funds' : 'Consumer Staples', industry: null, status: 'active', renamedTo: null, isTradable: true, isWatched: true, lastPrice: '61.2', priceMarketAt: LAST_MINUTE, series: [{ timeframe: '1Day', firstOpenTime: days[0] ?? 0, lastOpenTime: at(0) }] })),
  { symbol: 'EMPTY', name: 'Empty Holdings', exchange: 'NYSE', sector: null, industry: null, status: 'inactive', renamedTo: 'KO', isTradable: false, isWatched: false, lastPrice: null, priceMarketAt: null, series: [] },
];

/** A book of layouts and drawings that keeps what it is told. */
export function chartBook(): { script: Script; layouts: ChartLayout[]; drawings: Drawing[] } {
  const book = { layouts: [] as ChartLayout[], drawings: [] as Drawing[] };
  const position = POSITIONS[0];
  return {
    ...book,
    get layouts() { return book.layouts; }, get drawings() { return book.drawings; },
    script: {
      ...WORLD, bars: answerBars, marks: ({ symbol }) => (symbol === 'AAPL' ? marks() : { fills: [], signals: [], orders: [], isCut: false }),
      chartSymbols: ({ query, limit }) => ({ symbols: SYMBOLS.filter((one) => `${one.symbol} ${one.name} ${one.sector ?? ''}`.toLowerCase().includes(query.toLowerCase())).slice(0, limit) }), chartSymbol: ({ symbol }) => ({ known: SYMBOLS.find((one) => one.symbol === symbol) ?? null }),
      chartLayouts: () => ({ layouts: [...book.layouts] }), saveChartLayout: (layout) => { book.layouts = [...book.layouts.filter((one) => one.layoutId !== layout.layoutId), layout]; return layout; }, deleteChartLayout: ({ layoutId }) => { book.layouts = book.layouts.filter((one) => one.layoutId !== layoutId); return { accepted: true }; },
      drawings: ({ symbol }) => ({ drawings: book.drawings.filter((one) => one.symbol === symbol) }), saveDrawing: (drawing) => { book.drawings = [...book.drawings.filter((one) => one.drawingId !== drawing.drawingId), drawing]; return drawing; }, deleteDrawing: ({ drawingId }) => { book.drawings = book.drawings.filter((one) => one.drawingId !== drawingId); return { accepted: true }; },
      positions: () => ({ positions: position === undefined ? [] : [{ ...position, symbol: 'AAPL', qty: '40', avgPrice: closeAt(20), protection: { stopQty: '40', stopPrice: String(Math.round(Number(closeAt(0)) * 93) / 100), targetQty: '0', targetPrice: null } }] }),
    },
  };
}

/** A minute bar as it closes. */
export function minuteBar(openTime: number, close: number, change: Partial<Extract<LiveBody, { type: 'bars' }>['bars'][number]> = {}): LiveBody {
  return { type: 'bars', bars: [{ symbol: 'AAPL', openTime, open: close - 0.1, high: close + 0.2, low: close - 0.3, close, volume: 1_000, isRevision: false, ...change }] };
}
