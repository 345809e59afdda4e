/** `/exports/bars.csv`: bars of the book as a file, page by page, so that a million of them need no more memory than a few. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { exportWishSchema, type ExportWish } from '#app/contracts/bulk.ts';
import type { CommandAsk, CommandOutput } from '#app/contracts/commands.ts';
import { tryRead } from '#app/contracts/read.ts';
import { AppError } from '#app/domain/errors.ts';

/** Where pages come from: the command of data_ingestion. */
export type ExportPages = (ask: CommandAsk<'exportBars'>) => Promise<CommandOutput<'exportBars'>>;

const HEADER = 'symbol,time,open,high,low,close,volume\n';
/** 20,000 bars each: more than any series has. */
const MAX_PAGES = 5_000;

/** The pieces of a file: its header with the first page, then one page after the other, symbol by symbol. @throws AppError INPUT_INVALID when there is no bar at all */
export async function* exportPieces(wish: ExportWish, pages: ExportPages): AsyncGenerator<string, void, undefined> {
  let isEmpty = true;
  for (const symbol of [...new Set(wish.symbols)]) {
    let after: number | null = null;
    for (let n = 0; n < MAX_PAGES; n += 1) {
      const page: CommandOutput<'exportBars'> = await pages({ symbol, timeframe: wish.timeframe, adjustment: wish.adjustment, from: wish.from ?? null, to: wish.to ?? null, after });
      if (page.bars > 0) yield `${isEmpty ? HEADER : ''}${page.text}`;
      isEmpty &&= page.bars === 0;
      after = page.next;
      if (after === null) break;
    }
  }
  if (isEmpty) throw new AppError('INPUT_INVALID', `There are no ${wish.timeframe} bars of ${wish.symbols.slice(0, 5).join(', ')}${wish.symbols.length > 5 ? ' and others' : ''} in this time`);
}

function fileName({ symbols, timeframe, adjustment }: ExportWish): string {
  return `${symbols.length === 1 ? (symbols[0] ?? '').toLowerCase().replaceAll('/', '-') : `${symbols.length}-symbols`}-${timeframe}${adjustment === 'raw' ? '' : `-${adjustment}`}.csv`;
}

/** Serves exports to whoever has signed in: a browser that follows a link can send no more than its cookie. A file that ends early is told by its transfer being broken off. */
export function mountExports(app: FastifyInstance, pages: ExportPages): void {
  app.get('/exports/bars.csv', { config: { access: 'cookie' } }, async (request, reply) => {
    const wish = tryRead(exportWishSchema, request.query);
    if (!wish.success) throw new AppError('INPUT_INVALID', `${wish.error.issues[0]?.path.join('.') || 'The request'}: ${wish.error.issues[0]?.message ?? 'is not valid'}`);
    const pieces = exportPieces(wish.data, pages);
    // The first piece before the headers: what cannot be exported is refused in words.
    const first = await pieces.next();
    const rest = async function* () {
      if (first.done !== true) yield first.value;
      yield* pieces;
    };
    return reply.headers({ 'content-type': 'text/csv; charset=utf-8', 'content-disposition': `attachment; filename="${fileName(wish.data)}"` }).send(Readable.from(rest()));
  });
}
