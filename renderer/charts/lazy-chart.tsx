/** Charts arrive after the page: their space is reserved, their code is loaded once. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { Skeleton } from '@mantine/core';
import type { XRange } from './bar-groups.ts';
import type * as ChartCode from './chart.tsx';
import type { Figure } from './figure.ts';
import type { DrawnChart } from './price-figure.ts';

type Charts = typeof ChartCode;
let loaded: Charts | null = null;
let loading: Promise<Charts> | null = null;

/** Loads the code of charts, if it is not there yet: a page that will show one asks for it while it waits for the numbers. */
export function loadCharts(): Promise<Charts> {
  loading ??= import('./chart.tsx').then((charts) => (loaded = charts), (error: unknown) => {
    // A file that did not come is asked for again by the next chart.
    loading = null;
    throw error;
  });
  return loading;
}

/** The code of charts, null until it is there. What is there is used at once: React would hold back for a while what it once had to wait for. */
function useCharts(): Charts | null {
  const [charts, setCharts] = useState(loaded);
  const [failure, setFailure] = useState<unknown>(null);
  useEffect(() => {
    let isWanted = true;
    if (loaded === null) loadCharts().then((all) => { if (isWanted) setCharts(all); }, (error: unknown) => { if (isWanted) setFailure(error); });
    return () => { isWanted = false; };
  }, []);
  // The page's own boundary says so.
  if (failure !== null) throw failure instanceof Error ? failure : new Error('The code of the charts did not come');
  return charts ?? loaded;
}

/** A chart with a skeleton of its size until it can be drawn. */
export function LazyChart(props: { figure: Figure; height: number; label: string }): JSX.Element {
  const charts = useCharts();
  return charts === null ? <Skeleton height={props.height} radius="md" /> : <charts.Chart {...props} />;
}

/** A chart to move along and to zoom; its size is in the figure. */
export function LazyNavigableChart(props: { drawn: DrawnChart; label: string; onMoving: (view: XRange) => void; onMoved: (view: XRange) => void }): JSX.Element {
  const charts = useCharts();
  return charts === null ? <div className="chart-waits" aria-hidden /> : <charts.NavigableChart {...props} />;
}
