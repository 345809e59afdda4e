/** Positions and cash of both books, read until what differs stands still: a fill on its way between two readings is no difference. */
import { Decimal } from '#app/domain/numeric.ts';
import type { Difference } from '#app/execution/reconcile.ts';
import { sleep } from '#chassis/clock.ts';

const READS = 4;
const HOLDINGS_PAUSE_MS = 750;

/** What is missing here, whatever else was filled in both books meanwhile. */
const gapOf = ({ kind, subject, ours, theirs }: Difference): string => `${kind} ${subject} ${new Decimal(theirs ?? 0).minus(ours ?? 0).toString()}`;

/** The differences that two readings in a row showed, as the last one has them; none as soon as a reading shows none. */
export async function standingDifferences(look: () => Promise<readonly Difference[]>, pauseMs = HOLDINGS_PAUSE_MS): Promise<readonly Difference[]> {
  let before = new Set<string>();
  for (let reading = 1; ; reading += 1) {
    const differences = await look();
    const standing = differences.filter((one) => before.has(gapOf(one)));
    if (standing.length === differences.length || reading >= READS) return standing;
    before = new Set(differences.map(gapOf));
    await sleep(pauseMs);
  }
}

/** Must the books be compared? Positions that differ: each time. Cash alone, a fee that the broker has not listed yet: once for each amount. */
export function createNotice(): (differences: readonly Difference[]) => boolean {
  let before = '';
  return (differences) => {
    const gaps = differences.map(gapOf).join();
    const isNews = gaps !== before;
    before = gaps;
    return differences.length > 0 && (isNews || differences.some((one) => one.kind === 'position'));
  };
}
