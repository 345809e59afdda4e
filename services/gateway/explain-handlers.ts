/** Answers about why a strategy did or did not trade: the engine says what it looked at, the book what came of it. */
import type { BarStory, ExplainedBar, StrategyStory } from '#app/contracts/explain.ts';
import type { EXPLAIN_ROUTES } from '#app/contracts/http-explain.ts';
import type { OrderStory, SignalView } from '#app/contracts/views.ts';
import { AppError } from '#app/domain/errors.ts';
import { HOUR_MS } from '#app/domain/time.ts';
import { endingOf } from './explain-verdict.ts';
import { barEnd } from './explain-span.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readCandidates, readDecisionsOf, readOthers, readSignals, readSwitchAt, type Candidate, type Stretch } from './queries/explain.ts';
import { readStory } from './queries/orders.ts';

/** Strategies that are asked about one bar, decisions that are told of each, and orders without a strategy. */
const STRATEGIES_TOLD = 12;
const STORIES_TOLD = 6;
const OTHERS_TOLD = 8;
/** How far back a wider bar than the one that was clicked may open: a day. */
const WIDEST_MS = 26 * HOUR_MS;

type Ask = Parameters<Handlers['explain']>[0];
type Ctx = HandlerParts['ctx'];

/** A part that does not answer hides what it saw; what the book has is told all the same. */
async function explained(ctx: Ctx, candidate: Candidate, { symbol, from, until }: Stretch): Promise<ExplainedBar> {
  try {
    return await ctx.callCommand('explainBar', { strategyId: candidate.strategyId, symbol, from, until });
  } catch (error) {
    if (!(error instanceof AppError) || error.family !== 'temporary') throw error;
    const { strategyId, name, kind, timeframe, isEnabled, isWatching } = candidate;
    return {
      strategyId, name, kind, title: kind, timeframe, isEnabled, isWatching, versionId: null, versionAt: null, bar: null, barsInSpan: 0, nearest: { before: null, after: null }, isDeployed: null, isRegular: true, isQuiet: null, isUnseen: false,
      warmUp: null, replay: null, problem: error.message, tookMs: 0,
    };
  }
}

/** Those that said something, then those that watch, then the others. */
function inOrder(candidates: readonly Candidate[], signals: readonly SignalView[]): Candidate[] {
  const spoke = new Set(signals.map((signal) => signal.strategyId));
  const rank = ({ strategyId, isWatching, isEnabled }: Candidate): number => (spoke.has(strategyId) ? 0 : isWatching && isEnabled ? 1 : isWatching ? 2 : 3);
  return [...candidates].sort((a, b) => rank(a) - rank(b));
}

async function storyOf(ctx: Ctx, candidate: Candidate, { stretch, signals, decisions }: { readonly stretch: Stretch; readonly signals: readonly SignalView[]; readonly decisions: readonly (readonly [string, string])[] }): Promise<StrategyStory> {
  const mine = signals.filter((signal) => signal.strategyId === candidate.strategyId && signal.timeframe === candidate.timeframe);
  const ids = new Set(mine.map((signal) => signal.signalId));
  const decided = decisions.filter(([signalId]) => ids.has(signalId)).map(([, decisionId]) => decisionId);
  const [bar, stories] = await Promise.all([explained(ctx, candidate, stretch), storiesOf(ctx, decided.slice(-STORIES_TOLD))]);
  return { explained: bar, ...endingOf({ explained: bar, signals: mine, stories }), signals: mine, stories, storiesLeftOut: Math.max(0, decided.length - STORIES_TOLD) };
}

async function storiesOf(ctx: Ctx, ids: readonly string[]): Promise<OrderStory[]> {
  const stories: OrderStory[] = [];
  for (const id of ids) stories.push(await readStory(ctx.db, id));
  return stories;
}

async function explain(ctx: Ctx, { symbol, timeframe, openTime, strategyId }: Ask): Promise<BarStory> {
  const began = performance.now();
  const until = barEnd(openTime, timeframe);
  const stretch: Stretch = { symbol, from: openTime, until };
  const [all, signals, others] = await Promise.all([
    readCandidates(ctx.db, symbol, strategyId ?? null), readSignals(ctx.db, stretch, openTime - WIDEST_MS), readOthers(ctx.db, stretch, OTHERS_TOLD).then((ids) => storiesOf(ctx, ids)),
  ]);
  if (strategyId !== undefined && all.length === 0) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy "${strategyId}"`);
  const candidates = inOrder(all, signals).slice(0, STRATEGIES_TOLD);
  const decisions = await readDecisionsOf(ctx.db, signals.map((signal) => signal.signalId));
  const strategies = await Promise.all(candidates.map((candidate) => storyOf(ctx, candidate, { stretch, signals, decisions })));
  // An import is seen long after its time: how the switch stood then says nothing about the bar.
  const seen = strategies.flatMap(({ explained: { bar, isUnseen } }) => (bar === null || isUnseen ? [] : [bar.tsSeen]));
  return {
    symbol, timeframe, openTime, closeTime: until, strategies, strategiesLeftOut: all.length - candidates.length, others, trading: seen.length === 0 ? null : await readSwitchAt(ctx.db, Math.max(...seen)),
    tookMs: Math.round((performance.now() - began) * 10) / 10,
  };
}

/** Builds them. */
export function explainHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof EXPLAIN_ROUTES> {
  return { explain: (input) => explain(ctx, input) };
}
