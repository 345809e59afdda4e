/** Charts arrive after the page: their space is reserved, their code is loaded once. */
import { lazy, Suspense } from 'react';
import type { JSX } from 'react';
import { Skeleton } from '@mantine/core';
import type { XRange } from './bar-groups.ts';
import type { Figure } from './figure.ts';

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }));
const NavigableChart = lazy(async () => ({ default: (await import('./chart.tsx')).NavigableChart }));

/** A chart with a skeleton of its size until it can be drawn. */
export function LazyChart(props: { figure: Figure; height: number; label: string }): JSX.Element {
  return (
    <Suspense fallback={<Skeleton height={props.height} radius="md" />}>
      <Chart {...props} />
    </Suspense>
  );
}

/** A chart to move along and to zoom; its size is in the figure. */
export function LazyNavigableChart(props: { figure: Figure; label: string; onMoving: (view: XRange) => void; onMoved: (view: XRange) => void }): JSX.Element {
  return (
    <Suspense fallback={<div className="chart-waits" aria-hidden />}>
      <NavigableChart {...props} />
    </Suspense>
  );
}
