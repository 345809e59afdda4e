/** What the calendar says of an order at the moment it is placed: session, expiry, auction. */
import type { TimeInForce } from '#app/domain/order.ts';
import { DAY_MS, MINUTE_MS, type EpochMs } from '#app/domain/time.ts';
import { isInExtendedHours, isInSession, latestSession, nextOpen, sessionOf, type Session } from '#app/market/calendar.ts';
import type { OrderTimes } from './venue-types.ts';

const GTC_DAYS = 90;
/** The broker's job that cancels what is too old runs a quarter of an hour after the close (16:15). */
const GTC_JOB_MS = 15 * MINUTE_MS;
/** Orders for the opening auction are taken until 09:28, for the closing one until 15:50, and again from 19:00. */
const OPG_SHUT_MS = 2 * MINUTE_MS;
const CLS_SHUT_MS = 10 * MINUTE_MS;
const EVENING_MS = 3 * 60 * MINUTE_MS;

/** The session of which an instant sees the end: the one that goes on, or the next. */
function comingSession(at: EpochMs): Session {
  return sessionOf(at) ?? latestSession(nextOpen(at));
}

/** The session after the latest one. */
function sessionAfter(session: Session): Session {
  return latestSession(nextOpen(session.close));
}

function auctionOf(tif: 'opg' | 'cls', at: EpochMs): { readonly auctionAt: EpochMs; readonly isShut: boolean } {
  const latest = latestSession(at);
  const boundary = (session: Session): number => (tif === 'opg' ? session.open - OPG_SHUT_MS : session.close - CLS_SHUT_MS);
  const coming = comingSession(at);
  const auctionAt = (session: Session): EpochMs => (tif === 'opg' ? session.open : session.close);
  // The session whose auction shuts next; between its shutting and the evening nothing is taken.
  for (const session of [latest, coming]) {
    const evening = session.close + EVENING_MS;
    if (at >= boundary(session) && at < evening) return { auctionAt: auctionAt(session), isShut: true };
  }
  const next = boundary(coming) > at ? coming : sessionAfter(coming);
  return { auctionAt: auctionAt(next), isShut: false };
}

function gtcEnd(at: EpochMs): EpochMs {
  const last = latestSession((at + GTC_DAYS * DAY_MS) as EpochMs);
  const end = (last.close + GTC_JOB_MS) as EpochMs;
  return end > at ? end : ((at + GTC_DAYS * DAY_MS) as EpochMs);
}

/**
 * The times of an order that is placed at `at`. A day order placed on a Saturday ends with Monday's close; marked for extended hours it ends with the
 * after-hours session; gtc ends at 16:15 of the last session within 90 days; opg and cls end with their auction.
 */
export function orderTimes(terms: { readonly timeInForce: TimeInForce; readonly extendedHours: boolean }, at: EpochMs): OrderTimes {
  const { timeInForce: tif, extendedHours } = terms;
  const latest = latestSession(at);
  const coming = comingSession(at);
  const isOpen = isInSession(at);
  const base = { at, isOpen, isExtendedOpen: !isOpen && isInExtendedHours(at) };
  if (tif === 'gtc') return { ...base, expiresAt: gtcEnd(at), auctionAt: null, isAuctionShut: false };
  if (tif === 'opg' || tif === 'cls') {
    const { auctionAt, isShut } = auctionOf(tif, at);
    return { ...base, expiresAt: latestSession(auctionAt).close, auctionAt, isAuctionShut: isShut };
  }
  const isTodayExtended = extendedHours && at >= latest.open && at < latest.afterHoursClose;
  const expiresAt = isTodayExtended ? latest.afterHoursClose : extendedHours ? coming.afterHoursClose : coming.close;
  return { ...base, expiresAt, auctionAt: null, isAuctionShut: false };
}
