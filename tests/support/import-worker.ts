/** A process that carries imports out in small windows: for tests that kill it in the middle (MAINSPRING_CRASH_AT). */
import type { PostgresAccess } from '#app/contracts/config.ts';
import { openDb } from '#chassis/db.ts';
import { createLog } from '#chassis/log.ts';
import { startImports } from '../../services/data_ingestion/import-lane.ts';

/** What the parent sends. `folder`: where refused rows are kept aside. */
export type ImportJob = { readonly importId: string; readonly folder: string; readonly windowBytes: number; readonly access: PostgresAccess };

const LOOK_MS = 20;

process.once('message', ({ importId, folder, windowBytes, access }: ImportJob) => {
  const db = openDb({ access, database: access.tradingDb, schema: 'data_ingestion', applicationName: 'import worker', max: 3, onLost: () => process.exit(75) });
  const end = (error: unknown): void => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  };
  const lane = startImports({
    db, folder, windowBytes, log: createLog('data_ingestion', 'error'), signal: new AbortController().signal, bulk: { access, database: access.tradingDb, applicationName: 'import worker bulk' },
    isBusy: () => false, hasRoom: () => true, judge: () => Promise.resolve(null), onFatal: end,
  });
  const look = setInterval(() => {
    db.query<{ state: string }>('SELECT state FROM data_ingestion.imports WHERE import_id = $1', [importId]).then(async ([row]) => {
      if (row?.state !== 'done' && row?.state !== 'failed') return;
      clearInterval(look);
      await lane.stop();
      await db.close();
      process.disconnect();
    }).catch(end);
  }, LOOK_MS);
});
