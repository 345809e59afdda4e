/** What the address of the log page carries, so that a link can point at any question: /logs?about=… shows everything about an order. */
import { LOG_LEVELS, LogLevelSchema } from '#app/contracts/config.ts';
import type { LogLevel } from '#app/contracts/config.ts';
import { UNIT_IDS } from '#app/contracts/health.ts';

/** Spans of time back from now, and the days of New York. */
export const SPANS = ['live', '15m', '1h', '24h', 'today', 'yesterday', 'custom'] as const;
/** A span of time. */
export type Span = (typeof SPANS)[number];

/** The question in the address. `from` and `to`: EpochMs of a custom span. */
export type LogsSearch = { readonly units?: string; readonly level?: LogLevel; readonly search?: string; readonly about?: string; readonly span?: Span; readonly from?: number; readonly to?: number };

const TEXT_MAX = 300;

function text(value: unknown): string {
  // The router reads numbers in an address as numbers.
  return typeof value === 'string' ? value.slice(0, TEXT_MAX) : typeof value === 'number' ? String(value) : '';
}

function instant(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

/** Reads it; what is not understood is dropped. */
export function readLogsSearch(search: Record<string, unknown>): LogsSearch {
  const units = text(search['units']).split(',').filter((unit) => (UNIT_IDS as readonly string[]).includes(unit)).join(',');
  const level = LogLevelSchema.safeParse(search['level']);
  const words = text(search['search']);
  const about = text(search['about']);
  const span = SPANS.find((candidate) => candidate === search['span']);
  const from = instant(search['from']);
  const to = instant(search['to']);
  return {
    ...(units === '' ? {} : { units }), ...(level.success && level.data !== LOG_LEVELS[0] ? { level: level.data } : {}), ...(words === '' ? {} : { search: words }), ...(about === '' ? {} : { about }),
    ...(span === undefined || span === 'live' ? {} : { span }), ...(span === 'custom' && from !== null ? { from } : {}), ...(span === 'custom' && to !== null ? { to } : {}),
  };
}
