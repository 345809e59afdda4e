/** What the address of the analysis page carries, so that a link shows a chart: /analysis?symbol=AAPL&timeframe=1Day. */
import { CHART_STYLES, COMPARED_MAX } from '#app/contracts/charts.ts';
import type { ChartLook } from '#app/contracts/charts.ts';
import { adjustmentSchema, chartTimeframeSchema, hoursSchema } from '#app/contracts/market-data.ts';
import { symbolSchema } from '#app/domain/ids.ts';

/** The address in parts; what is missing stays as it is on the page. */
export type AnalysisSearch = {
  readonly symbol?: string; readonly timeframe?: ChartLook['timeframe']; readonly adjustment?: ChartLook['adjustment']; readonly hours?: ChartLook['hours']; readonly style?: ChartLook['style']; readonly isLog?: boolean; readonly compared?: string;
  /** A bar to look at: epoch ms of its open. */ readonly bar?: number;
};

/** Symbols of a list in an address: those that can be symbols, each once, five at most. */
export function readCompared(text: string | undefined): string[] {
  return [...new Set((text ?? '').toUpperCase().split(','))].filter((symbol) => symbolSchema.safeParse(symbol).success).slice(0, COMPARED_MAX);
}

/** Reads it; what is not understood is dropped. */
export function readAnalysisSearch(search: Record<string, unknown>): AnalysisSearch {
  // The router reads `true` in an address as a truth, which is a symbol too (TRUE).
  const word: unknown = search['symbol'];
  const symbol = symbolSchema.safeParse(typeof word === 'string' ? word.toUpperCase() : typeof word === 'boolean' ? String(word).toUpperCase() : '');
  const timeframe = chartTimeframeSchema.safeParse(search['timeframe']);
  const adjustment = adjustmentSchema.safeParse(search['adjustment']);
  const hours = hoursSchema.safeParse(search['hours']);
  const style = CHART_STYLES.find((candidate) => candidate === search['style']);
  const compared = typeof search['compared'] === 'string' ? readCompared(search['compared']).join(',') : undefined;
  const bar = search['bar'];
  return {
    ...(symbol.success ? { symbol: symbol.data } : {}), ...(timeframe.success ? { timeframe: timeframe.data } : {}), ...(adjustment.success ? { adjustment: adjustment.data } : {}), ...(hours.success ? { hours: hours.data } : {}),
    ...(style === undefined ? {} : { style }), ...(typeof search['isLog'] === 'boolean' ? { isLog: search['isLog'] } : {}), ...(compared === undefined ? {} : { compared }), ...(typeof bar === 'number' && Number.isSafeInteger(bar) ? { bar } : {}),
  };
}

/** The address of a chart. */
export function searchOf(symbol: string, look: ChartLook): AnalysisSearch {
  return { symbol, timeframe: look.timeframe, adjustment: look.adjustment, hours: look.hours, style: look.style, isLog: look.isLog, ...(look.compared.length > 0 ? { compared: look.compared.join(',') } : {}) };
}
