/** Assets, clocks and calendars as Alpaca writes them. */
import { daysFromCivil, civilFromDays, formatDate, parseDate, toRfc3339, type EpochMs } from '#app/domain/time.ts';
import { exchangeDay, isInSession, latestSession, nextClose, nextOpen, sessionOn, sessionsBetween, type Session } from '#app/market/calendar.ts';
import { PLAIN_ASSET, type VenueAsset } from '#app/backtest/venue-types.ts';
import { assetIdOf, type ListedAsset } from './market.ts';
import { newYorkClock, newYorkText, type WireObject } from './wire-common.ts';

/** An asset object. */
export function wireAsset(asset: ListedAsset, said: VenueAsset): WireObject {
  const percent = said.maintenancePercent ?? '30';
  return {
    id: assetIdOf(asset.symbol), class: 'us_equity', cusip: null, exchange: asset.exchange, symbol: asset.symbol, name: asset.name, status: 'active', tradable: said.isTradable,
    marginable: said.isMarginable, maintenance_margin_requirement: Number(percent), margin_requirement_long: percent, margin_requirement_short: percent, shortable: said.isShortable,
    easy_to_borrow: said.isEasyToBorrow, borrow_status: said.isEasyToBorrow ? 'easy_to_borrow' : 'hard_to_borrow', fractionable: said.isFractionable, attributes: [],
  };
}

/** An asset that is not listed any more. */
export function wireDelisted(asset: ListedAsset): WireObject {
  return { ...wireAsset(asset, { ...PLAIN_ASSET, isTradable: false, isMarginable: false, isShortable: false, isEasyToBorrow: false, isFractionable: false }), status: 'inactive' };
}

/** The clock object. */
export function wireClock(now: EpochMs): WireObject {
  return { timestamp: newYorkText(now), is_open: isInSession(now), next_open: newYorkText(nextOpen(now)), next_close: newYorkText(nextClose(now)) };
}

const addDays = (date: string, days: number): string => formatDate(civilFromDays(daysFromCivil(parseDate(date)) + days));

/** The trading day after a session: when its trades settle. */
function settlementOf(session: Session): string {
  return latestSession(nextOpen(session.open)).date;
}

function day(session: Session): WireObject {
  return {
    date: session.date, open: newYorkClock(session.open, ':'), close: newYorkClock(session.close, ':'), session_open: newYorkClock(session.preMarketOpen, ''), session_close: newYorkClock(session.afterHoursClose, ''),
    settlement_date: settlementOf(session),
  };
}

/** Calendar days in a range of civil days, both included; with `SETTLEMENT` those that settle in it. */
export function wireCalendar(from: string, to: string, dateType: 'TRADING' | 'SETTLEMENT'): readonly WireObject[] {
  if (dateType === 'TRADING') return sessionsBetween(from, to).map(day);
  // A long weekend lies between a trade and its settlement at most.
  return sessionsBetween(addDays(from, -7), to).filter((session) => {
    const date = settlementOf(session);
    return date >= from && date <= to;
  }).map(day);
}

/** Markets of the v3 interface that keep New York's hours. */
export const US_MARKETS: Readonly<Record<string, WireObject>> = Object.fromEntries([
  ['NYSE', 'XNYS', 'New York Stock Exchange'], ['NASDAQ', 'XNAS', 'NASDAQ'], ['IEX', 'IEXG', 'Investors Exchange'], ['OTC', 'OTCM', 'OTC Markets'],
].flatMap(([acronym = '', mic = '', name = '']) => {
  const market = { acronym, mic, name, timezone: 'America/New_York' };
  return [[acronym, market], [mic, market]];
}));

/** A day of the v3 calendar, in New York's time or in UTC. */
export function wireCalendarDay(session: Session, isUtc: boolean): WireObject {
  const text = (at: EpochMs): string => (isUtc ? toRfc3339(at).replace('.000Z', 'Z') : newYorkText(at));
  return {
    date: session.date, pre_start: text(session.preMarketOpen), pre_end: text(session.open), core_start: text(session.open), core_end: text(session.close),
    post_start: text(session.close), post_end: text(session.afterHoursClose), settlement_date: settlementOf(session),
  };
}

function phaseOf(now: EpochMs): { readonly phase: string; readonly until: EpochMs } {
  const session = sessionOn(exchangeDay(now));
  if (!session || now >= session.afterHoursClose) return { phase: 'closed', until: latestSession(nextOpen(now)).preMarketOpen };
  if (now < session.preMarketOpen) return { phase: 'closed', until: session.preMarketOpen };
  if (now < session.open) return { phase: 'pre', until: session.open };
  return now < session.close ? { phase: 'core', until: session.close } : { phase: 'post', until: session.afterHoursClose };
}

/** A clock of the v3 interface. */
export function wireMarketClock(market: WireObject, now: EpochMs): WireObject {
  const { phase, until } = phaseOf(now);
  return {
    market, timestamp: newYorkText(now), is_market_day: sessionOn(exchangeDay(now)) !== null, next_market_open: newYorkText(nextOpen(now)), next_market_close: newYorkText(nextClose(now)), phase, phase_until: newYorkText(until),
  };
}
