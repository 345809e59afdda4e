/** Synchronous questions to a service: the exception to the event path, only for what a person does. */
import * as z from 'zod';
import { ALERT_COMMANDS } from './commands-alert.ts';
import { AUTHOR_COMMANDS } from './commands-author.ts';
import { BULK_COMMANDS } from './commands-bulk.ts';
import { CHART_COMMANDS } from './commands-chart.ts';
import { DEPLOY_COMMANDS } from './commands-deploy.ts';
import { EXPLAIN_COMMANDS } from './commands-explain.ts';
import { FEED_COMMANDS } from './commands-feed.ts';
import { QUALITY_COMMANDS } from './commands-quality.ts';
import { SCREENER_COMMANDS } from './commands-screener.ts';
import { STORAGE_COMMANDS } from './commands-storage.ts';
import { STUDIO_COMMANDS } from './commands-studio.ts';
import { request, type CommandContract } from './request.ts';
import { decisionRecordSchema, ruleResultSchema, denialCodeSchema, riskLimitsSchema } from '#app/domain/limits.ts';
import { decimalText, positiveDecimalText, quantity } from '#app/domain/numeric.ts';
import { clientOrderIdSchema, symbolSchema } from '#app/domain/ids.ts';
import { sideSchema } from '#app/domain/order.ts';
import { orderTermsFields, readTerms, termsIssues, type OrderTermsWire } from '#app/domain/order-terms.ts';
import { tradingStateSchema } from '#app/domain/trading-state.ts';

/** An order as a person writes it. */
export const orderTicketFields = { symbol: symbolSchema, side: sideSchema, qty: positiveDecimalText, ...orderTermsFields };

/** Says for each field what no broker would take; to be used as a schema's check. Where a field cannot even be read, that is said alone. */
export function checkTicket({ value, issues }: { readonly value: OrderTermsWire & { readonly side: 'buy' | 'sell'; readonly qty: string }; readonly issues: z.core.$ZodRawIssue[] }): void {
  if (issues.length > 0) return;
  for (const { field, message } of termsIssues(readTerms(value), { side: value.side, qty: quantity(value.qty) })) issues.push({ code: 'custom', input: value, path: field.split('.'), message });
}

/** An order that a person asks for; it meets the same rules as a strategy's. */
export const manualOrder = z.object({ ...request, ...orderTicketFields }).check(checkTicket);

/** What shall change of an open order; null = stays. The quantity is the whole order's, what is filled included. */
export const orderChangeFields = {
  clientOrderId: clientOrderIdSchema, qty: positiveDecimalText.nullable().default(null), limitPrice: positiveDecimalText.nullable().default(null), stopPrice: positiveDecimalText.nullable().default(null),
  trail: positiveDecimalText.nullable().default(null).describe('Distance of a trailing stop in the unit it has, dollars or percent'),
};

/** The decision that a manual order met: approved with its order, or denied with the reason. */
export const decisionReply = z.object({
  decisionId: z.string(), outcome: z.enum(['approved', 'denied']), clientOrderId: clientOrderIdSchema.nullable(), code: denialCodeSchema.nullable(), message: z.string(),
  rules: z.array(ruleResultSchema), record: decisionRecordSchema, qty: decimalText.nullable(), reservedNotional: decimalText,
});

