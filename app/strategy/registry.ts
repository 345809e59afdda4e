/** The strategies that come with the house, by kind. */
import { AppError } from '#app/domain/errors.ts';
import { bollingerReversion } from './built-in/bollinger-reversion.ts';
import { buyAndHold } from './built-in/buy-and-hold.ts';
import { donchianBreakout } from './built-in/donchian-breakout.ts';
import { momentumRotation } from './built-in/momentum-rotation.ts';
import { pairsTrading } from './built-in/pairs-trading.ts';
import { rsiReversion } from './built-in/rsi-reversion.ts';
import { smaCross } from './built-in/sma-cross.ts';
import { volatilityTarget } from './built-in/volatility-target.ts';
import type { StrategyType } from './spec.ts';

/** Every kind, in the order in which people see them. */
export const STRATEGY_TYPES: readonly StrategyType[] = [smaCross, rsiReversion, donchianBreakout, bollingerReversion, momentumRotation, pairsTrading, volatilityTarget, buyAndHold];

/** The kind of that name. @throws AppError STRATEGY_NOT_FOUND */
export function strategyType(kind: string): StrategyType {
  const found = STRATEGY_TYPES.find((candidate) => candidate.kind === kind);
  if (!found) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy of the kind "${kind.slice(0, 60)}". Known kinds: ${STRATEGY_TYPES.map((known) => known.kind).join(', ')}`);
  return found;
}
