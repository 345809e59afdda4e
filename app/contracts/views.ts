/** What a person sees of the book: the shapes that both HTTP replies and live pushes carry. */
import * as z from 'zod';
import { ModeSchema } from './config.ts';
import { strategyOrderSchema, targetSchema } from './events.ts';
import { decisionRecordSchema, denialCodeSchema, riskLimitsSchema, ruleResultSchema } from '#app/domain/limits.ts';
import { decimalText } from '#app/domain/numeric.ts';
import { orderEventKindSchema, orderRoleSchema, orderSourceSchema, orderStatusSchema, orderTypeSchema, sideSchema } from '#app/domain/order.ts';
import { orderTermsFields } from '#app/domain/order-terms.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';

/** Instants are EpochMs. `tsSeen` is wall clock, `tsMarket` the market's clock (they differ in demo and replay). */
const ms = z.number().int();

/** Share of a whole as a fraction (0.25 = 25 %); null when the whole is zero. */
const fraction = z.number().nullable();

/** One position valued at the last close. Dollars; qty in shares, signed. */
export const positionViewSchema = z.object({
  symbol: symbolSchema, qty: decimalText, avgPrice: decimalText.nullable(), lastPrice: decimalText.nullable(),
  /** qty x lastPrice; null without a price. */ marketValue: decimalText.nullable(), openPnl: decimalText.nullable(), openPnlFraction: fraction, realizedPnl: decimalText,
  /** |marketValue| / equity. */ weight: fraction,
  /** When the last price's bar reached us, and which market minute it closed. */ priceSeenAt: ms.nullable(), priceMarketAt: ms.nullable(), updatedAt: ms,
  /** Cost of a share of the lots that are left, first in first out; null before lots were kept. */ fifoPrice: decimalText.nullable(),
  /** Exits that work or wait at the broker for it: shares and price (of the nearest one) of stops and of limits. */
  protection: z.object({ stopQty: decimalText, stopPrice: decimalText.nullable(), targetQty: decimalText, targetPrice: decimalText.nullable() }),
  /** Who holds it: the strategies' shares ('' = manual). */ holders: z.array(z.object({ strategyId: z.string(), qty: decimalText })),
});
export type PositionView = z.infer<typeof positionViewSchema>;

/** The account by our own ledger, valued at the last closes. Dollars. */
export const accountViewSchema = z.object({
  /** Null before the broker was asked for the first time. */ accountNumber: z.string().nullable(),
  equity: decimalText, cash: decimalText, longValue: decimalText, shortValue: decimalText, feesTotal: decimalText,
  /** Cash less what open buy orders have reserved; never margin. */ buyingPower: decimalText, reserved: decimalText, grossExposure: decimalText, maxGrossExposure: decimalText,
  /** Since the last point of the curve before the exchange day of the newest bar; null when there is nothing to measure from. */ dayPnl: decimalText.nullable(), dayPnlFraction: fraction, dayOpenEquity: decimalText.nullable(), day: z.string().nullable(),
  realizedPnl: decimalText, openPnl: decimalText, maxDailyLoss: decimalText, openOrders: z.number().int(), positions: z.number().int(),
  /** Symbols held without a price: equity is incomplete by them. */ unpriced: z.array(z.string()),
  /** Newest of the facts above, wall clock; source in words. */ tsSeen: ms.nullable(), tsMarket: ms.nullable(), source: z.string(),
});
export type AccountView = z.infer<typeof accountViewSchema>;

/** One order with its present state. */
export const orderViewSchema = z.object({
  orderId: z.string(), clientOrderId: z.string(), decisionId: z.string(), brokerOrderId: z.string().nullable(), source: orderSourceSchema, strategyId: z.string().nullable(), signalId: z.string().nullable(),
  symbol: symbolSchema, side: sideSchema, qty: decimalText, ...orderTermsFields, filledQty: decimalText, avgFillPrice: decimalText.nullable(),
  /** A leg's role, and the order whose leg it is. */ role: orderRoleSchema, parentOrderId: z.string().nullable(), /** The order whose place this one took, and the one that took its place. */ replacesOrderId: z.string().nullable(), replacedByOrderId: z.string().nullable(),
  referencePrice: decimalText, isReducing: z.boolean(), status: orderStatusSchema, isClosed: z.boolean(), version: z.number().int(), denialCode: denialCodeSchema.nullable(), reason: z.string().nullable(),
  /** Set while the broker's answer is not known. */ unknownSince: ms.nullable(), tsMarket: ms, createdAt: ms, submittedAt: ms.nullable(), updatedAt: ms,
});
export type OrderView = z.infer<typeof orderViewSchema>;

/** One execution at the broker. */
export const fillViewSchema = z.object({
  fillId: z.string(), orderId: z.string(), clientOrderId: z.string(), strategyId: z.string().nullable(), symbol: symbolSchema, side: sideSchema,
  qty: decimalText, price: decimalText, fee: decimalText, ledgerSeq: z.number().int(), tsEvent: ms, tsSeen: ms, source: z.string(),
  /** What the order was decided at: slippage is measured against it. */ referencePrice: decimalText,
  /** Of the lots that it closed, first in first out, before fees; null when it closed none. */ realizedPnl: decimalText.nullable(),
});
export type FillView = z.infer<typeof fillViewSchema>;

