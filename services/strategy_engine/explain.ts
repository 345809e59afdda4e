/** explainBar: what one strategy made of one bar, by running it again over the stored bars. Changes nothing, and never keeps the engine from its bars for long. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { REGULAR_WIDE_BARS } from '#app/backtest/run/wide.ts';
import type { CommandInput } from '#app/contracts/commands.ts';
import { EXPLAIN_MS } from '#app/contracts/commands-explain.ts';
import { CHECKS_MAX, type ExplainedBar } from '#app/contracts/explain.ts';
import { AppError } from '#app/domain/errors.ts';
import { behaviourHash } from '#app/strategy/fingerprint.ts';
import { strategyType } from '#app/strategy/registry.ts';
import { warmUpBars, type BoundStrategy } from '#app/strategy/spec.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import { closeOf } from './apply-bars.ts';
import type { BarShelf } from './explain-bars.ts';
import { findBar, howTold, isWatching, readStrategy, seenUpToBar, TOLD_SOURCES, wasEnabled, type Found, type FoundBar, type StoredStrategy, type StoredVersion } from './explain-read.ts';
import { recorderOf } from './explain-authored.ts';
import { rerunTo } from './explain-rerun.ts';
import { liveFactsSchema, outlineOf } from './live-roster.ts';

/** Explanations that may wait for their turn: they run one after the other, beside the trading. */
const MAX_WAITING = 16;

/** What was true of strategy and bar when the bar was shown. */
type Situation = Pick<ExplainedBar, 'isWatching' | 'isDeployed' | 'isEnabled' | 'isRegular' | 'isQuiet' | 'isUnseen'> & { readonly version: StoredVersion | null; /** Bars shown up to it; null = not known. */ readonly seen: number | null };

function versionAt(versions: readonly StoredVersion[], when: number): StoredVersion | null {
  return versions.findLast((version) => version.createdAt <= when) ?? null;
}

async function situationOf(book: Queryable, strategy: StoredStrategy, { symbol, bar, isRegular }: { readonly symbol: string; readonly bar: FoundBar; readonly isRegular: boolean }): Promise<Situation> {
  const series = { symbol, timeframe: strategy.timeframe };
  const [told, watching] = await Promise.all([howTold(book, series, bar.openTime), isWatching(book, strategy, symbol)]);
  const when = told?.when ?? (bar.source.split(', ').some((source) => TOLD_SOURCES.has(source)) ? bar.tsSeen : null);
  // Nobody told it: as the strategy is today.
  if (when === null) return { isWatching: watching, isDeployed: null, isEnabled: strategy.isEnabled, isRegular, isQuiet: null, isUnseen: true, version: strategy.versions.at(-1) ?? null, seen: null };
  const version = versionAt(strategy.versions, when);
  const isEnabled = await wasEnabled(book, strategy, when);
  if (version === null) return { isWatching: watching, isDeployed: false, isEnabled, isRegular, isQuiet: told?.isBackfill ?? null, isUnseen: true, version: strategy.versions[0] ?? null, seen: null };
  const { seen, isUnseen } = await seenUpToBar(book, version.id, series, bar.openTime);
  // What it was shown it watched then, whatever it watches today.
  return { isWatching: watching || !isUnseen, isDeployed: true, isEnabled, isRegular, isQuiet: told?.isBackfill ?? null, isUnseen: isUnseen || (seen !== null && seen <= 0), version, seen: seen !== null && seen > 0 ? seen : null };
}

function boundOf(version: StoredVersion): { readonly strategy: BoundStrategy | null; readonly problem: string | null } {
  try {
    return { strategy: version.authored === null ? strategyType(version.kind).bind(version.parameters) : outlineOf(liveFactsSchema.parse(version.authored.facts)), problem: null };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { strategy: null, problem: `Version ${version.id} cannot be run by this program any more: ${error.message}` };
  }
}

