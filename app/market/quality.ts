/** Whether trading may lean on the stored bars: series that stopped, and the judgement over what the rules found. */
import { DAY_MS, timeframeMs, type EpochMs, type Timeframe } from '#app/domain/time.ts';
import { calendarCovers, exchangeDay, sessionOn, sessionsBetween } from './calendar.ts';
import { aboutBar, type Finding } from './quality/finding.ts';

/** Bars before a stretch on which the rules warm up, so that runs and usual moves are known at its beginning. */
export const QUALITY_CONTEXT_BARS = 400;

/** A series further behind the market than this, counted in time of open market, is stale. */
const STALE_AFTER_MS = 15 * 60_000;
const DAY_SESSION_MS = 390 * 60_000;
/** The largest part of the series that may have critical findings before the data as a whole is not to be leaned on. */
const MAX_BAD_SHARE = 0.25;
/** Bars of the newest so many sessions matter for trading now; what is wrong in older history matters for research alone. */
const RECENT_SESSIONS = 5;

/** Milliseconds of open market between two instants, 0 when `to` is not after `from`. Friday 15:50 to Monday 09:40 New York = 20 minutes. */
export function openMarketMs(from: EpochMs, to: EpochMs): number {
  if (to <= from) return 0;
  let total = 0;
  for (const session of sessionsBetween(exchangeDay(from), exchangeDay(to))) total += Math.max(0, Math.min(session.close, to) - Math.max(session.open, from));
  return total;
}

/**
 * Whether a series has stopped while the market went on: its newest bar closed long before `now`, counted in open market. Null when it has not. Strategies trade on the minutes of the stream:
 * those that stopped are critical. Days follow by back-fills, which may wait for the broker: a warning.
 */
export function staleness(series: { readonly timeframe: Timeframe; readonly lastOpenTime: number }, now: EpochMs): Finding | null {
  const { timeframe, lastOpenTime } = series;
  const isDaily = timeframe === '1Day';
  const session = isDaily ? sessionOn(exchangeDay(lastOpenTime as EpochMs)) : null;
  const behind = openMarketMs(isDaily ? (session?.close ?? (lastOpenTime as EpochMs)) : ((lastOpenTime + timeframeMs(timeframe)) as EpochMs), now);
  // The bar of a day comes after its close: one whole session may pass.
  const allowed = isDaily ? DAY_SESSION_MS + STALE_AFTER_MS : STALE_AFTER_MS + timeframeMs(timeframe);
  return behind > allowed ? aboutBar('stale_series', isDaily ? 'warning' : 'critical', { openTime: lastOpenTime, score: behind / allowed }, { behindMinutes: Math.round(behind / 60_000) }) : null;
}

/** The instant from which on findings matter for trading: the open of the fifth newest session before `now`. */
export function recentSince(now: EpochMs): EpochMs {
  const from = (now - 4 * RECENT_SESSIONS * DAY_MS) as EpochMs;
  if (!calendarCovers(from) || !calendarCovers(now)) return from;
  const days = sessionsBetween(exchangeDay(from), exchangeDay(now));
  return days.at(-RECENT_SESSIONS)?.open ?? from;
}

/** What a validation saw of one series. */
export type SeriesReport = { readonly symbol: string; readonly findings: readonly Finding[] };

/**
 * Whether trading may lean on the bars, and why not. One bad series among many does not stop the others. Critical findings that end before `since` (epoch ms) do not
 * count: what is wrong in imported history stops nobody from trading today. Those that end later do, and keep new entries from being made.
 */
export function judgeUsability(reports: readonly SeriesReport[], since = -Infinity): { readonly isUsable: boolean; readonly reason: string | null } {
  if (reports.length === 0) return { isUsable: false, reason: 'No watched symbol has stored bars yet.' };
  const isBad = (finding: Finding): boolean => finding.severity === 'critical' && (finding.kind === 'stale_series' || finding.untilTime >= since);
  const bad = reports.filter((report) => report.findings.some(isBad)).map((report) => report.symbol);
  const names = [...new Set(bad)];
  if (bad.length <= reports.length * MAX_BAD_SHARE) return { isUsable: true, reason: null };
  return { isUsable: false, reason: `${bad.length} of ${reports.length} series have bars that cannot be trusted: ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and others' : ''}.` };
}
