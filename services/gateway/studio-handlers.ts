/** Answers about the studio's runs: started by the orchestrator, read from the book, stepped by the strategy engine. */
import type { STUDIO_ROUTES } from '#app/contracts/http-studio.ts';
import { AppError } from '#app/domain/errors.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

const missing = (): never => {
  throw new AppError('ROUTE_NOT_FOUND', 'This is not built yet');
};

/** Builds them. */
export function studioHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof STUDIO_ROUTES> {
  return { startBacktest: missing, backtests: missing, backtest: missing, backtestLog: missing, backtestSearch: missing, backtestSteps: (input) => ctx.callCommand('stepBacktest', input) };
}
