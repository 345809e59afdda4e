/** Numbers and days as pages write them: true minus signs, fixed decimals. */

/** What stands where a number is not known. */
export const NOTHING = '–';

const formats = new Map<number, Intl.NumberFormat>();
function plain(value: number, digits: number): string {
  const known = formats.get(digits) ?? new Intl.NumberFormat('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  formats.set(digits, known);
  return known.format(Math.abs(value));
}
function isZero(value: number, digits: number): boolean {
  return Math.abs(value) < 0.5 * 10 ** -digits;
}
function signed(value: number, digits: number, body: string): string {
  return isZero(value, digits) ? body : `${value < 0 ? '−' : '+'}${body}`;
}

/** Dollars. money(-1234.5) = '−$1,234.50' */
export function money(value: number | null, digits = 2): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  return `${value < 0 && !isZero(value, digits) ? '−' : ''}$${plain(value, digits)}`;
}
/** Dollars won or lost. gain(12) = '+$12.00' */
export function gain(value: number | null, digits = 2): string {
  return value === null || !Number.isFinite(value) ? NOTHING : signed(value, digits, `$${plain(value, digits)}`);
}
/** A fraction as percent. percent(0.0123) = '+1.23 %' */
export function percent(fraction: number | null, options: { readonly isSigned?: boolean; readonly digits?: number } = {}): string {
  if (fraction === null || !Number.isFinite(fraction)) return NOTHING;
  const digits = options.digits ?? 2;
  const body = `${plain(fraction * 100, digits)} %`;
  if (options.isSigned ?? true) return signed(fraction * 100, digits, body);
  return fraction < 0 && !isZero(fraction * 100, digits) ? `−${body}` : body;
}
/** A plain number with so many decimals. */
export function number(value: number | null, digits = 0): string {
  return value === null || !Number.isFinite(value) ? NOTHING : `${value < 0 && !isZero(value, digits) ? '−' : ''}${plain(value, digits)}`;
}
/** Shares: as many decimals as there are, at most nine. */
export function shares(value: number): string {
  return `${value < 0 ? '−' : ''}${new Intl.NumberFormat('en-US', { maximumFractionDigits: 9 }).format(Math.abs(value))}`;
}

/** -1, 0 or 1 as it will be seen at two decimals: what is written as zero has no colour. */
export function toneOf(value: number | null, digits = 2): 'up' | 'down' | 'flat' {
  if (value === null || isZero(value, digits)) return 'flat';
  return value > 0 ? 'up' : 'down';
}

/** A span in its largest fitting units. span(5_400_000) = '1 h 30 min' */
export function span(ms: number | null): string {
  if (ms === null) return NOTHING;
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h${minutes % 60 === 0 ? '' : ` ${minutes % 60} min`}`;
  return `${Math.floor(hours / 24)} d${hours % 24 === 0 ? '' : ` ${hours % 24} h`}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const LONG_MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'] as const;
const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

/** `5 Jan` of `2026-01-05`. */
export function shortDay(day: string): string {
  return `${Number(day.slice(8, 10))} ${MONTHS[Number(day.slice(5, 7)) - 1] ?? ''}`;
}
/** `Monday, 5 January 2026` of `2026-01-05`. */
export function longDay(day: string, weekday: number): string {
  return `${WEEKDAYS[weekday] ?? ''}, ${Number(day.slice(8, 10))} ${LONG_MONTHS[Number(day.slice(5, 7)) - 1] ?? ''} ${day.slice(0, 4)}`;
}
/** `Jan` for 1. */
export function monthName(month: number): string {
  return MONTHS[month - 1] ?? '';
}
