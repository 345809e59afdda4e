/** The one place that draws with Plotly: the strict parts we need, redrawn when the figure or the space changes. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import Plotly from 'plotly.js/lib/core';
import bar from 'plotly.js/lib/bar';
import heatmap from 'plotly.js/lib/heatmap';
import treemap from 'plotly.js/lib/treemap';
import type { XRange } from './bar-groups.ts';
import type { Figure } from './figure.ts';

Plotly.register([bar, heatmap, treemap]);

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

/** What Plotly says of the x axis when it was moved. */
type Moved = Readonly<Record<string, unknown>>;

function rangeIn(moved: Moved): XRange | null {
  const both = moved['xaxis.range'];
  const [from, to] = Array.isArray(both) ? (both as unknown[]) : [moved['xaxis.range[0]'], moved['xaxis.range[1]']];
  return typeof from === 'number' && typeof to === 'number' && to > from ? [from, to] : null;
}

type NavigableProps = { figure: Figure; label: string; /** While a hand moves it. */ onMoving: (view: XRange) => void; /** When it was let go. */ onMoved: (view: XRange) => void };

/** A chart that is pushed along and zoomed with the wheel: Plotly only shifts what is drawn until the hand rests, then the figure of the new place is drawn. The figure carries its own size. */
export function NavigableChart({ figure, label, onMoving, onMoved }: NavigableProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const purge = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const isMoving = useRef(false);
  const axes = useRef('');
  const waiting = useRef<Figure | null>(null);
  const drawing = useRef<Promise<void>>(Promise.resolve());
  const tell = useRef({ onMoving, onMoved });
  useEffect(() => {
    tell.current = { onMoving, onMoved };
  });

  useEffect(() => {
    const element = place.current;
    // What is drawn anew under a hand that moves it would jump back; when the hand rests, the page draws its new place.
    if (!element || isMoving.current) return;
    const hear = (event: string, told: (view: XRange) => void): void => {
      const events = element as unknown as { on?: (event: string, heard: (moved: Moved) => void) => void; removeAllListeners?: (event: string) => void };
      events.removeAllListeners?.(event);
      events.on?.(event, (moved) => {
        const view = rangeIn(moved);
        if (view !== null) told(view);
      });
    };
    const draw = async (next: Figure): Promise<void> => {
      // Axes that come or go are a new chart to Plotly: changed in place it looks for parts that are not there yet.
      const built = Object.keys(next.layout).filter((name) => /axis/.test(name)).join(' ');
      const how = built === axes.current ? Plotly.react : Plotly.newPlot;
      axes.current = built;
      await how(element, next.data.map((trace) => ({ ...trace })), structuredClone(next.layout), { ...CONFIG, scrollZoom: true });
      hear('plotly_relayouting', (view) => {
        isMoving.current = true;
        tell.current.onMoving(view);
      });
      hear('plotly_relayout', (view) => {
        isMoving.current = false;
        tell.current.onMoved(view);
      });
    };
    // One after the other, and of those that wait the newest alone: two at once would mix.
    waiting.current = figure;
    drawing.current = drawing.current.then(async () => {
      if (waiting.current !== figure) return;
      waiting.current = null;
      await draw(figure);
    }).catch((error: unknown) => console.error('The chart could not be drawn', error));
  }, [figure]);

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    clearTimeout(purge.current);
    return () => {
      purge.current = setTimeout(() => Plotly.purge(element), PURGE_AFTER_MS);
    };
  }, []);

  return <div ref={place} className="navigable" role="img" aria-label={label} />;
}