/** What is told of a strategy in any case. */
function headOf(strategy: StoredStrategy, found: Found, tookMs: number): ExplainedBar {
  const { bar } = found;
  const ohlc = bar === null ? null : { openTime: bar.openTime, closeTime: closeOf(bar.openTime, strategy.timeframe), open: bar.open, high: bar.high, low: bar.low, close: bar.close, volume: bar.volume, source: bar.source, tsSeen: bar.tsSeen };
  return {
    strategyId: strategy.strategyId, name: strategy.name, kind: strategy.kind, title: titleOf(strategy.kind), timeframe: strategy.timeframe, versionId: null, versionAt: null, bar: ohlc, barsInSpan: found.barsInSpan, nearest: found.nearest,
    isWatching: true, isDeployed: null, isEnabled: strategy.isEnabled, isRegular: found.isRegular, isQuiet: null, isUnseen: true, warmUp: null, replay: null, problem: null, tookMs,
  };
}

function titleOf(kind: string): string {
  try {
    return strategyType(kind).title;
  } catch (error) {
    if (error instanceof AppError && error.code === 'STRATEGY_NOT_FOUND') return kind;
    throw error;
  }
}

async function explain(shelf: BarShelf, { strategyId, symbol, from, until }: CommandInput<'explainBar'>): Promise<ExplainedBar> {
  const { book } = shelf;
  const began = monotonicMs();
  const strategy = await readStrategy(book, strategyId);
  if (strategy === null) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
  const found = await findBar(shelf, { strategyId, symbol, timeframe: strategy.timeframe, from, until });
  const head = headOf(strategy, found, 0);
  const took = (): number => Math.round((monotonicMs() - began) * 10) / 10;
  if (found.bar === null || !found.isRegular) return { ...head, isWatching: await isWatching(book, strategy, symbol), problem: found.bar === null ? found.missing : null, tookMs: took() };
  const { version, seen, ...situation } = await situationOf(book, strategy, { symbol, bar: found.bar, isRegular: found.isRegular });
  const known = { ...head, ...situation, versionId: version?.id ?? null, versionAt: version?.createdAt ?? null };
  if (version === null) return { ...known, problem: 'It has no version that could be run', tookMs: took() };
  const { strategy: bound, problem } = boundOf(version);
  if (bound === null) return { ...known, problem, tookMs: took() };
  if (bound.scope === 'portfolio' && !strategy.symbols.includes(symbol)) return { ...known, isWatching: false, tookMs: took() };
  await nextTurn();
  const outcome = await rerunTo(shelf, {
    strategy: bound, strategyId, timeframe: strategy.timeframe, symbol, symbols: bound.scope === 'portfolio' ? strategy.symbols : [symbol], openTime: found.bar.openTime,
    isAtWork: situation.isDeployed === true && !situation.isUnseen, mayCompare: situation.isEnabled && situation.isQuiet !== true, seen, warmUp: warmUpBars(bound, strategy.timeframe),
    limits: { checks: CHECKS_MAX, until: began + EXPLAIN_MS }, wide: REGULAR_WIDE_BARS, hasOtherCode: version.authored === null && hasOtherCode(strategy, version, bound), record: recorderOf(book, version, EXPLAIN_MS), isAway: found.bar.isAway,
  });
  return { ...known, ...outcome, tookMs: took() };
}

/** Whether the program does something else today than what the version was deployed with. The present version is compared at each start; of older ones the parameters may differ alone. */
function hasOtherCode(strategy: StoredStrategy, version: StoredVersion, bound: BoundStrategy): boolean {
  return version.id !== strategy.currentVersionId && behaviourHash(bound) !== version.codeHash;
}

/** Explanations, one after the other. Whoever has waited for too long is told so: nobody listens for the answer any more. */
export function createExplainer(shelf: BarShelf): (input: CommandInput<'explainBar'>) => Promise<ExplainedBar> {
  let waiting = 0;
  let last: Promise<unknown> = Promise.resolve();
  return async (input) => {
    if (waiting >= MAX_WAITING) throw new AppError('RATE_LIMITED', 'Too many bars are being explained at once; try again in a moment');
    waiting += 1;
    const asked = monotonicMs();
    const mine = last.then(() => {
      if (monotonicMs() - asked > EXPLAIN_MS) throw new AppError('RATE_LIMITED', 'Too many bars are being explained at once; try again in a moment');
      return explain(shelf, input);
    });
    // The next one waits for this one whatever becomes of it; who asked hears of it.
    last = mine.then(() => undefined, () => undefined);
    try {
      return await mine;
    } finally {
      waiting -= 1;
    }
  };
}
