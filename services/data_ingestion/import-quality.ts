/** What the quality rules say of the bars that an import brought. */
import type * as z from 'zod';
import type { importQualitySchema } from '#app/contracts/bulk.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { Db } from '#chassis/db.ts';
import { computeFactors } from './factors.ts';
import { validateSeriesWhole } from './validate.ts';

const MAX_SERIES = 2_000;
const WORST = 10;

/** Has factors made of the actions that came in, looks at every series of an import (a split that is known is no cliff), has findings written down (each once), and sums them up. Safe to repeat. */
export async function judgeImport(db: Db, importId: string, signal: AbortSignal): Promise<z.infer<typeof importQualitySchema>> {
  await computeFactors(db, signal);
  const series = await db.query<{ symbol: string; timeframe: Timeframe }>(
    `SELECT DISTINCT f.symbol, f.timeframe FROM (SELECT unnest(symbols) AS symbol, dialect->>'timeframe' AS timeframe FROM data_ingestion.import_files WHERE import_id = $1 AND kind = 'bars' AND stored + replaced > 0) f ORDER BY 1, 2 LIMIT $2`, [importId, MAX_SERIES]);
  const byKind: Record<string, number> = {};
  const worst: { symbol: string; findings: number }[] = [];
  let [bars, findings] = [0, 0];
  for (const name of series) {
    // The bars are of the past: the wall clock says nothing of them.
    const result = await validateSeriesWhole(db, name, { signal, now: null });
    if (result === null) continue;
    bars += result.bars;
    findings += result.found;
    for (const { kind } of result.findings) byKind[kind] = (byKind[kind] ?? 0) + 1;
    if (result.found > 0) worst.push({ symbol: name.symbol, findings: result.found });
  }
  return { series: series.length, bars, findings, byKind, worst: worst.sort((a, b) => b.findings - a.findings).slice(0, WORST) };
}
