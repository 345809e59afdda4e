/** What a chart is to us: plain data for Plotly, made by pure functions. */
import type { Tokens } from '../theme.ts';
import { FONTS } from '../theme.ts';

/** One trace or the layout, as Plotly reads it. */
export type PlotlyObject = Readonly<Record<string, unknown>>;
/** A chart. */
export type Figure = { readonly data: readonly PlotlyObject[]; readonly layout: PlotlyObject };

/** A colour with an opacity (0..1). withAlpha('#3b82f6', 0.5) = 'rgba(59, 130, 246, 0.5)' */
export function withAlpha(hex: string, alpha: number): string {
  const [r, g, b] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}

/** What all charts share: our face, no title, no legend, a hover that looks like our cards. */
export function baseLayout(tokens: Tokens): PlotlyObject {
  return {
    autosize: true, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)', showlegend: false, dragmode: false,
    margin: { l: 8, r: 64, t: 8, b: 24 },
    font: { family: FONTS.text, size: 11, color: tokens.muted },
    hoverlabel: { bgcolor: tokens.raised, bordercolor: tokens.lineStrong, font: { family: FONTS.text, size: 12, color: tokens.text }, align: 'left' },
    transition: { duration: 0 },
  };
}
