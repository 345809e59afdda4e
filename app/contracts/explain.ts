/** Why a strategy did, or did not, trade at a bar: what it saw, what it said, what risk and the broker answered. */
import * as z from 'zod';
import { symbolSchema } from '#app/domain/ids.ts';
import { timeframeSchema } from '#app/domain/time.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';
import { chartTimeframeSchema } from './market-data.ts';
import { orderStorySchema, signalViewSchema } from './views.ts';

const ms = z.number().int();
const id = z.string().min(1).max(64);

/** Conditions of one bar that are told at most; a portfolio of many symbols has more. */
export const CHECKS_MAX = 200;

const wish = z.object({ side: z.enum(['long', 'short', 'flat']), weight: z.number().nullable().describe('Signed part of the equity; null = by the sizing of the deployment') });

/** One condition. `leadsTo`: what it leads to, such as Buy; null when its name does not say. Numbers are null where the strategy told none. */
export const explainedCheckSchema = z.object({ symbol: symbolSchema, leadsTo: z.string().nullable(), name: z.string(), isMet: z.boolean(), value: z.number().nullable(), threshold: z.number().nullable() });
/** One condition. */
export type ExplainedCheck = z.infer<typeof explainedCheckSchema>;

/** A bar as its strategy saw it. Dollars, shares, epoch ms. */
export const explainedOhlcSchema = z.object({ openTime: ms, closeTime: ms, open: z.number(), high: z.number(), low: z.number(), close: z.number(), volume: z.number(), source: z.string(), tsSeen: ms });

/** The strategy, run again over the stored bars up to this one. */
export const explainedReplaySchema = z.object({
  barsReplayed: z.number().int(), wasAsked: z.boolean(), checks: z.array(explainedCheckSchema), checksLeftOut: z.number().int(),
  indicators: z.array(z.object({ name: z.string(), label: z.string(), value: z.number().nullable() })),
  memory: z.object({ before: z.string(), after: z.string() }).describe('JSON, cut when it is long'), wish: z.object({ before: wish, after: wish }), /** The target that it named at this bar, news or not; null when it named none. */ named: wish.nullable(),
  position: z.object({ qty: z.number(), averagePrice: z.number().nullable(), barsHeld: z.number().int() }),
  /** What it would say of the symbol at this bar. */ said: z.array(z.object({ what: z.enum(['target', 'order', 'cancel']), target: z.enum(['long', 'short', 'flat']), weight: z.number().nullable() })),
  /** Whether that is what the book has: `differs` when the facts were others then; null when it was not at work, so that nothing can be compared. */ agrees: z.enum(['same', 'differs']).nullable(),
  notes: z.array(z.string()),
});

/** What one strategy made of one bar. */
export const explainedBarSchema = z.object({
  strategyId: id, name: z.string(), kind: z.string(), title: z.string(), timeframe: timeframeSchema, versionId: z.string().nullable(), versionAt: ms.nullable(),
  bar: explainedOhlcSchema.nullable(), /** Stored bars of its width within the stretch that was asked for. */ barsInSpan: z.number().int(), /** Opens of the stored bars nearest to a time without one. */ nearest: z.object({ before: ms.nullable(), after: ms.nullable() }),
  isWatching: z.boolean(), /** Null: it cannot be told. */ isDeployed: z.boolean().nullable(), isEnabled: z.boolean(), isRegular: z.boolean(),
  /** It was shown the bar as history, which raises nothing; null = that is not kept any more. */ isQuiet: z.boolean().nullable(), /** It has not been shown the bar: it came later, or it is on its way. */ isUnseen: z.boolean(),
  warmUp: z.object({ seen: z.number().int(), needed: z.number().int(), isWarm: z.boolean() }).nullable(),
  replay: explainedReplaySchema.nullable(), /** Why it could not be run again, in words. */ problem: z.string().nullable(), tookMs: z.number(),
});
/** What one strategy made of one bar. */
export type ExplainedBar = z.infer<typeof explainedBarSchema>;

/** How it ended, told apart. */
export const VERDICTS = [
  'no_bar', 'closed', 'not_watching', 'not_deployed', 'unseen', 'disabled', 'warming_up', 'quiet_bar', 'unknown', 'conditions_not_met', 'wish_unchanged',
  'undecided', 'halted', 'denied', 'order_pending', 'order_working', 'order_unknown', 'order_rejected', 'order_ended', 'order_partly_filled', 'order_filled',
] as const;
/** One of them. */
export type ExplainVerdict = (typeof VERDICTS)[number];

/** One strategy's whole story at a bar. `stories`: one for each decision that came of it; `undecided`: signals of which risk has not decided. */
export const strategyStorySchema = z.object({
  explained: explainedBarSchema, verdict: z.enum(VERDICTS), headline: z.string(), detail: z.string(), signals: z.array(signalViewSchema), stories: z.array(orderStorySchema), storiesLeftOut: z.number().int(),
});
/** One strategy's whole story at a bar. */
export type StrategyStory = z.infer<typeof strategyStorySchema>;

/** Which bar of a chart, and of which strategy (all of them when left out). */
export const explainAskSchema = z.object({ symbol: symbolSchema, timeframe: chartTimeframeSchema, openTime: z.coerce.number().int().min(0).max(4_102_444_800_000), strategyId: id.optional() });

/** Everything about a bar. `others`: orders by hand or of risk that were decided within it. `trading`: the master switch as it stood when the bar was seen, null when that is not known. */
export const barStorySchema = z.object({
  symbol: symbolSchema, timeframe: chartTimeframeSchema, openTime: ms, closeTime: ms, strategies: z.array(strategyStorySchema), strategiesLeftOut: z.number().int(),
  others: z.array(orderStorySchema), trading: z.object({ state: tradingStateSchema, reason: z.string(), actor: z.string(), at: ms }).nullable(), tookMs: z.number(),
});
/** Everything about a bar. */
export type BarStory = z.infer<typeof barStorySchema>;
