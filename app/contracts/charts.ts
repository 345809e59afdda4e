/** A chart's own things: how it looks, what people drew on it, and what they did in its symbol. */
import * as z from 'zod';
import { adjustmentSchema, chartTimeframeSchema, hoursSchema } from './market-data.ts';
import { decimalText } from '#app/domain/numeric.ts';
import { symbolSchema } from '#app/domain/ids.ts';

const ms = z.number().int();
const colour = z.string().regex(/^#[0-9a-f]{6}$/i);

/** Most layouts and templates that are kept, and most drawings of one symbol. */
export const LAYOUTS_MAX = 200;
export const DRAWINGS_MAX = 500;
/** Most indicators on one chart, and most symbols beside it. */
export const INDICATORS_MAX = 24;
export const COMPARED_MAX = 5;

/** How bars are drawn. */
export const CHART_STYLES = ['candles', 'hollow', 'line', 'heikin'] as const;

/** An indicator on a chart: id of the catalogue, the numbers of its parameters, the price it is made of, a colour per output. `height`: part of the chart that its pane takes, null = usual; nothing for those over the candles. */
export const shownIndicatorSchema = z.object({
  key: z.string().min(1).max(40), id: z.string().min(1).max(40), values: z.array(z.number()).max(12), source: z.string().max(10).default('close'), colours: z.array(colour).max(12).default([]), isHidden: z.boolean().default(false),
  height: z.number().min(0.04).max(0.8).nullable().default(null),
});
/** An indicator on a chart. */
export type ShownIndicator = z.infer<typeof shownIndicatorSchema>;

/** What a chart looks like, whatever symbol it shows. */
export const chartLookSchema = z.object({
  timeframe: chartTimeframeSchema.default('1Day'), adjustment: adjustmentSchema.default('split'), hours: hoursSchema.default('regular'), style: z.enum(CHART_STYLES).default('hollow'),
  isLog: z.boolean().default(false), hasVolume: z.boolean().default(true), hasMarks: z.boolean().default(true), hasActions: z.boolean().default(true),
  indicators: z.array(shownIndicatorSchema).max(INDICATORS_MAX).default([]), compared: z.array(symbolSchema).max(COMPARED_MAX).default([]),
});
/** What a chart looks like. */
export type ChartLook = z.infer<typeof chartLookSchema>;

/** A saved look. Of a template only the indicators count: it is put onto whatever chart is there. At most one layout is the default. */
export const chartLayoutSchema = z.object({ layoutId: z.string().min(8).max(64), kind: z.enum(['layout', 'template']), name: z.string().trim().min(1).max(60), look: chartLookSchema, isDefault: z.boolean().default(false) });
/** A saved look. */
export type ChartLayout = z.infer<typeof chartLayoutSchema>;

/** What can be drawn, and by how many points: a horizontal line has one, so has a note; all others two. */
export const DRAWING_KINDS = ['trend', 'ray', 'horizontal', 'rectangle', 'fibonacci', 'note'] as const;
/** One of them. */
export type DrawingKind = (typeof DRAWING_KINDS)[number];

/** A corner of a drawing. `time`: epoch ms; `price`: dollars as they were traded (raw), so that it stays in its place in every view of the prices. */
export const drawingPointSchema = z.object({ time: z.number().int(), price: z.number().positive() });

/** A drawing. It belongs to a symbol and is seen in every timeframe. */
export const drawingSchema = z.object({
  drawingId: z.string().min(8).max(64), symbol: symbolSchema, kind: z.enum(DRAWING_KINDS), points: z.array(drawingPointSchema).min(1).max(2), colour: colour.nullable().default(null).describe('null = the accent of the theme'), text: z.string().max(200).default(''),
}).check(({ value, issues }) => {
  const wanted = value.kind === 'horizontal' || value.kind === 'note' ? 1 : 2;
  if (value.points.length !== wanted) issues.push({ code: 'custom', input: value.points, path: ['points'], message: `A ${value.kind} has ${wanted} ${wanted === 1 ? 'point' : 'points'}` });
});
/** A drawing. */
export type Drawing = z.infer<typeof drawingSchema>;

/** Executions, signals and open orders of one symbol. Prices are those that were traded (raw). */
export const chartMarksSchema = z.object({
  fills: z.array(z.object({ fillId: z.string(), orderId: z.string(), decisionId: z.string(), at: ms, side: z.enum(['buy', 'sell']), qty: decimalText, price: decimalText, strategyId: z.string().nullable(), realizedPnl: decimalText.nullable() })),
  signals: z.array(z.object({ signalId: z.string(), at: ms, barOpenTime: ms, timeframe: z.string(), strategyId: z.string(), target: z.string(), price: decimalText, outcome: z.enum(['approved', 'denied', 'pending']), decisionId: z.string().nullable(), code: z.string().nullable(), message: z.string().nullable() })),
  orders: z.array(z.object({ orderId: z.string(), decisionId: z.string(), at: ms, side: z.enum(['buy', 'sell']), type: z.string(), qty: decimalText, filledQty: decimalText, limitPrice: decimalText.nullable(), stopPrice: decimalText.nullable(), status: z.string(), strategyId: z.string().nullable() })).describe('Open ones'),
  isCut: z.boolean().describe('There were more; the newest are here'),
});
/** Executions, signals and open orders of one symbol. */
export type ChartMarks = z.infer<typeof chartMarksSchema>;

/** What is known of a symbol. `series`: newest bar of each stored width. */
export const chartSymbolSchema = z.object({
  symbol: symbolSchema, name: z.string(), exchange: z.string(), sector: z.string().nullable(), industry: z.string().nullable(), status: z.string(), renamedTo: z.string().nullable(), isTradable: z.boolean(), isWatched: z.boolean(),
  lastPrice: decimalText.nullable(), priceMarketAt: ms.nullable(), series: z.array(z.object({ timeframe: z.string(), firstOpenTime: ms.nullable(), lastOpenTime: ms })),
});
/** What is known of a symbol. */
export type ChartSymbol = z.infer<typeof chartSymbolSchema>;
