/** The live socket: what the page says once, and what the gateway pushes from then on. */
import * as z from 'zod';
import { StackHealthSchema } from './health.ts';
import { accountViewSchema, equityPointSchema, fillViewSchema, marketClockSchema, noticeViewSchema, orderViewSchema, positionViewSchema, tradingStateViewSchema, verdictSchema } from './views.ts';
import { decimalText } from '#app/domain/numeric.ts';
import { symbolSchema } from '#app/domain/ids.ts';

/** Raised when a message changes its meaning: a page from before a restart reloads itself. */
export const LIVE_PROTOCOL = 2;
/** A socket that has not said hello by then is closed (4401). */
export const HELLO_DEADLINE_MS = 2_000;
/** The gateway speaks at least this often. */
export const STATUS_INTERVAL_MS = 1_000;
/** A number that was not confirmed for this long is shown as stale. */
export const STALE_AFTER_MS = 5_000;
/** Sockets per gateway. */
export const SOCKETS_MAX = 50;
/** A client that lets this much pile up is dropped (4408) and comes back for a fresh snapshot. */
export const BUFFERED_BYTES_MAX = 1_048_576;
/** Close codes of ours. */
export const LIVE_CLOSE = { unauthorized: 4401, tooSlow: 4408, tooMany: 4429, goingAway: 1001 } as const;

/** The page's only words. */
export const helloSchema = z.object({ type: z.literal('hello'), token: z.string().min(1).max(400), protocol: z.number().int() });

const ms = z.number().int();

/** The last close of a symbol. */
export const priceSchema = z.object({ symbol: symbolSchema, price: decimalText, tsMarket: ms, tsSeen: ms });
export type LivePrice = z.infer<typeof priceSchema>;

/** A minute bar that was closed, or corrected (`isRevision`): dollars, shares; `openTime` epoch ms. Charts put it behind what they have. */
export const liveBarSchema = z.object({ symbol: symbolSchema, openTime: ms, open: z.number(), high: z.number(), low: z.number(), close: z.number(), volume: z.number(), isRevision: z.boolean() });
export type LiveBar = z.infer<typeof liveBarSchema>;

/** The best bid and offer of a symbol: dollars, shares. */
export const liveQuoteSchema = z.object({ symbol: symbolSchema, bid: z.number(), bidSize: z.number(), ask: z.number(), askSize: z.number(), tsMarket: ms, tsSeen: ms });
export type LiveQuote = z.infer<typeof liveQuoteSchema>;

/** The pulse: each second, whether anything happened or not. */
export const statusSchema = z.object({
  stack: StackHealthSchema.nullable(), market: marketClockSchema, verdict: verdictSchema, trading: tradingStateViewSchema,
  /** Is the wire (Redis) heard? If not, the book is polled each second and pages stay right, only later. */ isWireUp: z.boolean(),
  /** Until when orders that open or enlarge positions may go to the real account (EpochMs); null = disarmed, and always null in demo and paper. */ armedUntil: ms.nullable(),
});
export type LiveStatus = z.infer<typeof statusSchema>;

/** Lists of which only the news is pushed that they changed; the names are those of their routes. */
export const CHANGED_LISTS = ['reconciliations', 'findings', 'ledgerEntries', 'decisions'] as const;
/** A list of which only the news is pushed that it changed. */
export type ChangedList = (typeof CHANGED_LISTS)[number];

const body = z.discriminatedUnion('type', [
  /** The first answer to hello. */
  z.object({ type: z.literal('welcome'), protocol: z.number().int(), instanceId: z.string() }),
  z.object({ type: z.literal('status'), status: statusSchema }),
  /** The whole account, at most four times a second. */
  z.object({ type: z.literal('account'), account: accountViewSchema }),
  /** All open positions. */
  z.object({ type: z.literal('positions'), positions: z.array(positionViewSchema) }),
  /** Orders that moved, as they are now. */
  z.object({ type: z.literal('orders'), orders: z.array(orderViewSchema) }),
  /** New fills, oldest first. */
  z.object({ type: z.literal('fills'), fills: z.array(fillViewSchema) }),
  /** New points of the equity curve (no benchmark). */
  z.object({ type: z.literal('equity'), points: z.array(equityPointSchema) }),
  /** Last closes that moved, at most four times a second per symbol. */
  z.object({ type: z.literal('prices'), prices: z.array(priceSchema) }),
  /** Minute bars of regular trading and around it as they close, all watched symbols. */
  z.object({ type: z.literal('bars'), bars: z.array(liveBarSchema) }),
  /** Quotes that moved, at most once a second per symbol. */
  z.object({ type: z.literal('quotes'), quotes: z.array(liveQuoteSchema) }),
  /** Something a person should know. */
  z.object({ type: z.literal('notices'), notices: z.array(noticeViewSchema) }),
  /** Lists that pages ask for have changed: comparisons with the broker, findings of the guardian, entries of the ledger. */
  z.object({ type: z.literal('changed'), lists: z.array(z.enum(CHANGED_LISTS)) }),
  /** Events may have been missed: ask for everything again. */
  z.object({ type: z.literal('resync'), reason: z.string() }),
]);

/** A push. `seq` counts from 1 per socket without a gap; `tsSent` is the gateway's clock. */
export const livePushSchema = z.object({ seq: z.number().int().positive(), tsSent: ms, push: body });
export type LivePush = z.infer<typeof livePushSchema>;
export type LiveBody = z.infer<typeof body>;
