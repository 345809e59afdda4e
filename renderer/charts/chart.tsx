/** The one place that draws with Plotly: the strict parts we need, redrawn when the figure or the space changes. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import Plotly from 'plotly.js/lib/core';
import bar from 'plotly.js/lib/bar';
import heatmap from 'plotly.js/lib/heatmap';
import treemap from 'plotly.js/lib/treemap';
import type { XRange } from './bar-groups.ts';
import { followHand } from './chart-hand.ts';
import type { Figure } from './figure.ts';
import type { DrawnChart } from './price-figure.ts';
import { plotWidth } from './scale.ts';

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

/** Shows what is drawn for one stretch of x as another one: a picture that is shifted and stretched, nothing is drawn. Each pane keeps its own clip. */
function shiftDrawn(element: HTMLElement, drawn: XRange, view: XRange, width: number): void {
  const scale = (drawn[1] - drawn[0]) / (view[1] - view[0]);
  const by = ((drawn[0] - view[0]) / (view[1] - view[0])) * width;
  const isAsDrawn = Math.abs(scale - 1) < 1e-9 && Math.abs(by) < 1e-6;
  for (const layer of element.querySelectorAll('.plot > .scatterlayer')) {
    if (isAsDrawn) layer.removeAttribute('transform');
    else layer.setAttribute('transform', `translate(${by.toFixed(3)} 0) scale(${scale.toFixed(6)} 1)`);
  }
}

/** Stretched by more than this, merged bars are drawn anew in finer groups. */
const STRETCH_MAX = 2.5;

/** Must what is drawn be drawn anew, while the hand moves on? */
function isSpent({ view: was, reach, groups }: DrawnChart, [from, to]: XRange): boolean {
  return from < reach[0] || to > reach[1] || (groups.size > 1 && (was[1] - was[0]) / (to - from) > STRETCH_MAX);
}

type NavigableProps = { drawn: DrawnChart; label: string; /** While a hand moves it. */ onMoving: (view: XRange) => void; /** When it was let go, or what is drawn does not reach further. */ onMoved: (view: XRange) => void };

/** A chart that is pulled along and zoomed with the wheel. Plotly draws it standing still; while a hand moves it the picture alone is moved. The figure carries its own size. */
export function NavigableChart({ drawn, label, onMoving, onMoved }: NavigableProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const purge = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const axes = useRef('');
  const waiting = useRef<DrawnChart | null>(null);
  const drawing = useRef<Promise<void>>(Promise.resolve());
  /** What stands on the screen, the stretch that is wanted now, and whether a hand wants it. */
  const stand = useRef({ drawn, view: drawn.view, isMoving: false });
  const tell = useRef({ onMoving, onMoved });
  useEffect(() => {
    tell.current = { onMoving, onMoved };
  });

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    if (!stand.current.isMoving) stand.current.view = drawn.view;
    const draw = async (next: DrawnChart): Promise<void> => {
      // Axes that come or go are a new chart to Plotly: changed in place it looks for parts that are not there yet.
      const { data, layout } = next.figure;
      const built = Object.keys(layout).filter((name) => /axis/.test(name)).join(' ');
      const how = built === axes.current ? Plotly.react : Plotly.newPlot;
      axes.current = built;
      await how(element, data.map((trace) => ({ ...trace })), structuredClone(layout), { ...CONFIG, staticPlot: true });
      stand.current.drawn = next;
      // A hand that still moves it goes on from where it is; else this is the place.
      const { isMoving, view } = stand.current;
      shiftDrawn(element, next.view, isMoving ? view : next.view, plotWidth(next.frame));
      if (isMoving) tell.current.onMoving(view);
    };
    // One after the other, and of those that wait the newest alone: two at once would mix.
    waiting.current = drawn;
    drawing.current = drawing.current.then(async () => {
      if (waiting.current !== drawn) return;
      await draw(drawn);
      if (waiting.current === drawn) waiting.current = null;
    }).catch((error: unknown) => console.error('The chart could not be drawn', error));
  }, [drawn]);

  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    clearTimeout(purge.current);
    const now = stand.current;
    const end = followHand(element, {
      view: () => now.view,
      width: () => plotWidth(now.drawn.frame),
      onMoving(view) {
        [now.view, now.isMoving] = [view, true];
        shiftDrawn(element, now.drawn.view, view, plotWidth(now.drawn.frame));
        tell.current.onMoving(view);
        if (waiting.current === null && isSpent(now.drawn, view)) tell.current.onMoved(view);
      },
      onRest(view) {
        [now.view, now.isMoving] = [view, false];
        tell.current.onMoved(view);
      },
    });
    return () => {
      end();
      purge.current = setTimeout(() => Plotly.purge(element), PURGE_AFTER_MS);
    };
  }, []);

  return <div ref={place} className="navigable" role="img" aria-label={label} />;
}
