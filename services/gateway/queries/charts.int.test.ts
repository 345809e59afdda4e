/** What charts ask of a real book, as the gateway's role, and what analytics keeps for them as its own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chartLookSchema, chartMarksSchema, chartSymbolSchema, drawingSchema, LAYOUTS_MAX } from '#app/contracts/charts.ts';
import type { Drawing } from '#app/contracts/charts.ts';
import { openDb } from '#chassis/db.ts';
import type { Db } from '#chassis/db.ts';
import { deleteChartLayout, deleteDrawing, saveChartLayout, saveDrawing } from '../../analytics/charts.ts';
import { startBook } from '../../../tests/support/servers.ts';
import type { Book } from '../../../tests/support/servers.ts';
import { readChartLayouts, readChartSymbols, readDrawings } from './charts.ts';
import { readMarks } from './marks.ts';

let book: Book;
let db: Db;
let writer: Db;
const OPEN = Date.UTC(2026, 0, 2, 14, 30);
const iso = (ms: number): string => new Date(ms).toISOString();
const by = { idempotencyKey: 'key-00000001', actor: 'owner' };
const look = chartLookSchema.parse({ indicators: [{ key: 'a', id: 'RSI', values: [14] }] });
const layout = (layoutId: string, name: string, isDefault = false) => ({ ...by, layout: { layoutId, kind: 'layout' as const, name, look, isDefault } });
const line: Drawing = { drawingId: 'drawing-1', symbol: 'AAPL', kind: 'trend', points: [{ time: OPEN, price: 101.25 }, { time: OPEN + 60_000, price: 0.0001 }], colour: '#3b82f6', text: '' };

async function fill(): Promise<void> {
  for (const [symbol, name, sector, status] of [['AAPL', 'Apple Inc.', 'Information Technology', 'active'], ['AAL', 'American Airlines', 'Industrials', 'active'], ['OLD', 'Former Apple Farms', null, 'inactive']]) {
    await book.sql(`INSERT INTO data_ingestion.symbols (symbol, name, exchange, is_tradable, is_fractionable, is_shortable, is_watched, sector, status) VALUES ($1, $2, 'NASDAQ', true, true, false, false, $3, $4)`, [symbol, name, sector, status]);
  }
  for (const symbol of ['AAPL', 'UNLISTED']) await book.sql(`INSERT INTO data_ingestion.ingestion_status (symbol, timeframe, last_open_time, last_close, bars_total, last_seen_at, first_open_time) VALUES ($1, '1Day', $2, 105, 2, now(), $2)`, [symbol, iso(OPEN)]);
  const signal = `INSERT INTO strategy_engine.strategy_signals (signal_id, strategy_id, strategy_version_id, symbol, timeframe, bar_open_time, ts_market, target, reference_price, reasons) VALUES ($1, 'sma', 'sma.v1', 'AAPL', '1Min', $2, $2, 'long', 100, '[]')`;
  await book.sql(signal, ['s1', iso(OPEN)]);
  await book.sql(signal, ['s2', iso(OPEN + 60_000)]);
  const decision = `INSERT INTO risk_management.risk_decisions (decision_id, client_order_id, source, signal_id, strategy_id, symbol, side, type, qty, outcome, code, message, limits_version, rules, ts_market) VALUES ($1, 'ms-' || $1, 'strategy', $2, 'sma', 'AAPL', 'buy', 'market', 10, $3, $4, 'words', 1, '[]', $5)`;
  await book.sql(decision, ['d1', 's1', 'denied', 'ORDER_NOTIONAL_EXCEEDED', iso(OPEN)]);
  await book.sql(decision, ['d2', null, 'approved', null, iso(OPEN)]);
  const order = `INSERT INTO execution.orders (order_id, client_order_id, decision_id, source, strategy_id, symbol, side, type, time_in_force, qty, limit_price, is_reducing, reference_price, status, is_closed, filled_qty, version, ts_market, approved_seq) VALUES ($1, 'ms-' || $1, $2, 'manual', NULL, 'AAPL', 'buy', $3, 'day', 10, $4, false, 100, 'accepted', $5, 0, 1, $6, $7)`;
  await book.sql(order, ['o1', 'd2', 'limit', 99.5, false, iso(OPEN), 1]);
  await book.sql(order, ['o2', 'd9', 'market', null, true, iso(OPEN), 2]);
  await book.sql(`INSERT INTO execution.trades (fill_id, order_id, strategy_id, symbol, side, qty, price, ts_event, ts_seen, source, ledger_seq) VALUES ('f1', 'o2', NULL, 'AAPL', 'buy', 10, 100.5, $1, now(), 'stream', 1)`, [iso(OPEN + 30_000)]);
}

beforeAll(async () => {
  book = await startBook();
  await fill();
  const open = (unit: 'gateway' | 'analytics'): Db => openDb({ access: book.access(unit), database: 'trading_system', schema: unit === 'gateway' ? null : unit, applicationName: 'charts test', max: 2, onLost: (error) => { throw error; } });
  db = open('gateway');
  writer = open('analytics');
});
afterAll(async () => {
  await db.close();
  await writer.close();
  await book.stop();
});

describe('symbols', () => {
  it('are found by letters, name and sector; letters come first, then those with bars', async () => {
    const found = async (query: string): Promise<string[]> => (await readChartSymbols(db, { query, limit: 10 })).map((row) => chartSymbolSchema.parse(row).symbol);
    expect(await found('aa')).toEqual(['AAPL', 'AAL']);
    expect(await found('apple')).toEqual(['AAPL', 'OLD']);
    expect(await found('indust')).toEqual(['AAL']);
    expect(await found('unl')).toEqual(['UNLISTED']);
    expect(await readChartSymbols(db, { query: 'AAPL', limit: 1, isExact: true })).toMatchObject([{ symbol: 'AAPL', lastPrice: '105', series: [{ timeframe: '1Day', firstOpenTime: OPEN, lastOpenTime: OPEN }] }]);
    expect(await readChartSymbols(db, { query: 'AA', limit: 1, isExact: true })).toEqual([]);
  });
});

describe('marks', () => {
  it('are the fills and signals of the span with what risk said, and the open orders', async () => {
    const marks = chartMarksSchema.parse(await readMarks(db, { symbol: 'AAPL', from: OPEN, to: OPEN + 90_000 }));
    expect(marks.fills).toMatchObject([{ fillId: 'f1', at: OPEN + 30_000, side: 'buy', qty: '10', price: '100.5', realizedPnl: null }]);
    expect(marks.signals.map(({ signalId, outcome, code }) => [signalId, outcome, code])).toEqual([['s1', 'denied', 'ORDER_NOTIONAL_EXCEEDED'], ['s2', 'pending', null]]);
    expect(marks.orders).toMatchObject([{ orderId: 'o1', limitPrice: '99.5', stopPrice: null }]);
    expect(await readMarks(db, { symbol: 'AAPL', from: 0, to: OPEN - 1 })).toMatchObject({ fills: [], signals: [], isCut: false });
  });
});

describe('layouts and drawings', () => {
  it('are there once however often they are saved, and gone when they are erased', async () => {
    await saveDrawing(writer, { ...by, drawing: line });
    await saveDrawing(writer, { ...by, drawing: { ...line, text: 'neck line' } });
    expect((await readDrawings(db, 'AAPL')).map((row) => drawingSchema.parse(row))).toEqual([{ ...line, text: 'neck line' }]);
    expect(await readDrawings(db, 'AAL')).toEqual([]);
    await deleteDrawing(writer, { ...by, drawingId: line.drawingId });
    await deleteDrawing(writer, { ...by, drawingId: line.drawingId });
    expect(await readDrawings(db, 'AAPL')).toEqual([]);
  });

  it('have one default and one name each', async () => {
    await saveChartLayout(writer, layout('layout-1', 'Swing', true));
    await saveChartLayout(writer, layout('layout-2', 'Day', true));
    expect((await readChartLayouts(db)).map(({ name, isDefault }) => [name, isDefault])).toEqual([['Day', true], ['Swing', false]]);
    await expect(saveChartLayout(writer, layout('layout-3', 'swing'))).rejects.toMatchObject({ code: 'VERSION_CONFLICT' });
    await deleteChartLayout(writer, { ...by, layoutId: 'layout-2' });
    expect((await readChartLayouts(db)).map(({ layoutId }) => layoutId)).toEqual(['layout-1']);
    await book.sql(`INSERT INTO analytics.chart_layouts (layout_id, kind, name, look) SELECT 'layout-x' || n, 'template', 'T' || n, '{}' FROM generate_series(1, $1) n`, [LAYOUTS_MAX]);
    await expect(saveChartLayout(writer, layout('layout-4', 'One more'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });
});
