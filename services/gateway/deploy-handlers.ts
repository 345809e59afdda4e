/** Answers about deployed strategies: read from the book, changed by the strategy engine. */
import type { DEPLOY_ROUTES } from '#app/contracts/http-deploy.ts';
import { AppError } from '#app/domain/errors.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

const missing = (): never => {
  throw new AppError('ROUTE_NOT_FOUND', 'This is not built yet');
};

/** Builds them. */
export function deployHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof DEPLOY_ROUTES> {
  return {
    deployed: missing, deployedLive: missing, strategyLog: missing, strategyParity: missing, stopStrategy: missing,
    gates: (input) => ctx.callCommand('projectGates', input),
    readVerdict: (input, { actor, idempotencyKey }) => ctx.callCommand('readVerdict', { ...input, actor, idempotencyKey }),
    deployStrategy: (input, { actor, idempotencyKey }) => ctx.callCommand('deployStrategy', { ...input, actor, idempotencyKey }),
    startStrategy: (input, { actor, idempotencyKey }) => ctx.callCommand('startStrategy', { ...input, actor, idempotencyKey }),
    pauseStrategy: (input, { actor, idempotencyKey }) => ctx.callCommand('pauseStrategy', { ...input, actor, idempotencyKey }),
    setStrategyLimits: (input, { actor, idempotencyKey }) => ctx.callCommand('setStrategyLimits', { ...input, actor, idempotencyKey }),
  };
}
