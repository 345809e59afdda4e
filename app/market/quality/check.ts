/** All rules over one series. */
import { barCount } from '#app/domain/bar-columns.ts';
import { collector, type Columns, type QualityContext, type QualityResult } from './finding.ts';
import { checkLevels } from './levels.ts';
import { placeBars } from './order.ts';
import { checkSessions, type Regular } from './sessions.ts';
import { checkShape } from './shape.ts';
import { checkStill, checkVolumes } from './volumes.ts';
import { checkWicks } from './wicks.ts';

/** After so many days without a bar a series begins anew: tickers are given to other companies. The hole itself is a finding. */
const HOLE_DAYS = 45;

/** The stretches between long holes. */
function stretches({ index, day }: Regular): Regular[] {
  const parts: Regular[] = [];
  let start = 0;
  for (let k = 1; k <= day.length; k += 1) {
    if (k < day.length && (day[k] as number) - (day[k - 1] as number) <= HOLE_DAYS) continue;
    parts.push({ index: index.subarray(start, k), day: day.subarray(start, k) });
    start = k;
  }
  return parts;
}

/**
 * Looks at the bars of one series, which need not be in order (a file's rows are given as they stand there). Every bar is looked at a fixed number of times; a million
 * minutes take a fraction of a second. Levels and volumes are judged on regular trading alone, and from 31 bars on.
 * @throws AppError INVARIANT_BROKEN when the columns have different lengths.
 */
export function checkBars(bars: Columns, context: QualityContext): QualityResult {
  const sound = new Uint8Array(barCount(bars));
  const sink = collector();
  checkShape(bars, sound, sink);
  const placed = placeBars(bars, { context, sound, sink });
  const regular = checkSessions(bars, placed, { context, sound, sink });
  for (const stretch of stretches(regular)) {
    for (const rule of [checkLevels, checkWicks, checkStill, checkVolumes]) rule(bars, stretch, { context, sink });
  }
  return sink.result();
}
