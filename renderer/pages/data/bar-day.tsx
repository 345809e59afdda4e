/** The exchange's day of a bar. */
import type { JSX } from 'react';
import { marketDay, NOTHING } from '../../ui/format.ts';

/** `YYYY-MM-DD` in New York; a dash when there is none. */
export function BarDay({ at }: { at: number | null }): JSX.Element {
  return <span className="num">{at === null ? NOTHING : marketDay(at)}</span>;
}
