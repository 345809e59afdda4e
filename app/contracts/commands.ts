/** Synchronous questions to a service: the exception to the event path, only for what a person does. */
import * as z from 'zod';
import { ruleResultSchema, denialCodeSchema, riskLimitsSchema } from '#app/domain/limits.ts';
import { positiveDecimalText, decimalText } from '#app/domain/numeric.ts';
import { clientOrderIdSchema, symbolSchema, type ServiceId } from '#app/domain/ids.ts';
import { orderTypeSchema, sideSchema, timeInForceSchema } from '#app/domain/order.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';

/** Who asks, and the key under which asking twice is asking once. */
const request = { idempotencyKey: z.string().regex(/^[A-Za-z0-9._-]{8,64}$/), actor: z.string().min(1).max(80) };

/** An order that a person asks for; it meets the same rules as a strategy's. */
export const manualOrder = z
  .object({ ...request, symbol: symbolSchema, side: sideSchema, type: orderTypeSchema, timeInForce: timeInForceSchema, qty: positiveDecimalText, limitPrice: positiveDecimalText.nullable() })
  .refine((order) => (order.type === 'limit') === (order.limitPrice !== null), 'a limit order needs a limit price, a market order has none');

/** The decision that a manual order met: approved with its order, or denied with the reason. */
export const decisionReply = z.object({
  decisionId: z.string(), outcome: z.enum(['approved', 'denied']), clientOrderId: clientOrderIdSchema.nullable(), code: denialCodeSchema.nullable(), message: z.string(),
  rules: z.array(ruleResultSchema), qty: decimalText.nullable(), reservedNotional: decimalText,
});

/** Every command: its service, input and output. Commands are `POST /commands/<name>` on the service's port with the internal bearer token. */
export const COMMANDS = {
  manualOrder: { service: 'risk_management', input: manualOrder, output: decisionReply },
  /** Asks risk for its view of an order without writing anything. */
  previewOrder: { service: 'risk_management', input: manualOrder, output: decisionReply },
  setTradingState: { service: 'risk_management', input: z.object({ ...request, state: tradingStateSchema, reason: z.string().min(1).max(200) }), output: z.object({ version: z.number().int(), state: tradingStateSchema }) },
  setRiskLimits: { service: 'risk_management', input: z.object({ ...request, limits: riskLimitsSchema }), output: z.object({ version: z.number().int(), limits: riskLimitsSchema }) },
  /** Closes one position (symbol) or all (null) with market orders, after cancelling what is open. */
  flatten: { service: 'risk_management', input: z.object({ ...request, symbol: symbolSchema.nullable() }), output: z.object({ decisions: z.array(decisionReply) }) },
  /** Asks the broker to cancel; passes in every trading state. Null = all open orders. */
  cancelOrder: { service: 'execution', input: z.object({ ...request, clientOrderId: clientOrderIdSchema.nullable() }), output: z.object({ requested: z.array(clientOrderIdSchema) }) },
  setStrategyEnabled: { service: 'strategy_engine', input: z.object({ ...request, strategyId: z.string().min(1).max(64), isEnabled: z.boolean() }), output: z.object({ strategyId: z.string(), isEnabled: z.boolean() }) },
  /** Sends a message on every way that is set up, so that a person sees whether it arrives. `note`: what is not set up, in words. */
  sendTest: { service: 'notification', input: z.object(request), output: z.object({ notificationId: z.string(), ways: z.array(z.object({ channel: z.string(), recipient: z.string() })), note: z.string().nullable() }) },
} as const satisfies Record<string, { service: ServiceId; input: z.ZodType; output: z.ZodType }>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;
/** What a command takes. */
export type CommandInput<N extends CommandName> = z.infer<(typeof COMMANDS)[N]['input']>;
/** What a command gives back. */
export type CommandOutput<N extends CommandName> = z.infer<(typeof COMMANDS)[N]['output']>;
