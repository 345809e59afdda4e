/** The desk for filling the book: back-fills, imports and exports behind one door, beside the live lane. */
import { join } from 'node:path';
import { AppError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { fromNewYork } from '#app/market/nyse-zone.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import { withBulkTx, type BulkOptions } from '#chassis/db-bulk.ts';
import type { Logger } from '#chassis/log.ts';
import type { CommandHandlers } from '#chassis/service.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { openColumnCache, type ColumnCache } from '../research/cache.ts';
import { newestComplete, steer, wantBackfill } from './backfill.ts';
import { startBackfills, type BackfillLane } from './backfill-lane.ts';
import { exportPage } from './export.ts';
import { previewImport, wantImport } from './import.ts';
import { startImports, type ImportLane } from './import-lane.ts';
import { judgeImport } from './import-quality.ts';

/** What the desk works with. `isBusy`: live bars wait, or somebody repairs them; `watched`: the symbols that a back-fill without symbols means. */
export type BulkDeskParts = {
  readonly db: Db; readonly bulk: BulkOptions; readonly history: Pick<MarketHistory, 'bars' | 'clock'>; readonly log: Logger; readonly signal: AbortSignal; readonly dataDir: string; readonly isReplay: boolean;
  readonly isBusy: () => boolean; readonly hasRoom: () => boolean; readonly watched: () => readonly string[]; readonly onFatal: (error: unknown) => void;
  /** A back-fill is complete: bars of past days are there that were not. */
  readonly onFilled: () => void;
  /** An import has brought bars. */
  readonly onImported: () => void;
};

/** The desk. `wake`: a back-fill was wanted by somebody else of this service. */
export type BulkDesk = { readonly commands: CommandHandlers; start(): void; wake(): void; stop(): Promise<void> };

/** Opens it; its lanes run from `start` on. */
export function openBulkDesk(parts: BulkDeskParts): BulkDesk {
  const { db, history } = parts;
  let backfills: BackfillLane | null = null;
  let imports: ImportLane | null = null;
  let columns: ColumnCache | null = null;
  // Its folder is made with the first export.
  const cache = (): ColumnCache => (columns ??= openColumnCache(join(parts.dataDir, 'columns'), join(parts.dataDir, 'archive')));
  const commands: CommandHandlers = {
    async startBackfill({ idempotencyKey, actor, symbols, timeframe, from, to, why }) {
      const wanted = symbols ?? parts.watched();
      if (wanted.length === 0) throw new AppError('INPUT_INVALID', 'No symbol is watched yet: say which symbols are wanted');
      const newest = newestComplete((await history.clock()).at, timeframe);
      const until = to === undefined ? newest : Math.min(newest, fromNewYork(to, timeframe === '1Day' ? 0 : 24 * 60 - 1));
      const { backfillId } = await wantBackfill(db, { key: idempotencyKey, wantedBy: actor, why, symbols: wanted, timeframe, from: fromNewYork(from, 0), to: until as EpochMs });
      backfills?.wake();
      return { backfillId };
    },
    async steerBackfill({ backfillId, act }) {
      await steer(db, 'backfills', backfillId, act);
      backfills?.wake();
      return { backfillId };
    },
    previewImport,
    async startImport({ idempotencyKey, actor, ...wish }) {
      const importId = await wantImport(db, wish, { key: idempotencyKey, wantedBy: actor });
      imports?.wake();
      return { importId };
    },
    async steerImport({ importId, act }) {
      await steer(db, 'imports', importId, act);
      imports?.wake();
      return { importId };
    },
    exportBars: (input) => exportPage({ cache: cache(), access: { db, bulk: (fn) => withBulkTx(parts.bulk, fn) } }, input),
  };
  return {
    commands,
    start() {
      const { bulk, log, signal, isBusy, hasRoom, onFatal, onFilled } = parts;
      // A replay has its whole past in its files.
      if (!parts.isReplay) backfills = startBackfills({ db, bulk, history, log, signal, monotonicMs, isBusy, hasRoom, onFatal, onDone: onFilled });
      const judged = async (importId: string): ReturnType<typeof judgeImport> => {
        const quality = await judgeImport(db, importId, signal);
        parts.onImported();
        return quality;
      };
      imports = startImports({ db, bulk, folder: join(parts.dataDir, 'imports'), log, signal, isBusy, hasRoom, onFatal, judge: judged });
    },
    wake() {
      backfills?.wake();
      imports?.wake();
    },
    async stop() {
      await Promise.all([backfills?.stop(), imports?.stop()]);
    },
  };
}
