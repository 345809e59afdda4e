/** The one place that draws with Plotly: the strict parts we need, redrawn when the figure or the space changes. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import Plotly from 'plotly.js/lib/core';
import bar from 'plotly.js/lib/bar';
import treemap from 'plotly.js/lib/treemap';
import type { Figure } from './figure.ts';

Plotly.register([bar, treemap]);

const CONFIG = { displayModeBar: false, displaylogo: false, responsive: false, doubleClick: false, scrollZoom: false, showTips: false } as const;

/** Plotly looks at the pointer up to 50 ms late, and stumbles over a chart that was taken apart meanwhile. */
const PURGE_AFTER_MS = 300;

/** A chart of a figure. `height` in px is reserved before the first paint; `label` says to a screen reader what it shows. */
export function Chart({ figure, height, label }: { figure: Figure; height: number; label: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const purge = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    // Plotly keeps and changes what it is given; ours stays ours.
    Plotly.react(element, structuredClone(figure.data), { ...structuredClone(figure.layout), height }, CONFIG).catch((error: unknown) => console.error('The chart could not be drawn', error));
  }, [figure, height]);

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    clearTimeout(purge.current);
    let width = element.clientWidth;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth === width || element.clientWidth === 0) return;
      width = element.clientWidth;
      Plotly.Plots.resize(element);
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      purge.current = setTimeout(() => Plotly.purge(element), PURGE_AFTER_MS);
    };
  }, []);

  return <div ref={place} role="img" aria-label={label} style={{ height, width: '100%' }} />;
}
