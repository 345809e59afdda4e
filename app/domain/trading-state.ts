/** The master switch: may new orders go out? */
import * as z from 'zod';

/** ACTIVE: all orders; REDUCING: only orders that shrink exposure; HALTED: none. Cancels always pass. */
export const TRADING_STATES = ['ACTIVE', 'REDUCING', 'HALTED'] as const;
export type TradingState = (typeof TRADING_STATES)[number];
export const tradingStateSchema = z.enum(TRADING_STATES);

/** May an order be sent in this state? */
export function mayTrade(state: TradingState, isReducing: boolean): boolean {
  return state === 'ACTIVE' || (state === 'REDUCING' && isReducing);
}
