/** A line without axes: the shape of the last minutes. */
import type { JSX } from 'react';

/** Points of the path in a box; a flat line in the middle when nothing moved. `scale` = fixed bottom and least top. Exported for its test. */
export function sparkPath(values: readonly number[], width: number, height: number, scale?: readonly [number, number]): string {
  if (values.length < 2) return '';
  const low = scale ? scale[0] : Math.min(...values);
  const high = Math.max(...values, scale?.[1] ?? Number.NEGATIVE_INFINITY);
  const span = high - low;
  return values.map((value, n) => `${n === 0 ? 'M' : 'L'}${((n / (values.length - 1)) * width).toFixed(1)} ${(span === 0 ? height / 2 : height - 1 - ((value - low) / span) * (height - 2)).toFixed(1)}`).join(' ');
}

/** The line; colour by its direction unless `tone` says otherwise. Its space is reserved while there is nothing to draw. */
export function Sparkline({ values, width = 72, height = 20, tone, scale }: { values: readonly number[]; width?: number; height?: number; tone?: 'accent' | 'muted'; scale?: readonly [number, number] }): JSX.Element {
  const rose = (values.at(-1) ?? 0) >= (values[0] ?? 0);
  const colour = tone === undefined ? (rose ? 'var(--gain)' : 'var(--loss)') : `var(--${tone})`;
  return (
    <svg className="sparkline" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden>
      <path d={sparkPath(values, width, height, scale)} fill="none" stroke={colour} strokeWidth="1.25" strokeLinejoin="round" />
    </svg>
  );
}
