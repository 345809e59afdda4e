/** What a run needs of whoever turns a strategy's words into orders. */
import type { MarketState } from './core.ts';

/** A desk at work. */
export type Desk = {
  /** Hears what was said at a close; `said`: the markets of the strategy that spoke, in their order. */
  hear(said: readonly MarketState[]): void;
  /** Called at the open of a bar, before anything fills. Micro-dollars. */
  atOpen(m: MarketState, open: number): void;
  /** Called when the orders of a bar have been matched; `rematch` matches what it has placed for the same open. */
  afterMatch(m: MarketState, open: number, rematch: () => void): void;
  /** Called when shares have become others by a split. */
  afterSplit(m: MarketState): void;
  /** Called when a session has ended and what was good for it has expired, before the next one opens. */
  atSessionEnd(): void;
  /** Called at the close of a step, before the strategy is asked, while the core says that the desk waits for something. */
  atClose(): void;
};
