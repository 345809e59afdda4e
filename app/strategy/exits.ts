/** Exits that the broker watches, as strategies share them: distances from the entry in average true ranges. */
import type { Reason, TargetOptions } from './context.ts';
import { integer, real, type NumberParameter } from './parameters.ts';

const distance = (describe: string): NumberParameter => real(0, { min: 0, max: 100, step: 0.5, unit: 'average true ranges', describe });

/** Parameters of exits at the broker, for a strategy's own set. At 0, their default, there are none. */
export const exitParameters = {
  atrPeriod: integer(14, { min: 1, max: 500, describe: 'Bars of the average true range that sizing and exits use' }),
  stopAtr: distance('Stop-loss at the broker, average true ranges on the losing side of the entry; 0 = none'),
  takeProfitAtr: distance('Take-profit at the broker, average true ranges on the winning side of the entry; 0 = none'),
};

/** What the parameters ask for. */
export type ExitDistances = { readonly stopAtr: number; readonly takeProfitAtr: number };

/** An entry as it stands at the bar's close. `atr`: average true range, dollars. */
export type Entry = { readonly side: 'long' | 'short'; readonly close: number; readonly atr: number; readonly reasons: () => readonly Reason[] };

/**
 * Beside an entry: its average true range, its reasons, and where its exits lie. Close 100, range 2, distances 3 and 5: a long entry has its stop at 94 and its target at 110, a short one at 106 and 90.
 * An exit that would lie at or below nothing is left out; without a range there are none.
 */
export function entryOptions(entry: Entry, { stopAtr, takeProfitAtr }: ExitDistances): TargetOptions {
  const { side, close, atr, reasons } = entry;
  if (!(atr > 0)) return { reasons };
  const up = side === 'long' ? 1 : -1;
  const stopPrice = close - up * stopAtr * atr;
  const takeProfitPrice = close + up * takeProfitAtr * atr;
  return { reasons, atr, ...(stopAtr > 0 && stopPrice > 0 ? { stopPrice } : {}), ...(takeProfitAtr > 0 && takeProfitPrice > 0 ? { takeProfitPrice } : {}) };
}
