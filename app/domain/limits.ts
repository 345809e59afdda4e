/** Risk limits, and the closed list of reasons for which we deny an order. */
import * as z from 'zod';
import { decimalText, positiveDecimalText } from './numeric.ts';

const percent = positiveDecimalText.refine((text) => Number(text) <= 100, 'must be at most 100');

/** Wire form of the limits: dollars, shares and percent as decimal text. A limit that an older version did not know takes its default. */
export const riskLimitsSchema = z.object({
  maxOrderNotional: positiveDecimalText.describe('Largest single order, dollars'),
  maxOrderQty: positiveDecimalText.default('100000').describe('Largest single order, shares'),
  priceCollarPercent: percent.default('10').describe('How far a limit or stop price may lie from the newest price on its costly side, percent'),
  maxPositionNotional: positiveDecimalText.describe('Largest position in one symbol after the order, dollars'),
  maxGrossExposure: positiveDecimalText.describe('Sum of all absolute positions and reservations after the order, dollars'),
  maxNetExposure: positiveDecimalText.default('1000000').describe('Long less short positions and reservations after the order, dollars, on either side'),
  maxOrdersPerDay: z.number().int().min(1).max(100_000).default(2_000).describe('Entries approved on one exchange day; orders that reduce a position always pass'),
  marginHeadroomPercent: decimalText.refine((text) => Number(text) >= 0 && Number(text) <= 100, 'must be between 0 and 100').default('10').describe('Part of the equity that must stay above the maintenance margin after the order, percent'),
  maxDataAgeSeconds: z.number().int().min(1).max(86_400).default(180).describe('Oldest price, in market seconds, on which an entry may be decided while the session is open'),
  maxDailyLoss: positiveDecimalText.describe('Loss since the session began, realized and open, at which only reducing orders pass, dollars'),
  maxDrawdownPercent: percent.default('20').describe('Fall of the equity from its highest point at which trading turns to reducing by itself, percent'),
  allowShort: z.boolean().default(false).describe('May orders open short positions?'),
  allowMargin: z.boolean().default(false).describe("May orders use the broker's buying power beyond the account's own cash?"),
});
export type RiskLimits = z.infer<typeof riskLimitsSchema>;

/** Limits of a fresh installation: fit for the simulator's $100,000 account. */
export const DEFAULT_RISK_LIMITS: RiskLimits = riskLimitsSchema.parse({ maxOrderNotional: '10000', maxPositionNotional: '20000', maxGrossExposure: '80000', maxDailyLoss: '2000' });

/** Why an order was denied. The order of this list is the order in which the rules are asked. */
export const DENIAL_CODES = [
  'TRADING_HALTED', 'TRADING_REDUCING_ONLY', 'LIVE_DISARMED', 'STRATEGY_STOPPED', 'RISK_LEASE_STALE', 'APPROVAL_EXPIRED', 'STREAM_RECONCILING',
  'ORDER_TERMS_INVALID', 'SUB_PENNY', 'SYMBOL_NOT_TRADABLE', 'PRICE_MISSING', 'DATA_STALE', 'SESSION_CLOSED', 'PRICE_COLLAR_EXCEEDED', 'STOP_WRONG_SIDE',
  'QUANTITY_ZERO', 'NOTHING_TO_EXIT', 'EXIT_PENDING', 'TARGET_ALREADY_HELD', 'ORDER_NOT_REPLACEABLE', 'OPPOSITE_ORDER_OPEN', 'SHORT_NOT_ALLOWED', 'BUYING_POWER_EXCEEDED', 'MARGIN_HEADROOM_EXCEEDED',
  'ORDER_NOTIONAL_EXCEEDED', 'ORDER_QUANTITY_EXCEEDED', 'POSITION_NOTIONAL_EXCEEDED', 'GROSS_EXPOSURE_EXCEEDED', 'NET_EXPOSURE_EXCEEDED', 'STRATEGY_NOTIONAL_EXCEEDED', 'ORDERS_PER_DAY_EXCEEDED', 'STRATEGY_ORDERS_PER_DAY_EXCEEDED', 'DAILY_LOSS_EXCEEDED', 'DRAWDOWN_EXCEEDED',
] as const;
export type DenialCode = (typeof DENIAL_CODES)[number];
export const denialCodeSchema = z.enum(DENIAL_CODES);

/** Units of a rule's numbers. */
export const RULE_UNITS = ['USD', 'shares', 'percent', 'count', 'seconds', 'state', 'none'] as const;
/** One rule as it was asked: what it compares, what it saw, whether it passed, and in words what would have passed (null = it did, or nothing would). Numbers are decimal text in `unit`. */
export const ruleResultSchema = z.object({
  rule: z.string(), passed: z.boolean(), threshold: z.string().nullable(), observed: z.string().nullable(), unit: z.enum(RULE_UNITS), code: denialCodeSchema.nullable(),
  wouldPass: z.string().nullable().default(null),
});
export type RuleResult = z.infer<typeof ruleResultSchema>;

/** One fact that a decision looked at. `asOf`: when it was true, by the market's or our clock; `ageMs`: how old it was at the decision; null = it has no age (a setting). */
export const decisionInputSchema = z.object({ name: z.string(), value: z.string(), unit: z.enum(RULE_UNITS), source: z.string(), asOf: z.number().int().nullable(), ageMs: z.number().int().nullable() });
export type DecisionInput = z.infer<typeof decisionInputSchema>;
/** One step of the sizing: what was computed, how, and what came out. */
export const sizingStepSchema = z.object({ step: z.string(), how: z.string(), result: z.string(), unit: z.enum(RULE_UNITS) });
export type SizingStep = z.infer<typeof sizingStepSchema>;
/** Everything behind a decision beside its rules. */
export const decisionRecordSchema = z.object({ inputs: z.array(decisionInputSchema), sizing: z.array(sizingStepSchema) });
export type DecisionRecord = z.infer<typeof decisionRecordSchema>;
