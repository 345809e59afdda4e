/** Refusals in the broker's words: HTTP status, code, message, further members of the body. */
import type { VenueRejection } from './venue-types.ts';

const MALFORMED = 40_010_001;
const INVALID = 42_210_000;
const FORBIDDEN = 40_310_000;

/** A refusal, or null when there is none. */
export type Refusal = VenueRejection | null;

/** A body that cannot be read as an order. */
export function malformed(message: string, status: 400 | 422 = 422): VenueRejection {
  return { status, code: MALFORMED, message, details: {} };
}
/** An order that breaks a rule of the market. */
export function invalid(message: string, details: Record<string, string> = {}): VenueRejection {
  return { status: 422, code: INVALID, message, details };
}
/** An order that the account may not place. */
export function forbidden(message: string, details: Record<string, string> = {}): VenueRejection {
  return { status: 403, code: FORBIDDEN, message, details };
}
/** The order is unknown, or not open any more. */
export const ORDER_NOT_FOUND: VenueRejection = { status: 404, code: 40_410_000, message: 'order not found', details: {} };
