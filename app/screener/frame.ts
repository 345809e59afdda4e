/** What the steps of a program look at while they are worked out for one symbol. */
import type { BarColumns } from '#app/domain/bar-columns.ts';

/** The bars, the one that is asked about, and whether all bars up to it are wanted. `epoch`: the number of the question, so that what was copied for it is copied once. */
export type Frame = { bars: BarColumns; at: number; isWhole: boolean; epoch: number };
