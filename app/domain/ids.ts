/** Identifiers: the services, the symbols, and ids that are pure functions of the logical event they name. */
import * as z from 'zod';
import type { EpochMs } from './time.ts';

/** The six services of the trading path; also the names of their folders, schemas, roles and metric labels. */
export const SERVICE_IDS = ['data_ingestion', 'strategy_engine', 'execution', 'risk_management', 'analytics', 'notification'] as const;
export type ServiceId = (typeof SERVICE_IDS)[number];
export const serviceIdSchema = z.enum(SERVICE_IDS);

/** A ticker as Alpaca spells it: `AAPL`, `BRK.B`. */
export const symbolSchema = z.string().regex(/^[A-Z][A-Z0-9]{0,9}([./][A-Z0-9]{1,4})?$/, 'must be a ticker such as AAPL or BRK.B');

/** What Alpaca and our tables accept as a client order id: at most 128 characters, none of them a control character. Ours are plain; an order that was placed elsewhere has what its program gave it. */
export const clientOrderIdSchema = z.string().regex(/^[^\p{Cc}]{1,128}$/u);

/** Id of the n-th signal of a strategy version on one bar: the same bar gives the same id in every run. */
export function signalId(strategyVersionId: string, symbol: string, barOpenTime: EpochMs, n: number): string {
  return `${strategyVersionId}:${symbol}:${barOpenTime}:${n}`;
}

/** Id of the risk decision on a signal, a manual request or a follow-up; `attempt` counts retries of an exit. */
export function decisionId(originId: string, attempt = 0): string {
  return attempt === 0 ? originId : `${originId}:r${attempt}`;
}

/** The id under which an approved decision is sent to the broker: one decision, one order, for ever. */
export function clientOrderId(decision: string): string {
  return `ms-${decision}`;
}