/** One decision of risk, approved or denied. */
export const decisionViewSchema = z.object({
  decisionId: z.string(), clientOrderId: z.string().nullable(), source: orderSourceSchema, signalId: z.string().nullable(), strategyId: z.string().nullable(),
  symbol: symbolSchema, side: sideSchema.nullable(), type: orderTypeSchema.nullable(), qty: decimalText.nullable(), limitPrice: decimalText.nullable(), outcome: z.enum(['approved', 'denied']), code: denialCodeSchema.nullable(), message: z.string(),
  isReducing: z.boolean(), referencePrice: decimalText.nullable(), reservedNotional: decimalText, limitsVersion: z.number().int(), rules: z.array(ruleResultSchema),
  /** Inputs with their ages and the steps of the sizing; null for decisions of versions that kept none. */ record: decisionRecordSchema.nullable(), tsMarket: ms, decidedAt: ms,
});
export type DecisionView = z.infer<typeof decisionViewSchema>;

/** The signal behind a decision. */
export const signalViewSchema = z.object({
  signalId: z.string(), strategyId: z.string(), strategyVersionId: z.string(), symbol: symbolSchema, timeframe: z.string(), barOpenTime: ms, tsMarket: ms, target: targetSchema,
  /** Signed part of the equity; null = by the deployment's sizing. */ weight: decimalText.nullable(), /** An order of the strategy's own making. */ order: strategyOrderSchema.nullable(), referencePrice: decimalText, atr: decimalText.nullable(),
  /** Exits that the strategy asked for from the entry on. */ protection: z.object({ stopPrice: decimalText.nullable(), takeProfitPrice: decimalText.nullable() }).nullable(), reasons: z.array(z.object({ name: z.string(), value: z.string(), threshold: z.string().nullable() })), raisedAt: ms,
});
export type SignalView = z.infer<typeof signalViewSchema>;

/** One thing that happened to an order. */
export const orderEventViewSchema = z.object({ version: z.number().int(), kind: orderEventKindSchema, status: orderStatusSchema, filledQty: decimalText, tsEvent: ms, tsSeen: ms, source: z.string(), detail: z.record(z.string(), z.unknown()) });

/** The code that a person wrote, behind a signal: project and version. */
export const storyProjectSchema = z.object({ projectId: z.string(), name: z.string(), version: z.number().int() });

/** Why an order exists and what became of it: signal -> decision with its rules -> broker events -> fills. A denied decision has no order; `relatives`: the exits that the broker made of it, and the orders that took its place or whose place it took. */
export const orderStorySchema = z.object({
  decision: decisionViewSchema.nullable(), signal: signalViewSchema.nullable(), order: orderViewSchema.nullable(), events: z.array(orderEventViewSchema), fills: z.array(fillViewSchema),
  relatives: z.array(orderViewSchema), /** Null: a strategy of the house, or none. */ project: storyProjectSchema.nullable().optional(),
});
export type OrderStory = z.infer<typeof orderStorySchema>;

/** A strategy with what it did. */
export const strategyViewSchema = z.object({
  strategyId: z.string(), name: z.string(), kind: z.string(), symbols: z.array(z.string()), timeframe: z.string(), parameters: z.record(z.string(), z.unknown()), sizing: z.record(z.string(), z.unknown()),
  isEnabled: z.boolean(), versionId: z.string(), signals: z.number().int(), approved: z.number().int(), denied: z.number().int(), fills: z.number().int(), openPositions: z.number().int(),
  realizedPnl: decimalText, openPnl: decimalText, /** Market time of the newest signal. */ lastSignalAt: ms.nullable(),
});
export type StrategyView = z.infer<typeof strategyViewSchema>;

/** The master switch, its recent moves, the lease of risk and the limits in force. */
export const tradingStateViewSchema = z.object({
  state: tradingStateSchema, version: z.number().int(), reason: z.string(), actor: z.string(), at: ms,
  /** Milliseconds the lease is still valid by the database's clock (negative = stale for so long); null = never taken. */ leaseValidMs: z.number().nullable(),
  limits: riskLimitsSchema, limitsVersion: z.number().int(),
  history: z.array(z.object({ version: z.number().int(), state: tradingStateSchema, reason: z.string(), actor: z.string(), at: ms })),
});
export type TradingStateView = z.infer<typeof tradingStateViewSchema>;

/** A point of the equity curve in the statistics world: [market time, equity, close of the benchmark or null], dollars; the chart scales the benchmark. */
export const equityPointSchema = z.tuple([ms, z.number(), z.number().nullable()]);
export type EquityPoint = z.infer<typeof equityPointSchema>;