/** Every command: its service, input and output. Commands are `POST /commands/<name>` on the service's port with the internal bearer token. */
export const COMMANDS = {
  manualOrder: { service: 'risk_management', input: manualOrder, output: decisionReply },
  /** Asks risk for its view of an order without writing anything. */
  previewOrder: { service: 'risk_management', input: manualOrder, output: decisionReply },
  /** Asks risk for its view of a change without writing anything. */
  previewReplace: { service: 'risk_management', input: z.object({ ...request, ...orderChangeFields }), output: decisionReply },
  /** Changes an open order by another in its place: a decision of its own. The old one lives on when the broker refuses. */
  replaceOrder: { service: 'risk_management', input: z.object({ ...request, ...orderChangeFields }), output: decisionReply },
  /** Sells (or buys back) a part of one share of a position at market; strategyId null = the manual share. */
  reducePosition: { service: 'risk_management', input: z.object({ ...request, symbol: symbolSchema, strategyId: z.string().max(64).nullable(), qty: positiveDecimalText }), output: decisionReply },
  /** Closes the account's position in a symbol, then opens the same number of shares on the other side as a manual position: two orders, the second decided when the first has filled. */
  reversePosition: { service: 'risk_management', input: z.object({ ...request, symbol: symbolSchema }), output: z.object({ decisions: z.array(decisionReply) }) },
  /** Moves the master switch. `onlyStricter`: what is stricter already stays, and is the answer. */
  setTradingState: { service: 'risk_management', input: z.object({ ...request, state: tradingStateSchema, reason: z.string().min(1).max(200), onlyStricter: z.boolean().optional() }), output: z.object({ version: z.number().int(), state: tradingStateSchema }) },
  /** `base`: the version that was changed; another newer one = VERSION_CONFLICT. */
  setRiskLimits: { service: 'risk_management', input: z.object({ ...request, limits: riskLimitsSchema, base: z.number().int().optional() }), output: z.object({ version: z.number().int(), limits: riskLimitsSchema }) },
  /** Closes one position (symbol) or all (null) with market orders, after cancelling what is open. */
  flatten: { service: 'risk_management', input: z.object({ ...request, symbol: symbolSchema.nullable(), strategyId: z.string().min(1).max(64).optional().describe('Only the share of this strategy') }), output: z.object({ decisions: z.array(decisionReply) }) },
  /** Asks the broker to cancel; passes in every trading state. Null = all open orders. */
  cancelOrder: { service: 'execution', input: z.object({ ...request, clientOrderId: clientOrderIdSchema.nullable() }), output: z.object({ requested: z.array(clientOrderIdSchema) }) },
  /** Carries out what the guardian proposes for a finding. */
  applyRemedy: { service: 'execution', input: z.object({ ...request, findingId: z.string().min(1).max(200) }), output: z.object({ findingId: z.string(), done: z.string() }) },
  /** A person has seen the finding and wants it left alone. */
  dismissFinding: { service: 'execution', input: z.object({ ...request, findingId: z.string().min(1).max(200), reason: z.string().trim().min(1).max(200) }), output: z.object({ findingId: z.string() }) },
  setStrategyEnabled: { service: 'strategy_engine', input: z.object({ ...request, strategyId: z.string().min(1).max(64), isEnabled: z.boolean() }), output: z.object({ strategyId: z.string(), isEnabled: z.boolean() }) },
  /** Sends a message on every way that is set up, so that a person sees whether it arrives. `note`: what is not set up, in words. */
  sendTest: { service: 'notification', input: z.object(request), output: z.object({ notificationId: z.string(), ways: z.array(z.object({ channel: z.string(), recipient: z.string() })), note: z.string().nullable() }) },
  /** Writes into the audit log what was changed outside of the book: settings. Secrets are dots. */
  recordChange: { service: 'analytics', input: z.object({ ...request, action: z.enum(['settings.saved']), subject: z.string().min(1).max(80), before: z.record(z.string(), z.string()), after: z.record(z.string(), z.string()) }), output: z.object({ isRecorded: z.literal(true) }) },
  ...ALERT_COMMANDS, ...AUTHOR_COMMANDS, ...BULK_COMMANDS, ...CHART_COMMANDS, ...DEPLOY_COMMANDS, ...EXPLAIN_COMMANDS, ...FEED_COMMANDS, ...QUALITY_COMMANDS, ...SCREENER_COMMANDS, ...STORAGE_COMMANDS, ...STUDIO_COMMANDS,
} as const satisfies Record<string, CommandContract>;

/** The name of a command. */
export type CommandName = keyof typeof COMMANDS;
/** What a caller writes: what has a default may be left out. */
export type CommandAsk<N extends CommandName> = z.input<(typeof COMMANDS)[N]['input']>;
/** What a command takes. */
export type CommandInput<N extends CommandName> = z.infer<(typeof COMMANDS)[N]['input']>;
/** What a command gives back. */
export type CommandOutput<N extends CommandName> = z.infer<(typeof COMMANDS)[N]['output']>;
