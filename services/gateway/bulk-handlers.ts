/** Answers about filling the book: what is asked goes to data_ingestion, what is known is read from the book. */
import type { BULK_ROUTES } from '#app/contracts/http-bulk.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readBackfill, readBackfills, readImport, readImports } from './queries/bulk.ts';

/** Builds them. */
export function bulkHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof BULK_ROUTES> {
  return {
    backfills: async ({ limit }) => ({ backfills: await readBackfills(ctx.db, limit) }),
    backfill: ({ backfillId, limit }) => readBackfill(ctx.db, backfillId, limit),
    startBackfill: (input, { actor, idempotencyKey }) => ctx.callCommand('startBackfill', { ...input, actor, idempotencyKey }),
    steerBackfill: (input, { actor, idempotencyKey }) => ctx.callCommand('steerBackfill', { ...input, actor, idempotencyKey }),
    imports: async ({ limit }) => ({ imports: await readImports(ctx.db, limit) }),
    import: ({ importId, limit }) => readImport(ctx.db, importId, limit),
    previewImport: (input) => ctx.callCommand('previewImport', input),
    startImport: (input, { actor, idempotencyKey }) => ctx.callCommand('startImport', { ...input, actor, idempotencyKey }),
    steerImport: (input, { actor, idempotencyKey }) => ctx.callCommand('steerImport', { ...input, actor, idempotencyKey }),
  };
}
