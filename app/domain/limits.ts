/** Risk limits, and the closed list of reasons for which we deny an order. */
import * as z from 'zod';
import { positiveDecimalText } from './numeric.ts';

/** Wire form of the basic limits, dollars as decimal text. */
export const riskLimitsSchema = z.object({
  maxOrderNotional: positiveDecimalText.describe('Largest single order, dollars'),
  maxPositionNotional: positiveDecimalText.describe('Largest position in one symbol after the order, dollars'),
  maxGrossExposure: positiveDecimalText.describe('Sum of all absolute positions and reservations after the order, dollars'),
  maxDailyLoss: positiveDecimalText.describe('Loss since the session began, realized and open, at which only reducing orders pass, dollars'),
});
export type RiskLimits = z.infer<typeof riskLimitsSchema>;

/** Limits of a fresh installation: fit for the simulator's $100,000 account. */
export const DEFAULT_RISK_LIMITS: RiskLimits = { maxOrderNotional: '10000', maxPositionNotional: '20000', maxGrossExposure: '80000', maxDailyLoss: '2000' };

/** Why an order was denied. The order of this list is the order in which the rules are asked. */
export const DENIAL_CODES = [
  'TRADING_HALTED', 'TRADING_REDUCING_ONLY', 'LIVE_DISARMED', 'RISK_LEASE_STALE', 'APPROVAL_EXPIRED', 'STREAM_RECONCILING',
  'SYMBOL_NOT_TRADABLE', 'PRICE_MISSING', 'QUANTITY_ZERO', 'NOTHING_TO_EXIT', 'EXIT_PENDING', 'TARGET_ALREADY_HELD', 'OPPOSITE_ORDER_OPEN', 'SHORT_NOT_ALLOWED', 'BUYING_POWER_EXCEEDED',
  'ORDER_NOTIONAL_EXCEEDED', 'POSITION_NOTIONAL_EXCEEDED', 'GROSS_EXPOSURE_EXCEEDED', 'DAILY_LOSS_EXCEEDED',
] as const;
export type DenialCode = (typeof DENIAL_CODES)[number];
export const denialCodeSchema = z.enum(DENIAL_CODES);

/** One rule as it was asked: what it compares, what it saw, whether it passed. Numbers are decimal text in `unit`. */
export const ruleResultSchema = z.object({
  rule: z.string(), passed: z.boolean(), threshold: z.string().nullable(), observed: z.string().nullable(), unit: z.enum(['USD', 'shares', 'state', 'none']), code: denialCodeSchema.nullable(),
});
export type RuleResult = z.infer<typeof ruleResultSchema>;
