/** Answers about filling the book: what is asked goes to data_ingestion, what is known is read from the book. */
import type { BackfillView, ImportView } from '#app/contracts/bulk.ts';
import type { BULK_ROUTES } from '#app/contracts/http-bulk.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readBackfill, readBackfills, readImport, readImports } from './queries/bulk.ts';

/** Builds them. */
export function bulkHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof BULK_ROUTES> {
  const backfillOf = async ({ backfillId }: { readonly backfillId: string }): Promise<BackfillView> => (await readBackfill(ctx.db, backfillId, 1)).backfill;
  const importOf = async ({ importId }: { readonly importId: string }): Promise<ImportView> => (await readImport(ctx.db, importId, 1)).import;
  return {
    backfills: async ({ limit }) => ({ backfills: await readBackfills(ctx.db, limit) }),
    backfill: ({ backfillId, limit }) => readBackfill(ctx.db, backfillId, limit),
    startBackfill: async (input, { actor, idempotencyKey }) => backfillOf(await ctx.callCommand('startBackfill', { ...input, actor, idempotencyKey })),
    steerBackfill: async (input, { actor, idempotencyKey }) => backfillOf(await ctx.callCommand('steerBackfill', { ...input, actor, idempotencyKey })),
    imports: async ({ limit }) => ({ imports: await readImports(ctx.db, limit) }),
    import: ({ importId, limit }) => readImport(ctx.db, importId, limit),
    previewImport: (input) => ctx.callCommand('previewImport', input),
    startImport: async (input, { actor, idempotencyKey }) => importOf(await ctx.callCommand('startImport', { ...input, actor, idempotencyKey })),
    steerImport: async (input, { actor, idempotencyKey }) => importOf(await ctx.callCommand('steerImport', { ...input, actor, idempotencyKey })),
  };
}
