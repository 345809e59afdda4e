/** How long the checks of a result may take, and what is said when there was no time for all of them. */
import { summariseVariants, type VariantSummary } from '#app/analytics/jitter.ts';

/** All checks of a result together, ms: who waits for a verdict has it within some ten seconds. */
export const CHECK_MS = 8_000;
/** Part of it for the look for the future. */
export const LOOK_PART = 0.3;
/** Fewer variants than this say nothing. */
const FEWEST_VARIANTS = 3;
const SECOND = 1_000;

/** Variants of one kind: what came of those that were run, and how many there would have been. */
export type Tried = { readonly ratios: readonly number[]; readonly run: number; readonly planned: number };

/** What the variants came to; null where there was no time for enough of them. */
export function summaryOf(base: number, { ratios, run, planned }: Tried): VariantSummary | null {
  return run < planned && run < FEWEST_VARIANTS ? null : summariseVariants(base, ratios);
}

/** What was left out for want of time, for a person; nothing where all was done. `look`: places at which the future was taken away, and places left. */
export function leftOutWords({ noise, beside, look }: { readonly noise: Tried; readonly beside: Tried; readonly look: { readonly cuts: number; readonly left: number } | null }): string[] {
  const told = ({ run, planned }: Tried, what: string): string[] => (run >= planned ? [] : [`${run} of ${planned} runs with ${what}${run < FEWEST_VARIANTS ? ' (too few to judge by)' : ''}`]);
  const parts = [
    ...(look === null || look.left === 0 ? [] : [`the future taken away at ${look.cuts} of ${look.cuts + look.left} places`]), ...told(noise, 'noise on the prices'), ...told(beside, 'other parameters'),
  ];
  return parts.length === 0 ? [] : [`The checks of the verdict were ended after ${CHECK_MS / SECOND} s: ${parts.join(', ')}. Over fewer symbols or days all of them are made.`];
}

/** Told of a run over too many bars for further ones. */
export function uncheckedWords(bars: number, most: number): string {
  return `Whether it knows the future, and what noise on the prices and other parameters do to it, was not checked: the run takes ${bars} bars, further runs are made up to ${most}. Take fewer symbols or days, or wider bars, for these checks.`;
}
