/** Answers about what a person writes: read from the book, changed by the strategy engine. */
import type { AUTHOR_ROUTES } from '#app/contracts/http-author.ts';
import { AppError } from '#app/domain/errors.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';

const missing = (): never => {
  throw new AppError('ROUTE_NOT_FOUND', 'This is not built yet');
};

/** Builds them. */
export function authorHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof AUTHOR_ROUTES> {
  return {
    projects: missing, projectVersions: missing, project: missing, projectVersion: missing, templates: missing, strategyTypings: missing, authorProfile: missing,
    createProject: (input, { actor, idempotencyKey }) => ctx.callCommand('createProject', { ...input, actor, idempotencyKey }),
    saveProject: (input, { actor, idempotencyKey }) => ctx.callCommand('saveProject', { ...input, actor, idempotencyKey }),
    restoreVersion: (input, { actor, idempotencyKey }) => ctx.callCommand('restoreVersion', { ...input, actor, idempotencyKey }),
    renameProject: (input, { actor, idempotencyKey }) => ctx.callCommand('renameProject', { ...input, actor, idempotencyKey }),
    archiveProject: (input, { actor, idempotencyKey }) => ctx.callCommand('archiveProject', { ...input, actor, idempotencyKey }),
    checkFiles: (input) => ctx.callCommand('checkFiles', input),
    lookAheadCheck: (input, { actor, idempotencyKey }) => ctx.callCommand('lookAheadCheck', { ...input, actor, idempotencyKey }),
    saveAuthorProfile: (input, { actor, idempotencyKey }) => ctx.callCommand('saveAuthorProfile', { ...input, actor, idempotencyKey }),
  };
}
