/** Charts arrive after the page: their space is reserved, their code is loaded once. */
import { lazy, Suspense } from 'react';
import type { JSX } from 'react';
import { Skeleton } from '@mantine/core';
import type { Figure } from './figure.ts';

const Chart = lazy(async () => ({ default: (await import('./chart.tsx')).Chart }));

/** A chart with a skeleton of its size until it can be drawn. */
export function LazyChart(props: { figure: Figure; height: number; label: string }): JSX.Element {
  return (
    <Suspense fallback={<Skeleton height={props.height} radius="md" />}>
      <Chart {...props} />
    </Suspense>
  );
}
