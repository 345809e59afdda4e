/** Spans of time as instants, on New York's clock. */
import type { LogsSearch, Span } from './address.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** The words of each span. */
export const SPAN_NAMES: Readonly<Record<Span, string>> = { live: 'All, live', '15m': 'Last 15 min', '1h': 'Last hour', '24h': 'Last 24 h', today: 'Today', yesterday: 'Yesterday', custom: 'From … to' };

const parts = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York', year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });

/** An instant on New York's clock as `YYYY-MM-DDTHH:MM`, as a field for date and time takes it. */
export function toMarketField(at: number): string {
  const byType = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${byType['year'] ?? ''}-${byType['month'] ?? ''}-${byType['day'] ?? ''}T${byType['hour'] ?? ''}:${byType['minute'] ?? ''}`;
}

/** The instant of a time on New York's clock; null for what is none. In the hour that comes twice the first is meant. fromMarketField('2026-03-02T10:30') = 15:30 UTC */
export function fromMarketField(field: string): number | null {
  const asUtc = Date.parse(`${field}:00Z`);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(field) || Number.isNaN(asUtc)) return null;
  // New York is 4 or 5 hours behind: the earlier instant whose clock shows the time, and after a jump ahead the moment it jumped to.
  for (const hours of [4, 5]) if (toMarketField(asUtc + hours * 60 * MINUTE_MS) === field) return asUtc + hours * 60 * MINUTE_MS;
  return asUtc + 4 * 60 * MINUTE_MS;
}

function midnight(now: number, daysBack: number): number {
  const day = Date.parse(`${toMarketField(now).slice(0, 10)}T00:00:00Z`) - daysBack * DAY_MS;
  return fromMarketField(`${new Date(day).toISOString().slice(0, 10)}T00:00`) ?? day;
}

/** The bounds of a span (EpochMs, `to` excluded); null = none. A span without end is live. */
export function boundsOf({ span = 'live', from, to }: Pick<LogsSearch, 'span' | 'from' | 'to'>, now: number): { from: number | null; to: number | null } {
  if (span === 'custom') return { from: from ?? null, to: to ?? null };
  if (span === 'today') return { from: midnight(now, 0), to: null };
  if (span === 'yesterday') return { from: midnight(now, 1), to: midnight(now, 0) };
  const back = { live: null, '15m': 15 * MINUTE_MS, '1h': 60 * MINUTE_MS, '24h': DAY_MS }[span];
  return { from: back === null ? null : now - back, to: null };
}
