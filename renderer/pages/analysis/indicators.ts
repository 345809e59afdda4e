/** Indicators on the chart: where each is drawn, in which colours, and its columns over the loaded bars. Pure. */
import type { BarColumns } from '#app/domain/bar-columns.ts';
import type { ShownIndicator } from '#app/contracts/charts.ts';
import { indicatorById } from '#app/indicators/catalogue.ts';
import { columnsOf } from '#app/indicators/columns-of.ts';
import { parameterDefect, PRICE_SOURCES, use } from '#app/indicators/indicator.ts';
import type { AnyIndicator, IndicatorUse, PriceSource } from '#app/indicators/indicator.ts';
import { warmUpBars } from '#app/indicators/named.ts';
import type { ChartLine, ChartPane } from '../../charts/price-figure.ts';

/** Colours that are told apart in both schemes, and none of them means gain or loss. */
export const LINE_COLOURS = ['#3b82f6', '#f59e0b', '#8b5cf6', '#06b6d4', '#ec4899', '#84a30f', '#a16207', '#64748b'] as const;

/** Of unit `price`, but differences of prices: they stand around zero, not around the price. */
const DIFFERENCES: ReadonlySet<string> = new Set(['MACD', 'APO', 'MOM', 'AO', 'DPO', 'ATR', 'TRANGE', 'STDDEV', 'STDERR', 'PLUS_DM', 'MINUS_DM']);
/** Outputs that are no value to draw. */
const SILENT: ReadonlySet<string> = new Set(['SUPERTREND.direction']);
const DOTS: ReadonlySet<string> = new Set(['SAR', 'CHANDELIER']);
/** Levels that people look for, where the catalogue's scale has them. */
const GUIDES: Readonly<Record<string, readonly number[]>> = { RSI: [30, 50, 70], CRSI: [10, 50, 90], STOCH: [20, 50, 80], STOCHF: [20, 50, 80], STOCHRSI: [20, 50, 80], MFI: [20, 50, 80], WILLR: [-80, -50, -20], CCI: [-100, 0, 100], ADX: [20, 40], ULTOSC: [30, 50, 70], AROON: [0, 50, 100] };

/** Is it drawn over the bars? */
export function isOverlay(indicator: Pick<AnyIndicator, 'id' | 'unit'>): boolean {
  return indicator.unit === 'price' && !DIFFERENCES.has(indicator.id);
}

/** A shown indicator as a use; null when it is not in the catalogue or its numbers do not fit any more. */
export function useOf(shown: ShownIndicator): IndicatorUse | null {
  const indicator = indicatorById(shown.id);
  if (!indicator || parameterDefect(indicator, shown.values) !== null) return null;
  const source = PRICE_SOURCES.find((candidate) => candidate === shown.source) ?? 'close';
  return use(indicator, shown.values, takesSource(indicator) ? { source } : {});
}

/** Can it be made of another price than the close? */
export function takesSource(indicator: Pick<AnyIndicator, 'inputs'>): boolean {
  return indicator.inputs.length === 1 && indicator.inputs[0] === 'close';
}

/** A new one with its usual numbers; `taken` colours are avoided. */
export function showIndicator(indicator: AnyIndicator, key: string, taken: readonly string[]): ShownIndicator {
  const free = LINE_COLOURS.filter((colour) => !taken.includes(colour));
  const all = [...free, ...LINE_COLOURS];
  return { key, id: indicator.id, values: indicator.parameters.map((parameter) => parameter.default), source: 'close', colours: indicator.outputs.map((_output, n) => all[n % all.length] ?? LINE_COLOURS[0]), isHidden: false, height: null };
}

/** What its chip says: RSI 14, MACD 12 26 9, SMA 20 high. */
export function labelOf(shown: ShownIndicator): string {
  return [shown.id.replaceAll('_', ' '), ...shown.values, ...(shown.source === 'close' ? [] : [shown.source as PriceSource])].join(' ');
}

/** Most bars that any of them needs before the first one that is drawn. */
export function warmUpOf(all: readonly ShownIndicator[]): number {
  return Math.max(0, ...all.map((shown) => { const asked = useOf(shown); return asked === null ? 0 : warmUpBars(asked.indicator, asked.values); }));
}

/** The columns of one indicator, by output. */
export type IndicatorColumns = { readonly shown: ShownIndicator; readonly indicator: AnyIndicator; readonly outputs: readonly { readonly name: string; readonly line: ChartLine }[] };

/** A memory of what was worked out: as long as bars and numbers are the same objects and numbers, so are the columns. */
export type ColumnMemory = Map<string, { readonly bars: BarColumns; readonly values: Readonly<Record<string, Float64Array>> }>;

function lineOf(shown: ShownIndicator, indicator: AnyIndicator, n: number, values: Float64Array): ChartLine {
  const output = indicator.outputs[n] ?? 'value';
  const kind = indicator.unit === 'flag' || output === 'histogram' ? 'bars' : DOTS.has(indicator.id) ? 'dots' : 'line';
  return { name: output, colour: shown.colours[n] ?? LINE_COLOURS[n % LINE_COLOURS.length] ?? LINE_COLOURS[0], kind, values };
}

/** Works out all that are shown and not hidden, over all loaded bars. */
export function workOut(all: readonly ShownIndicator[], bars: BarColumns, memory: ColumnMemory): IndicatorColumns[] {
  const keys = new Set<string>();
  const worked = all.flatMap((shown): IndicatorColumns[] => {
    const asked = shown.isHidden ? null : useOf(shown);
    if (asked === null) return [];
    const name = `${shown.id} ${shown.values.join(' ')} ${shown.source}`;
    keys.add(name);
    const known = memory.get(name);
    const values = known?.bars === bars ? known.values : columnsOf(asked, bars);
    memory.set(name, { bars, values });
    const { indicator } = asked;
    return [{ shown, indicator, outputs: indicator.outputs.flatMap((output, n) => (SILENT.has(`${shown.id}.${output}`) ? [] : [{ name: output, line: lineOf(shown, indicator, n, values[output] ?? new Float64Array(0)) }])) }];
  });
  for (const name of memory.keys()) if (!keys.has(name)) memory.delete(name);
  return worked;
}

/** Lines over the bars, and panes below in their order. */
export function arrange(worked: readonly IndicatorColumns[]): { overlays: ChartLine[]; panes: ChartPane[] } {
  const overlays = worked.filter(({ indicator }) => isOverlay(indicator)).flatMap(({ outputs }) => outputs.map(({ line }) => line));
  const panes = worked.filter(({ indicator }) => !isOverlay(indicator)).map(({ shown, outputs }): ChartPane => ({
    id: shown.key, height: shown.height, guides: GUIDES[shown.id] ?? [], lines: [...outputs].sort((a, b) => Number(b.line.kind === 'bars') - Number(a.line.kind === 'bars')).map(({ line }) => line),
  }));
  return { overlays, panes };
}