/** Where the market's clock stands and what comes next. `speed` = market seconds per real second; null = a replay goes as fast as it settles. */
export const marketClockSchema = z.object({
  tsMarket: ms, isSimulated: z.boolean(), isPaused: z.boolean(), speed: z.number().nullable(), session: z.enum(['open', 'closed']),
  /** When the session closes (open) or the next one opens (closed), market time; null beyond the calendar. */ changesAt: ms.nullable(),
  /** In words when a replay runs: step n of m. */ note: z.string().nullable(),
});
export type MarketClock = z.infer<typeof marketClockSchema>;

/** One reason for or against trading now. `remedy` says what to do when it is not ok. */
export const tradeCheckSchema = z.object({ name: z.string(), ok: z.boolean(), /** A hindrance stops orders; a caution does not. */ level: z.enum(['hindrance', 'caution']), observed: z.string(), remedy: z.string().nullable() });
export type TradeCheck = z.infer<typeof tradeCheckSchema>;
/** "Can I trade now?" with its reasons. */
export const verdictSchema = z.object({ canTrade: z.boolean(), headline: z.string(), checks: z.array(tradeCheckSchema), at: ms });
export type Verdict = z.infer<typeof verdictSchema>;

/** How far a consumer is behind a producer, in events. */
export const watermarkSchema = z.object({ consumer: z.string(), producer: z.string(), heardSeq: z.number().int(), writtenSeq: z.number().int(), sentSeq: z.number().int(), behind: z.number().int(), quietMs: z.number().nullable() });
export type Watermark = z.infer<typeof watermarkSchema>;

/** One check over the whole book: how many rows broke it (0 = holds). */
export const invariantViewSchema = z.object({ id: z.string(), statement: z.string(), violations: z.number().int() });
export type InvariantView = z.infer<typeof invariantViewSchema>;

/** One comparison of our book with the broker's. */
export const reconciliationViewSchema = z.object({
  runId: z.string(), at: ms, isClean: z.boolean(), /** How many orders, fills and positions were compared, and how long it took; null for comparisons of older versions. */ compared: z.object({ orders: z.number().int(), fills: z.number().int(), positions: z.number().int(), tookMs: z.number().int() }).nullable(),
  differences: z.array(z.object({ kind: z.string(), subject: z.string(), ours: z.string().nullable(), theirs: z.string().nullable(), action: z.string() })),
});
export type ReconciliationView = z.infer<typeof reconciliationViewSchema>;

/** Something that the guardian of orders and positions found. `remedy`: what applying it does, in one sentence; null = only a person can mend it. */
export const findingViewSchema = z.object({
  findingId: z.string(), kind: z.string(), severity: z.enum(['info', 'warning', 'critical']), subject: z.string(), message: z.string(), remedy: z.string().nullable(), state: z.enum(['open', 'resolved', 'dismissed']),
  firstSeenAt: ms, lastSeenAt: ms,
});
export type FindingView = z.infer<typeof findingViewSchema>;

/** An entry of the ledger that is not a fill: dollars and shares as decimal text, signed. */
export const ledgerEntryViewSchema = z.object({ entryId: z.string(), kind: z.string(), symbol: z.string().nullable(), cashChange: decimalText, qtyChange: decimalText, description: z.string(), ledgerSeq: z.number().int(), tsEvent: ms, source: z.string() });
export type LedgerEntryView = z.infer<typeof ledgerEntryViewSchema>;

/** The last proof run: what was broken on purpose, and what that did to orders and fills. */
export const proofViewSchema = z.object({
  /** The version that was proven. */ version: z.string(), at: ms,
  parts: z.array(z.object({ name: z.string(), /** What was run, in words. */ what: z.string(), runs: z.number().int(), faults: z.number().int(), orders: z.number().int(), fills: z.number().int(), doubled: z.number().int(), lost: z.number().int(), seconds: z.number() })),
  faultsSurvived: z.number().int(), doubled: z.number().int(), lost: z.number().int(),
});
export type ProofView = z.infer<typeof proofViewSchema>;

/** A symbol of the book with its last price. */
export const symbolViewSchema = z.object({ symbol: symbolSchema, name: z.string(), exchange: z.string(), isTradable: z.boolean(), isWatched: z.boolean(), lastPrice: decimalText.nullable(), priceMarketAt: ms.nullable(), priceSeenAt: ms.nullable() });
export type SymbolView = z.infer<typeof symbolViewSchema>;

/** Something a person should know: a risk event or a notification. */
export const noticeViewSchema = z.object({ id: z.string(), severity: z.enum(['info', 'warning', 'critical']), title: z.string(), body: z.string(), at: ms });
export type NoticeView = z.infer<typeof noticeViewSchema>;

/** Who looks, at what. */
export const sessionViewSchema = z.object({
  /** Send it as `x-mainspring-token` with each request and in the socket's hello. */ token: z.string(), mode: ModeSchema, version: z.string(), instanceId: z.string(), actor: z.string(),
  /** What the page saved about itself; opaque to the gateway. */ uiState: z.record(z.string(), z.unknown()), serverTime: ms,
});
export type SessionView = z.infer<typeof sessionViewSchema>;
