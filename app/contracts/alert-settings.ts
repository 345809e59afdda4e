/** What is sent by which way: one choice for each kind of message and each channel, which the next message of the kind obeys. */
import * as z from 'zod';

/** How loud a message is, the quietest first. */
export const ALERT_SEVERITIES = ['info', 'warning', 'critical'] as const;
/** One of them. */
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number];
/** The ways to reach a person. */
export const ALERT_CHANNELS = ['desktop', 'email', 'webhook'] as const;
/** One of them. */
export type AlertChannel = (typeof ALERT_CHANNELS)[number];

/** A kind of message as people choose it. `severities`: how loud messages of it can be; a choice of the loudness makes sense for more than one alone. */
export type AlertKindFacts = { readonly title: string; readonly about: string; readonly severities: readonly AlertSeverity[] };

/** Every kind that a person may choose the ways of; a test message and a digest go wherever they belong. */
export const ALERT_KINDS = {
  trading_state: { title: 'Trading halted or reduced', about: 'The master switch was moved, by a person or by a rule.', severities: ALERT_SEVERITIES },
  risk_event: { title: 'Risk events', about: 'A limit was met, or a rule has acted.', severities: ALERT_SEVERITIES },
  alert: { title: 'Alerts of risk', about: 'Exposure, loss and positions near their limits.', severities: ALERT_SEVERITIES },
  finding: { title: 'Findings of the guardian', about: 'A position without its stop, an order nobody knows, books that differ.', severities: ALERT_SEVERITIES },
  strategy: { title: 'A strategy paused by itself', about: 'It made errors, or lost as much as it may in a day.', severities: ['warning'] },
  order_rejected: { title: 'Orders rejected', about: 'The broker did not take an order.', severities: ['warning'] },
  order_denied: { title: 'Orders denied', about: 'Risk did not let an order pass. Denials that are part of every day are info.', severities: ['info', 'warning'] },
  trade_alert: { title: 'Fills', about: 'A burst of them in one message, at most one a minute.', severities: ['info'] },
  daily_summary: { title: 'Summary of the day', about: '19:00 New York on trading days. A day with a critical event is a warning.', severities: ['info', 'warning'] },
  health: { title: 'Parts that fail', about: 'A part that failed or is not well, and well again.', severities: ALERT_SEVERITIES },
  screen: { title: 'Screens', about: 'Symbols came into a saved screen that tells of them, or left it.', severities: ['info'] },
} as const satisfies Readonly<Record<string, AlertKindFacts>>;
/** A kind of message. */
export type AlertKind = keyof typeof ALERT_KINDS;
/** What is known of a kind. */
export const alertKindFacts = (kind: AlertKind): AlertKindFacts => ALERT_KINDS[kind];
/** All kinds, in the order in which people see them. */
export const ALERT_KIND_NAMES = Object.keys(ALERT_KINDS) as [AlertKind, ...AlertKind[]];

/** What a choice consists of. `leastSeverity`: quieter messages of the kind are not sent this way. */
export const alertChoiceFields = { kind: z.enum(ALERT_KIND_NAMES), channel: z.enum(ALERT_CHANNELS), isEnabled: z.boolean(), leastSeverity: z.enum(ALERT_SEVERITIES) };
/** One choice as it stands. */
export const alertChoiceSchema = z.object(alertChoiceFields);
/** One choice. */
export type AlertChoice = z.infer<typeof alertChoiceSchema>;
