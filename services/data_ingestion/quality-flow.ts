/** validate_data_quality: which stored bars cannot be trusted; what can be repaired by a second reading is; factors, coverage and the day's report follow. */
import * as z from 'zod';
import type { Mode } from '#app/contracts/config.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { describeError } from '#app/domain/errors.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { calendarCovers } from '#app/market/calendar.ts';
import type { Db } from '#chassis/db.ts';
import type { BulkOptions } from '#chassis/db-bulk.ts';
import { flow, type FlowContext, type FlowDefinition } from '#chassis/flows.ts';
import type { MarketHistory } from '../alpaca/ports.ts';
import { updateCoverage } from './coverage.ts';
import { compareFactors, toldActions } from './factors.ts';
import type { SeriesResult, SeriesToValidate } from './quality-findings.ts';
import { adoptConflicts, arrivalsSince, judge, storedSummary, summarize, writeLook, writeReport, writeRun, type QualitySummary } from './quality-report.ts';
import { refreshFactors } from './quality-lane.ts';
import { isNoAnswer, repairDue } from './repair.ts';
import { addMismatches, addStaleness, followedSymbols, marketNow, seriesToValidate, validateSeries } from './validate.ts';

/** What the flow works with. `now`: the wall clock; `isReplay`: the market's time is that of recorded bars. `bars` is absent where no broker can be asked. */
export type QualityFlowParts = {
  readonly db: Db; readonly bulk: BulkOptions; readonly history: Partial<Pick<MarketHistory, 'bars'>>; readonly mode: Mode; readonly isReplay: boolean; readonly now: () => EpochMs;
};

const input = z.strictObject({
  symbols: z.array(symbolSchema).min(1).max(1_000).optional().describe('Only these symbols; all watched ones when left out'),
  isWhole: z.boolean().default(false).describe('Look at whole histories again, of every stored series (or of these symbols), not only at what is new'),
});

/** The flow. */
export function validateFlow(parts: QualityFlowParts): FlowDefinition {
  return flow({
    name: 'validate_data_quality',
    description: 'Looks at the stored bars that are new since the last look, for gaps, impossible prices, spikes, splits nobody told, stale and frozen series; reads doubtful ones again, computes adjustment factors, and writes the day\'s report.',
    input,
    schedule: null, retries: 3, retryDelayMs: 2_000, timeoutMs: 1_800_000, concurrency: 1, onMissed: 'skip', events: ['each fetch of market data'],
    async run(ctx, wish) {
      const look = await ctx.step('check the new bars', (step) => lookAt(parts, ctx, { ...wish, signal: step.signal }));
      const { bars } = parts.history;
      if (bars === undefined) await ctx.skip('read doubtful bars again', 'No broker can be asked');
      else {
        const repairs = await ctx.step('read doubtful bars again', (step) => repairDue({ ...parts, history: { bars } }, step.signal));
        if (repairs.looked > 0) ctx.log('info', 'Doubtful bars were read again', { ...repairs });
      }
      const factors = await ctx.step('compute adjustment factors', (step) => factorsStep(parts, step.signal));
      if (factors.problem !== null) ctx.log('warn', 'Adjustment factors could not be compared with the broker\'s; it is tried again', { problem: factors.problem });
      await ctx.step('count coverage', (step) => updateCoverage(parts.db, { signal: step.signal }));
      const summary = await ctx.step('judge and report', () => conclude(parts, ctx.runId, { look, isWhole: wish.isWhole }));
      ctx.progress(1, 1);
      ctx.log(summary.isUsable ? 'info' : 'warn', summary.reason ?? (summary.findings > 0 ? 'The bars can be used; some findings are worth a look' : 'The bars are sound'), { bars: summary.bars, findings: summary.findings, ...summary.byKind, ...summary.arrivals });
      return summary;
    },
  });
}

/** What a look leaves for the steps after it: small, for it is kept as the step's result. */
type Look = { readonly figures: ReturnType<typeof summarize>; readonly arrivals: Readonly<Record<string, number>>; readonly now: EpochMs };

/** With a real broker the wall clock is the market's; the simulator's market and recorded bars have their own. */
function wallClock({ mode, isReplay, now }: QualityFlowParts): number | null {
  return mode === 'demo' || isReplay ? null : now();
}

/** Looks at each series and writes down what is found. */
async function lookAt(parts: QualityFlowParts, ctx: FlowContext, wish: { symbols?: readonly string[] | undefined; isWhole: boolean; signal: AbortSignal }): Promise<Look> {
  const series: readonly SeriesToValidate[] = await seriesToValidate(parts.db, wish.symbols ?? null, wish.isWhole);
  const told = await toldActions(parts.db, [...new Set(series.map((one) => one.symbol))]);
  const clock = wallClock(parts);
  const arrivals = await arrivalsSince(parts.db);
  const results: SeriesResult[] = [];
  for (const one of series) {
    results.push(await validateSeries(parts.db, one, { signal: wish.signal, now: clock, told: told.get(one.symbol) ?? [], isWhole: wish.isWhole }));
    // Whole histories are written series by series: a run that is canceled keeps what it found.
    if (wish.isWhole) await writeLook(parts.db, results.slice(-1), true);
    ctx.progress(results.length, series.length + 1);
  }
  const now = await marketNow(parts.db, clock);
  const judged = addStaleness(await addMismatches(parts.db, results, wish.signal), await followedSymbols(parts.db), now);
  await writeLook(parts.db, judged, false);
  await adoptConflicts(parts.db);
  return { figures: summarize(judged), arrivals, now };
}

async function factorsStep(parts: QualityFlowParts, signal: AbortSignal): Promise<{ changed: number; compared: number; differing: number; problem: string | null }> {
  const changed = await refreshFactors(parts.db, { signal, now: wallClock(parts) });
  const { bars } = parts.history;
  if (bars === undefined) return { changed, compared: 0, differing: 0, problem: null };
  try {
    return { changed, ...(await compareFactors({ db: parts.db, history: { bars }, onlySplits: parts.mode === 'demo' || parts.isReplay }, signal)), problem: null };
  } catch (error) {
    if (!isNoAnswer(error)) throw error;
    return { changed, compared: 0, differing: 0, problem: describeError(error) };
  }
}

async function conclude(parts: QualityFlowParts, runId: string, { look, isWhole }: { look: Look; isWhole: boolean }): Promise<QualitySummary> {
  const known = await storedSummary(parts.db, runId);
  if (known) return known;
  const summary: QualitySummary = { ...look.figures, arrivals: look.arrivals, ...(await judge(parts.db, look.now)) };
  await writeRun(parts.db, runId, summary, isWhole ? 'whole' : 'new');
  if (look.figures.series > 0 && calendarCovers(look.now)) await writeReport(parts.db, look.now);
  return summary;
}
