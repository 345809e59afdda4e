/** Numbers, times and sizes as people read them. Exact decimals stay text: Intl formats them without a float between. */

/** How numbers are written: 1,234.56, 1.234,56 or 1 234,56. */
const LOCALES = { comma: 'en-US', point: 'de-DE', space: 'fr-FR' } as const;
let locale: string = LOCALES.comma;

const cache = new Map<string, Intl.NumberFormat>();
function formatter(min: number, max: number, isSigned: boolean): Intl.NumberFormat {
  const key = `${locale}:${min}:${max}:${isSigned}`;
  const known = cache.get(key) ?? new Intl.NumberFormat(locale, { minimumFractionDigits: min, maximumFractionDigits: max, signDisplay: isSigned ? 'exceptZero' : 'negative' });
  cache.set(key, known);
  return known;
}

/** What stands where a number is not known. */
export const NOTHING = '–';
/** A true minus sign, as wide as the plus. */
function typographic(text: string): string {
  return text.replace('-', '−');
}
function decimal(value: string | number, formatterOf: Intl.NumberFormat): string {
  return typographic(formatterOf.format(value as `${number}`));
}

/** Dollars with two decimals, thousands separated, without the currency (it stands in the header). money('1234.5') = '1,234.50' */
export function money(value: string | number | null, options: { signed?: boolean; decimals?: number } = {}): string {
  const digits = options.decimals ?? 2;
  return value === null ? NOTHING : decimal(value, formatter(digits, digits, options.signed ?? false));
}
/** A price: two decimals, four below a dollar. price('0.12345') = '0.1235' */
export function price(value: string | number | null): string {
  if (value === null) return NOTHING;
  const digits = Math.abs(Number(value)) < 1 ? 4 : 2;
  return decimal(value, formatter(digits, digits, false));
}
/** Shares: as many decimals as there are, at most nine. quantity('10.500') = '10.5' */
export function quantity(value: string | number | null): string {
  return value === null ? NOTHING : decimal(value, formatter(0, 9, false));
}
/** A fraction as percent with sign. percent(0.0123) = '+1.23 %' */
export function percent(fraction: number | null, options: { signed?: boolean; decimals?: number } = {}): string {
  if (fraction === null || !Number.isFinite(fraction)) return NOTHING;
  const digits = options.decimals ?? 2;
  return `${decimal(fraction * 100, formatter(digits, digits, options.signed ?? true))} %`;
}
/** A whole number. */
export function count(value: number | null): string {
  return value === null ? NOTHING : decimal(value, formatter(0, 0, false));
}

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 2 });
/** A large number in few letters. compact(1_234_567) = '1.23M' */
export function compact(value: number): string {
  return short.format(value);
}

/** A number with its noun: counted(1, 'difference') = '1 difference', counted(2, 'difference') = '2 differences'. */
export function counted(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** -1, 0 or 1 of decimal text: the sign that colours and arrows follow. signOf('-0.00') = 0 */
export function signOf(value: string | number | null): -1 | 0 | 1 {
  if (value === null) return 0;
  const text = String(value);
  if (!/[1-9]/.test(text)) return 0;
  return text.startsWith('-') ? -1 : 1;
}

/** An age or span in its largest fitting unit. age(900) = '0.9 s', age(65_000) = '65 s', age(7_200_000) = '2 h' */
export function age(ms: number | null): string {
  if (ms === null) return NOTHING;
  if (ms < 10_000) return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  if (ms < 172_800_000) return `${Math.round(ms / 3_600_000)} h`;
  return `${Math.round(ms / 86_400_000)} d`;
}
/** A countdown, h:mm:ss, with days in front. countdown(11_527_000) = '3:12:07' */
export function countdown(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number): string => String(value).padStart(2, '0');
  const days = Math.floor(total / 86_400);
  return `${days > 0 ? `${days} d ` : ''}${Math.floor((total % 86_400) / 3_600)}:${two(Math.floor((total % 3_600) / 60))}:${two(total % 60)}`;
}
/** Bytes in binary units. bytes(1_572_864) = '1.5 MB' */
export function bytes(value: number | null): string {
  if (value === null) return NOTHING;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let amount = value;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount >= 100 || unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${units[unit] ?? 'B'}`;
}
/** Milliseconds of a round trip. */
export function latency(ms: number | null): string {
  if (ms === null) return NOTHING;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}

const MARKET_ZONE = 'America/New_York';
/** Times of the market in a zone; `undefined` is this computer's. */
function clockIn(timeZone: string | undefined) {
  const zone = timeZone === undefined ? {} : { timeZone };
  return {
    time: new Intl.DateTimeFormat('en-GB', { ...zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    dayAndTime: new Intl.DateTimeFormat('en-GB', { ...zone, day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    weekdayAndTime: new Intl.DateTimeFormat('en-GB', { ...zone, weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  };
}
const CLOCKS = { market: clockIn(MARKET_ZONE), local: clockIn(undefined) };
let zone: keyof typeof CLOCKS = 'market';

/** Chooses how numbers and times are written from now on; what is drawn already must be drawn again. */
export function setFormats(chosen: { readonly numbers: keyof typeof LOCALES; readonly zone: keyof typeof CLOCKS }): void {
  locale = LOCALES[chosen.numbers];
  zone = chosen.zone;
}
/** Where the times of the market are told: `New York`, or `here`. */
export function zoneName(): string {
  return zone === 'market' ? 'New York' : 'here';
}
const precise = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3, hourCycle: 'h23' });
const localDayTime = new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' });
const isoDay = new Intl.DateTimeFormat('en-CA', { timeZone: MARKET_ZONE, year: 'numeric', month: '2-digit', day: '2-digit' });
const local = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const full = new Intl.DateTimeFormat('en-GB', { timeZone: MARKET_ZONE, dateStyle: 'medium', timeStyle: 'medium' });

/** Time of day in the chosen zone, New York unless told. */
export function marketTime(ms: number | null): string {
  return ms === null ? NOTHING : CLOCKS[zone].time.format(ms);
}
/** Day and minute in the chosen zone. */
export function marketDayTime(ms: number | null): string {
  return ms === null ? NOTHING : CLOCKS[zone].dayAndTime.format(ms);
}
/** Weekday, day and minute in the chosen zone. */
export function marketWeekday(ms: number | null): string {
  return ms === null ? NOTHING : CLOCKS[zone].weekdayAndTime.format(ms);
}
/** Time of day here, to the millisecond. */
export function clockTime(ms: number): string {
  return precise.format(ms);
}
/** Day and time here, to the second. */
export function localTime(ms: number): string {
  return localDayTime.format(ms);
}
/** Basis points with sign. points(0.00123) = '+12.3' */
export function points(fraction: number | null): string {
  return fraction === null || !Number.isFinite(fraction) ? NOTHING : decimal(fraction * 10_000, formatter(1, 1, true));
}
/** The day in New York, YYYY-MM-DD. */
export function marketDay(ms: number): string {
  return isoDay.format(ms);
}
/** Both zones in full, for a hover. */
export function bothZones(ms: number): string {
  return `${full.format(ms)} New York\n${local.format(ms)} here`;
}
