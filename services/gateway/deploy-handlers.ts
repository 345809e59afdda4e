/** Answers about deployed strategies: read from the book, changed by the strategy engine; what a stopped one holds is closed by risk management. */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import type { CommandOutput } from '#app/contracts/commands.ts';
import type { DeploymentCard, Expectation } from '#app/contracts/deploy.ts';
import type { DEPLOY_ROUTES } from '#app/contracts/http-deploy.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import type { ServiceContext } from '#chassis/service.ts';
import type { HandlerParts, Handlers } from './handler-types.ts';
import { readCard, readCards, readLog, readParity, readSetting, readShareOf, readSignalsOf, type EngineView } from './queries/deployed.ts';
import { readExpectation } from './queries/expectation.ts';

/** An expectation moves with the days: one that was worked out a moment ago is good enough for a list. */
const EXPECTATION_MS = 60_000;
const MAX_EXPECTATIONS = 500;

type Ctx = ServiceContext;

/** What the engine knows. While it cannot be asked the book's part is shown without it. */
async function askEngine(ctx: Ctx): Promise<EngineView> {
  try {
    return await ctx.callCommand('strategyResources', {});
  } catch (error) {
    ctx.log.debug({ error: describeError(error) }, 'The strategy engine cannot be asked what its processes cost');
    return { resources: null, problems: {} };
  }
}

/** Expectations of the last minute, by strategy and version. */
function expectations(ctx: Ctx): (card: { readonly strategyId: string; readonly versionId: string }) => Promise<Expectation | null> {
  const known = new Map<string, { readonly at: number; readonly value: Expectation | null }>();
  return async ({ strategyId, versionId }) => {
    const now = ctx.clock.now();
    const before = known.get(versionId);
    if (before !== undefined && now - before.at < EXPECTATION_MS) return before.value;
    const value = await readExpectation(ctx.db, strategyId);
    if (known.size >= MAX_EXPECTATIONS) known.clear();
    known.set(versionId, { at: now, value });
    return value;
  };
}

const parametersSchema = z.record(z.string(), z.unknown());

/** Parameters out of the address. @throws AppError INPUT_INVALID */
function readParameters(text = '{}'): Readonly<Record<string, unknown>> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    throw new AppError('INPUT_INVALID', 'parameters must be a JSON object, such as {"fast":10}', { cause: error });
  }
  const parsed = parametersSchema.safeParse(raw);
  if (!parsed.success) throw new AppError('INPUT_INVALID', 'parameters must be a JSON object, such as {"fast":10}');
  return parsed.data;
}

const MAX_EARNED = 400;

/** What a card tells of it. */
function brief(found: Expectation | null): DeploymentCard['expectation'] {
  return found === null ? null : { standing: found.standing, words: found.words, earned: found.days.flatMap(({ actual }) => (actual === null ? [] : [actual])).slice(-MAX_EARNED) };
}

type Live = Pick<CommandOutput<'strategyLive'>, 'cells' | 'cellsLeftOut'>;

/** Its cells; none while the engine cannot be asked. @throws AppError STRATEGY_NOT_FOUND */
async function askCells(ctx: Ctx, strategyId: string): Promise<Live> {
  try {
    return await ctx.callCommand('strategyLive', { strategyId });
  } catch (error) {
    ctx.log.debug({ error: describeError(error), strategyId }, 'The strategy engine cannot be asked for its cells');
    return { cells: [], cellsLeftOut: 0 };
  }
}

/** What became of the wish to sell everything, in words. */
function wordsOf(decisions: CommandOutput<'flatten'>['decisions']): string {
  if (decisions.length === 0) return 'It is stopped. It held nothing and had no open order.';
  const ordered = decisions.filter(({ outcome }) => outcome === 'approved').length;
  const refused = decisions.filter(({ outcome }) => outcome === 'denied').map(({ message }) => message);
  const orders = ordered === 0 ? 'Nothing was ordered' : `${ordered} ${ordered === 1 ? 'order closes' : 'orders close'} what it holds`;
  return `It is stopped. ${orders}.${refused.length === 0 ? '' : ` Not ordered: ${[...new Set(refused)].join(' ')}`}`;
}

/** Closes what one strategy holds. @throws AppError of risk management, with the words that the strategy is stopped all the same */
async function closeItsOwn(ctx: Ctx, ask: { readonly strategyId: string; readonly actor: string; readonly idempotencyKey: string }): Promise<CommandOutput<'flatten'>['decisions']> {
  try {
    return (await ctx.callCommand('flatten', { symbol: null, ...ask })).decisions;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `It is stopped, but what it holds was not sold: ${error.message} Stop it once more to sell it, or close its positions on the portfolio page.`, { context: error.context });
  }
}

type Wish = { readonly symbols: readonly string[]; readonly actor: string };

