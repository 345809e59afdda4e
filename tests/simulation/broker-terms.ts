/** Our order as the venue is asked for it. */
import { PLAIN_REQUEST, type OrderRequest } from '#app/backtest/venue-types.ts';
import { writeTerms } from '#app/domain/order-terms.ts';
import { toText } from '#app/domain/numeric.ts';
import type { OrderTicket } from '../../services/alpaca/ports.ts';

/** A ticket as a request to the venue. */
export function readTermsOf(ticket: OrderTicket): OrderRequest {
  const { clientOrderId, symbol, side, qty } = ticket;
  return { ...PLAIN_REQUEST, ...writeTerms(ticket.terms), clientOrderId, symbol, side, qty: toText(qty), notional: null, positionIntent: null };
}
