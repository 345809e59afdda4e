/** Answers about the chart's own things: what is shown is read from the book, what is saved goes to analytics. */
import type { CHART_ROUTES } from '#app/contracts/http-chart.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readChartLayouts, readChartSymbols, readDrawings } from './queries/charts.ts';
import { readMarks } from './queries/marks.ts';

/** Builds them. */
export function chartHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof CHART_ROUTES> {
  const { db } = ctx;
  return {
    chartSymbols: async ({ query, limit }) => ({ symbols: await readChartSymbols(db, { query: query.trim(), limit }) }),
    chartSymbol: async ({ symbol }) => ({ known: (await readChartSymbols(db, { query: symbol, limit: 1, isExact: true }))[0] ?? null }),
    marks: (input) => readMarks(db, input),
    chartLayouts: async () => ({ layouts: await readChartLayouts(db) }),
    drawings: async ({ symbol }) => ({ drawings: await readDrawings(db, symbol) }),
    saveChartLayout: (layout, { actor, idempotencyKey }) => ctx.callCommand('saveChartLayout', { layout, actor, idempotencyKey }),
    async deleteChartLayout({ layoutId }, { actor, idempotencyKey }) {
      await ctx.callCommand('deleteChartLayout', { layoutId, actor, idempotencyKey });
      return { accepted: true };
    },
    saveDrawing: (drawing, { actor, idempotencyKey }) => ctx.callCommand('saveDrawing', { drawing, actor, idempotencyKey }),
    async deleteDrawing({ drawingId }, { actor, idempotencyKey }) {
      await ctx.callCommand('deleteDrawing', { drawingId, actor, idempotencyKey });
      return { accepted: true };
    },
  };
}
