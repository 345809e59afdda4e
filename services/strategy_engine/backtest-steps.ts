/** stepBacktest: a stored run, run again and told bar by bar. The last few are remembered, so that leafing through one is instant. */
import * as z from 'zod';
import type { CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { MAX_STEPS, type RunStep } from '#app/contracts/studio.ts';
import { AppError } from '#app/domain/errors.ts';
import { epochMs } from '#app/domain/time.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Db } from '#chassis/db.ts';
import { ordersHashOf } from '../research/manifest.ts';
import type { StepsWanted } from '../research/sandbox/steps-told.ts';
import { holdBars } from '../research/sandbox/hold-bars.ts';
import type { SandboxSteps } from '../research/sandbox/protocol.ts';
import { openStandby, type Standby } from '../research/standby.ts';
import { openAuthored, type SandboxOpener } from './backtest-authored.ts';
import { loadAll, type BarSource } from './backtest-bars.ts';
import { jobOf, type AssetFacts } from './backtest-job.ts';
import { planRange, type BacktestPlan } from './backtest-request.ts';

/** What it works with. */
export type StepParts = { readonly db: Db; readonly source: BarSource; readonly sandboxes?: SandboxOpener };

type Ask = CommandInput<'stepBacktest'>;
type Answer = CommandOutput<'stepBacktest'>;

/** Questions that may wait for their turn, and how long one is worth an answer, ms. */
const MAX_WAITING = 8;
const LIMIT_MS = 110_000;
/** Answers that are remembered, of all runs together. */
const MAX_REMEMBERED = 12;
/** The name under which the bars of the run are kept on the other side. */
const HELD = 'steps';
/** Bars that are told at once when fewer are asked for: the next pages are there already. */
const AHEAD = MAX_STEPS;

type Told = { readonly key: string; readonly steps: readonly RunStep[]; readonly hasEnd: boolean; readonly facts: Omit<Answer, 'steps' | 'tookMs'> };

const storedSchema = z.object({ state: z.string(), ordersHash: z.string().nullable(), to: z.number().nullable(), plan: z.looseObject({ kind: z.string(), symbols: z.array(z.string()) }) });

/** `to`: close of the last bar that it saw, epoch ms; null when there were none. */
type StoredRun = { readonly plan: BacktestPlan; readonly ordersHash: string; readonly to: number | null };

/** The stored run. @throws AppError BACKTEST_NOT_FOUND when it is not kept, or has not run */
async function storedRun(db: Db, backtestId: string): Promise<StoredRun> {
  const [row] = await db.query(`SELECT state, result->>'ordersHash' AS "ordersHash", (result->>'to')::double precision AS "to", request AS plan FROM strategy_engine.backtests WHERE backtest_id = $1`, [backtestId]);
  if (row === undefined) throw new AppError('BACKTEST_NOT_FOUND', 'This back-test is not kept any more. Run it again to look at its bars');
  const { state, ordersHash, to, plan } = storedSchema.parse(row);
  if (ordersHash === null || (state !== 'ran' && state !== 'done')) throw new AppError('BACKTEST_NOT_FOUND', 'This back-test has not run to its end: there are no bars to look at. Run it again');
  // Written by this service as a whole plan.
  const own = plan as unknown as BacktestPlan;
  return { plan: { ...own, project: own.project ?? null, screenId: own.screenId ?? null }, ordersHash, to };
}

class Stepper {
  private readonly parts: StepParts;
  private readonly standby: Standby = openStandby({ most: 1 });
  private remembered: Told[] = [];

  constructor(parts: StepParts) {
    this.parts = parts;
  }

  async step({ backtestId, symbol, from, count, only }: Ask): Promise<Answer> {
    const began = monotonicMs();
    const key = JSON.stringify([backtestId, symbol ?? null, only]);
    const known = this.remembered.find((told) => told.key === key && holds(told, from ?? null, count));
    const told = known ?? (await this.tell({ backtestId, key }, { from: from ?? null, count: Math.max(count, AHEAD), only, ...(symbol === undefined ? {} : { symbol }) }));
    // The one that was asked for last goes last.
    this.remembered = [...this.remembered.filter((one) => one !== told), told].slice(-MAX_REMEMBERED);
    const at = from === undefined ? 0 : told.steps.findIndex((step) => step.openTime >= from);
    return { ...told.facts, steps: at < 0 ? [] : told.steps.slice(at, at + count), tookMs: Math.round((monotonicMs() - began) * 10) / 10 };
  }

  private async tell({ backtestId, key }: { readonly backtestId: string; readonly key: string }, wanted: StepsWanted): Promise<Told> {
    const stored = await storedRun(this.parts.db, backtestId);
    const found = await this.run(stored, wanted);
    const isSame = ordersHashOf(found.lines) === stored.ordersHash;
    const note = isSame ? null : 'Run again, it gave other orders than the run that is stored: bars, risk limits or the program have changed since. Shown is what it does today; run it again for its figures.';
    return { key, steps: found.steps, hasEnd: found.steps.length < wanted.count, facts: { total: found.total, first: found.first, last: found.last, isSame, note } };
  }

  private async run({ plan, to }: StoredRun, wanted: StepsWanted): Promise<SandboxSteps> {
    const { db, source } = this.parts;
    const days = planRange(plan);
    // Its last day may have gone on since: bars that have come after the run are none of its own.
    const range = days === null || to === null ? days : { from: days.from, to: epochMs(Math.min(days.to, to)) };
    const signal = AbortSignal.timeout(LIMIT_MS);
    const series = range === null ? [] : await loadAll(source, { symbols: plan.symbols, timeframe: plan.timeframe, ...range }, { signal });
    if (series.length === 0) return { steps: [], total: 0, first: null, last: null, lines: [] };
    const symbols = series.map(({ symbol }) => symbol);
    const assets: AssetFacts = new Map((await db.query<{ symbol: string; isShortable: boolean; isFractionable: boolean }>('SELECT symbol, is_shortable AS "isShortable", is_fractionable AS "isFractionable" FROM data_ingestion.symbols WHERE symbol = ANY($1::text[])', [symbols])).map((row) => [row.symbol, row]));
    const bars = new Map(series.map((one) => [one.symbol, one.bars]));
    if (plan.project === null) {
      await using lent = this.standby.lend();
      return await lent.pool.ask('steps', { ...wanted, job: jobOf(plan, strategyType(plan.kind), { symbols, assets }), bars }, { signal });
    }
    using authored = await openAuthored(this.parts, plan.project);
    const { strategy, ...job } = jobOf(plan, authored.type, { symbols, assets });
    return await authored.sandbox.ask('steps', { ...wanted, parameters: strategy.parameters, job, bars: await holdBars(authored.sandbox, HELD, bars, { signal }) }, signal);
  }
}

/** Whether what is remembered answers a question: its first bar is there, and so many after it, or the end. */
function holds({ steps, hasEnd, facts }: Told, from: number | null, count: number): boolean {
  const [first] = steps;
  if (first === undefined) return hasEnd && from === null;
  // What was asked for without a place began with the first bar at which it is asked; an earlier place is another question.
  if (from === null || from < first.openTime) return from === null && steps.length >= Math.min(count, facts.total);
  const at = steps.findIndex((step) => step.openTime >= from);
  return at >= 0 ? hasEnd || at + count <= steps.length : hasEnd;
}

/** Builds the command: one question after the other. @throws AppError BACKTEST_NOT_FOUND, RATE_LIMITED; what running throws */
export function createStepper(parts: StepParts): (input: Ask) => Promise<Answer> {
  const stepper = new Stepper(parts);
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (input) => {
    if (waiting >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'Several back-tests are being looked at bar by bar; try again in a moment');
    waiting += 1;
    const mine = last.then(() => stepper.step(input));
    // The next one waits for this one whatever becomes of it; who asked hears of it.
    last = mine.then(() => undefined, () => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
}
