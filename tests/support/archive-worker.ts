/** A process that puts the minute bars of one month away, or brings it back: for tests that kill it in the middle (MAINSPRING_CRASH_AT). */
import type { PostgresAccess } from '#app/contracts/config.ts';
import { openDb } from '#chassis/db.ts';
import { archiveUnit, restoreUnit } from '../../services/data_ingestion/archive.ts';

/** What the parent sends. */
export type ArchiveJob = { readonly action: 'archive' | 'restore'; readonly month: string; readonly folder: string; readonly access: PostgresAccess };

process.once('message', (job: ArchiveJob) => {
  const { access, folder, month } = job;
  const db = openDb({ access, database: access.tradingDb, schema: 'data_ingestion', applicationName: 'archive test', max: 2, onLost: () => process.exit(75) });
  const parts = { db, folder, bulk: { access, database: access.tradingDb, applicationName: 'archive test bulk' } };
  const work: Promise<{ readonly rows: number }> = job.action === 'archive' ? archiveUnit(parts, { month, timeframe: '1Min' }) : restoreUnit(parts, { month, timeframe: '1Min' });
  work.then(
    async ({ rows }) => {
      process.send?.({ rows });
      await db.close();
      process.disconnect();
    },
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