/** Lets the symbols of a strategy be followed: it sees the bars of followed ones alone. */
async function follow(ctx: Ctx, { symbols, actor }: Wish): Promise<void> {
  const named = symbols.filter((symbol) => symbol !== '*');
  if (named.length > 0) await ctx.callCommand('setWatched', { symbols: named, isWatched: true, actor, idempotencyKey: randomUUID() });
}

/** Was it said for certain that nothing was deployed? */
const isRefused = (error: unknown): boolean => error instanceof AppError && (error.family === 'invalid' || error.family === 'denied' || error.family === 'conflict');

/** After a time-out it may have been deployed, and then needs its bars. That they could not be had is no answer to the one who deploys: the time-out is. */
async function followPerhaps(ctx: Ctx, wish: Wish): Promise<void> {
  try {
    await follow(ctx, wish);
  } catch (error) {
    ctx.log.warn({ error: describeError(error), symbols: wish.symbols }, 'Symbols of a strategy that may be deployed are not followed');
  }
}

/** Lets what was deployed see its bars. @throws AppError with the words that it is deployed all the same */
async function followDeployed(ctx: Ctx, wish: Wish): Promise<void> {
  try {
    await follow(ctx, wish);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `It is deployed, but its symbols may not be followed yet, and it sees no bars of those that are not: ${error.message} Deploy once more with nothing changed, which follows them and deploys nothing twice, or follow them on the data page.`, { context: error.context });
  }
}

/** Builds them. */
export function deployHandlers({ ctx }: HandlerParts): Pick<Handlers, keyof typeof DEPLOY_ROUTES> {
  const { mode } = ctx.config;
  const expectationOf = expectations(ctx);
  return {
    async deployed({ projectId }) {
      const cards = await readCards(ctx.db, { projectId: projectId ?? null, strategyId: null }, { mode, engine: await askEngine(ctx) });
      const deployed = [];
      for (const card of cards) {
        const found = await expectationOf(card);
        deployed.push({ ...card, expectation: brief(found) });
      }
      return { deployed, at: ctx.clock.now() };
    },
    async deployedLive({ strategyId }) {
      const card = await readCard(ctx.db, strategyId, { mode, engine: await askEngine(ctx) });
      const expectation = await expectationOf(card);
      const { cells, cellsLeftOut } = await askCells(ctx, strategyId);
      const [setting, signals, positions] = await Promise.all([readSetting(ctx.db, strategyId), readSignalsOf(ctx.db, strategyId), readShareOf(ctx.db, strategyId)]);
      return { card: { ...card, expectation: brief(expectation) }, ...setting, cells, cellsLeftOut, signals, positions, expectation, at: ctx.clock.now() };
    },
    strategyLog: async ({ strategyId, afterSeq, limit }) => ({ lines: await readLog(ctx.db, { strategyId, afterSeq: afterSeq ?? null, limit }) }),
    strategyParity: async ({ strategyId, limit }) => ({ days: await readParity(ctx.db, strategyId, limit) }),
    gates: ({ parameters, ...version }) => ctx.callCommand('projectGates', { ...version, parameters: readParameters(parameters) }),
    readVerdict: (input, { actor, idempotencyKey }) => ctx.callCommand('readVerdict', { ...input, actor, idempotencyKey }),
    async deployStrategy(input, { actor, idempotencyKey }) {
      // Followed before, symbols of a refused deployment would have to be let go again, and somebody else may need them by then.
      const answer = await ctx.callCommand('deployStrategy', { ...input, actor, idempotencyKey }).catch(async (error: unknown) => {
        if (!isRefused(error)) await followPerhaps(ctx, { symbols: input.symbols ?? [], actor });
        throw error;
      });
      const card = await readCard(ctx.db, answer.strategyId, { mode, engine: { resources: null, problems: {} } });
      await followDeployed(ctx, { symbols: card.symbols, actor });
      return answer;
    },
    startStrategy: (input, { actor, idempotencyKey }) => ctx.callCommand('startStrategy', { ...input, actor, idempotencyKey }),
    pauseStrategy: (input, { actor, idempotencyKey }) => ctx.callCommand('pauseStrategy', { ...input, actor, idempotencyKey }),
    async stopStrategy(input, { actor, idempotencyKey }) {
      const answer = await ctx.callCommand('stopStrategy', { ...input, actor, idempotencyKey });
      if (input.positions === 'keep') return { ...answer, words: 'It is stopped. What it holds stays held, its open orders stay open.' };
      // No new signal can come any more: what risk closes now stays closed.
      return { ...answer, words: wordsOf(await closeItsOwn(ctx, { strategyId: input.strategyId, actor, idempotencyKey })) };
    },
    setStrategyLimits: (input, { actor, idempotencyKey }) => ctx.callCommand('setStrategyLimits', { ...input, actor, idempotencyKey }),
  };
}
