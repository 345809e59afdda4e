/** The chart's own things: symbols, marks, layouts, drawings: a part of the HTTP contract. */
import * as z from 'zod';
import { chartLayoutSchema, chartMarksSchema, chartSymbolSchema, drawingSchema } from './charts.ts';
import type { RouteContract } from './route.ts';
import { symbolSchema } from '#app/domain/ids.ts';

const done = z.object({ accepted: z.literal(true) });

/** Its routes. */
export const CHART_ROUTES = {
  chartSymbols: { method: 'GET', path: '/api/chart/symbols', auth: 'session', movesMoney: false, summary: 'Symbols by the beginning of their letters, or by a word of name, sector or industry; those with bars first', input: z.object({ query: z.string().max(40).default(''), limit: z.coerce.number().int().min(1).max(50).default(20) }), output: z.object({ symbols: z.array(chartSymbolSchema) }) },
  chartSymbol: { method: 'GET', path: '/api/chart/symbols/:symbol', auth: 'session', movesMoney: false, summary: 'What is known of one symbol', input: z.object({ symbol: symbolSchema }), output: z.object({ known: chartSymbolSchema.nullable() }) },
  marks: { method: 'GET', path: '/api/chart/marks', auth: 'session', movesMoney: false, summary: 'Own fills and signals of a symbol in a span of time, and its open orders', input: z.object({ symbol: symbolSchema, from: z.coerce.number().int(), to: z.coerce.number().int() }), output: chartMarksSchema },
  chartLayouts: { method: 'GET', path: '/api/chart/layouts', auth: 'session', movesMoney: false, summary: 'Saved looks of charts and templates of indicators', input: z.object({}), output: z.object({ layouts: z.array(chartLayoutSchema) }) },
  saveChartLayout: { method: 'POST', path: '/api/chart/layouts', auth: 'session', movesMoney: false, summary: 'Save a look, new or changed', input: chartLayoutSchema, output: chartLayoutSchema },
  deleteChartLayout: { method: 'POST', path: '/api/chart/layouts/:layoutId/delete', auth: 'session', movesMoney: false, summary: 'Forget a saved look', input: z.object({ layoutId: z.string().min(8).max(64) }), output: done },
  drawings: { method: 'GET', path: '/api/chart/drawings', auth: 'session', movesMoney: false, summary: 'What was drawn on a symbol', input: z.object({ symbol: symbolSchema }), output: z.object({ drawings: z.array(drawingSchema) }) },
  saveDrawing: { method: 'POST', path: '/api/chart/drawings', auth: 'session', movesMoney: false, summary: 'Keep a drawing, new or moved', input: drawingSchema, output: drawingSchema },
  deleteDrawing: { method: 'POST', path: '/api/chart/drawings/:drawingId/delete', auth: 'session', movesMoney: false, summary: 'Erase a drawing', input: z.object({ drawingId: z.string().min(8).max(64) }), output: done },
} as const satisfies Record<string, RouteContract>;
