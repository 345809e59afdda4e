/** The templates by their ids: examples that explain themselves, and the strategies of the house as source. */
import { AppError } from '#app/domain/errors.ts';
import { BOLLINGER_REVERSION } from './bollinger-reversion.ts';
import { BUY_AND_HOLD } from './buy-and-hold.ts';
import { DONCHIAN_BREAKOUT } from './donchian-breakout.ts';
import { FIRST_CROSS } from './first-cross.ts';
import { FIRST_DIP } from './first-dip.ts';
import { MOMENTUM_ROTATION } from './momentum-rotation.ts';
import { OWN_ORDERS } from './own-orders.ts';
import { PAIRS_TRADING } from './pairs-trading.ts';
import { PORTFOLIO_ROTATION } from './portfolio-rotation.ts';
import { RSI_REVERSION } from './rsi-reversion.ts';
import { SIMPLE_PAIR } from './simple-pair.ts';
import { SMA_CROSS } from './sma-cross.ts';
import { STATE_AND_LOG } from './state-and-log.ts';
import { STOP_AND_TARGET } from './stop-and-target.ts';
import type { Template } from './template.ts';
import { VOLATILITY_TARGET } from './volatility-target.ts';
import { WIDER_BARS } from './wider-bars.ts';

/** Every template, in the order in which people see them: what explains itself first. */
export const TEMPLATES: readonly Template[] = [
  FIRST_DIP, FIRST_CROSS, STATE_AND_LOG, STOP_AND_TARGET, WIDER_BARS, PORTFOLIO_ROTATION, OWN_ORDERS, SIMPLE_PAIR,
  BUY_AND_HOLD, SMA_CROSS, RSI_REVERSION, DONCHIAN_BREAKOUT, BOLLINGER_REVERSION, MOMENTUM_ROTATION, VOLATILITY_TARGET, PAIRS_TRADING,
];

/** The template of that id. @throws AppError TEMPLATE_NOT_FOUND */
export function templateOf(templateId: string): Template {
  const found = TEMPLATES.find((template) => template.templateId === templateId);
  if (!found) throw new AppError('TEMPLATE_NOT_FOUND', `There is no template "${templateId.slice(0, 60)}". Known templates: ${TEMPLATES.map((known) => known.templateId).join(', ')}`);
  return found;
}
