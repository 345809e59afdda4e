/** Reads fields of a CSV file byte by byte: numbers exactly, times as a wall clock shows them. No strings, nothing allocated for a row. */
import { daysFromCivil, civilFromDays, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '#app/domain/time.ts';
import { ZONE_FIRST_YEAR } from '#app/market/nyse-zone.ts';
import type { CsvLayout, StampKind } from './csv-layout.ts';

const [NEWLINE, RETURN, SPACE, QUOTE, PLUS, MINUS, POINT, ZERO, COLON, LETTER_A, LETTER_M, LETTER_P, LETTER_T, LETTER_Z] = [0x0a, 0x0d, 0x20, 0x22, 0x2b, 0x2d, 0x2e, 0x30, 0x3a, 0x41, 0x4d, 0x50, 0x54, 0x5a];
/** A letter without its case. */
const UPPER = 0xdf;
/** Days from 1899-12-30, where workbooks begin to count, to 1970; and the days between which their numbers are times of a market. */
const EXCEL_TO_1970 = 25_569;
const [EXCEL_FIRST, EXCEL_LAST] = [24_000, 110_000];
/** What a number of time since 1970 is multiplied by to be milliseconds. */
const TO_MS: Readonly<Partial<Record<StampKind, number>>> = { seconds: SECOND_MS, millis: 1, micros: 1e-3, nanos: 1e-6 };
/** A number of at most 15 digits is exact in float64, and its quotient by a power of ten up to 10^22 is rounded once, as the standard demands (W. Clinger, 1990). */
const EXACT_DIGITS = 15;
const POWERS = Float64Array.from({ length: EXACT_DIGITS + 1 }, (_, n) => 10 ** n);
const LAST_YEAR = 2199;
/** What people write where a number is missing. */
const MISSING = /^(nan|na|n\/a|null|none|-)?$/i;

/** Newlines that must stand behind the last byte, so that no field has to ask where the file ends. */
export const PADDING_BYTES = 48;

/** What a scanner must know of a file's form. */
export type ScanForm = Pick<CsvLayout, 'separator' | 'decimal' | 'baseDay'>;

/** A place in the bytes of a file, and what was read last. `bytes` end with PADDING_BYTES newlines. */
export class Scanner {
  readonly bytes: Uint8Array;
  pos: number;
  /** Of the last stamp: minutes east of Greenwich, NaN when it told none. */
  offsetMinutes = NaN;
  private readonly separator: number;
  private readonly decimal: number;
  private readonly baseDay: number;
  private lastDay = -1;
  private lastDayMs = NaN;

  constructor(bytes: Uint8Array, form: ScanForm, at: number) {
    this.bytes = bytes;
    this.separator = form.separator;
    this.decimal = form.decimal ?? POINT;
    this.baseDay = form.baseDay ?? 0;
    this.pos = at;
  }

  /** Steps over a quote. */
  quote(): void {
    if (this.bytes[this.pos] === QUOTE) this.pos += 1;
  }

  /** A decimal number. NaN when the field is empty or says that it has none; then and when it is something else, what follows is not stepped over. */
  number(): number {
    const { bytes } = this;
    const start = this.pos;
    let i = start;
    const isNegative = bytes[i] === MINUS;
    if (isNegative) i += 1;
    const first = i;
    let mantissa = 0;
    let digit = (bytes[i] as number) - ZERO;
    while (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      i += 1;
      digit = (bytes[i] as number) - ZERO;
    }
    let digits = i - first;
    let decimals = 0;
    if (bytes[i] === this.decimal) {
      i += 1;
      const point = i;
      digit = (bytes[i] as number) - ZERO;
      while (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
        i += 1;
        digit = (bytes[i] as number) - ZERO;
      }
      decimals = i - point;
      digits += decimals;
    }
    const next = bytes[i] as number;
    if (digits === 0 || digits > EXACT_DIGITS || (next | 0x20) === 0x65) return this.unusual(start);
    this.pos = i;
    const value = decimals === 0 ? mantissa : mantissa / (POWERS[decimals] as number);
    return isNegative ? -value : value;
  }

  /** Numbers with an exponent or many digits, and fields without a number. */
  private unusual(start: number): number {
    this.pos = start;
    const text = this.text();
    if (MISSING.test(text)) return NaN;
    const plain = this.decimal === POINT ? text : text.replace(',', '.');
    if (/^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain)) return Number(plain);
    this.pos = start;
    return NaN;
  }

  /** The rest of the field, as it stands. */
  text(): string {
    const start = this.pos;
    this.skip();
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, this.pos - start).toString('latin1').trim();
  }

  /** Steps over the field when it says what the one at `from` said, up to what ends it. */
  isSame(from: number): boolean {
    const { bytes, separator } = this;
    let i = this.pos;
    let before = from;
    let byte = bytes[i] as number;
    while (byte === bytes[before]) {
      if (byte === separator || byte === NEWLINE || byte === RETURN || byte === QUOTE) {
        this.pos = i;
        return true;
      }
      i += 1;
      before += 1;
      byte = bytes[i] as number;
    }
    return false;
  }

  /** Steps to the end of the field: a separator, a closing quote or the end of the line. */
  skip(): void {
    const { bytes, separator } = this;
    let i = this.pos;
    let byte = bytes[i] as number;
    while (byte !== separator && byte !== NEWLINE && byte !== RETURN && byte !== QUOTE) {
      i += 1;
      byte = bytes[i] as number;
    }
    this.pos = i;
  }

  /** Steps over the separator behind a field. False when something else stands there. */
  step(): boolean {
    if (this.bytes[this.pos] === QUOTE) this.pos += 1;
    if (this.bytes[this.pos] !== this.separator) return false;
    this.pos += 1;
    return true;
  }

  /** Whether the line ends here; steps to its newline. */
  atEnd(): boolean {
    if (this.bytes[this.pos] === QUOTE) this.pos += 1;
    if (this.bytes[this.pos] === RETURN) this.pos += 1;
    return this.bytes[this.pos] === NEWLINE;
  }

  /** Steps over the rest of the line and its newline. */
  nextLine(): void {
    const { bytes } = this;
    let i = this.pos;
    while (bytes[i] !== NEWLINE) i += 1;
    this.pos = i + 1;
  }

  /** `count` digits, -1 when there are fewer. */
  private digits(count: number): number {
    const { bytes } = this;
    let value = 0;
    for (let n = 0; n < count; n += 1) {
      const digit = (bytes[this.pos + n] as number) - ZERO;
      if (digit < 0 || digit > 9) return -1;
      value = value * 10 + digit;
    }
    this.pos += count;
    return value;
  }

  /** A moment as its own clock shows it, in ms as if that clock were Greenwich's; `offsetMinutes` says how far it is from there, NaN when it does not say. NaN when it is no moment. */
  stamp(kind: StampKind): number {
    this.offsetMinutes = NaN;
    if (kind !== 'dashed' && kind !== 'compact') return this.unusualStamp(kind);
    const day = this.day(kind === 'dashed');
    if (!(day >= 0 || day < 0)) return NaN;
    const sign = this.bytes[this.pos];
    if (sign !== SPACE && sign !== LETTER_T) return day;
    this.pos += 1;
    return day + this.clock();
  }

  private unusualStamp(kind: Exclude<StampKind, 'dashed' | 'compact'>): number {
    const factor = TO_MS[kind];
    if (factor !== undefined) {
      const value = Math.round(this.number() * factor);
      this.offsetMinutes = 0;
      return value;
    }
    if (kind === 'dayMillis') {
      const value = this.number();
      return value >= 0 && value < DAY_MS ? this.baseDay + value : NaN;
    }
    if (kind === 'excel') {
      const value = this.number();
      // A day has 86,400 seconds, which a float64 of days tells apart.
      return value >= EXCEL_FIRST && value < EXCEL_LAST ? Math.round((value - EXCEL_TO_1970) * (DAY_MS / SECOND_MS)) * SECOND_MS : NaN;
    }
    const day = this.shortDay(kind === 'dmy');
    if (Number.isNaN(day)) return NaN;
    const sign = this.bytes[this.pos];
    if (sign !== SPACE && sign !== LETTER_T) return day;
    this.pos += 1;
    return day + this.looseClock();
  }

  /** One or two digits, -1 when there is none. */
  private upToTwo(): number {
    const second = (this.bytes[this.pos + 1] as number) - ZERO;
    return this.digits(second >= 0 && second <= 9 ? 2 : 1);
  }

  /** `31.01.2020`, `1/31/2020`: what parts the numbers does not matter. */
  private shortDay(isDayFirst: boolean): number {
    const first = this.upToTwo();
    this.pos += 1;
    const second = this.upToTwo();
    this.pos += 1;
    const year = this.digits(4);
    const [day, month] = isDayFirst ? [first, second] : [second, first];
    return this.dayOf(year, month, day);
  }

  /** `9:30`, `09:30:00`, `9:30 PM`. NaN when it is none. */
  private looseClock(): number {
    const { bytes } = this;
    let hour = this.upToTwo();
    if (bytes[this.pos] !== COLON) return NaN;
    this.pos += 1;
    const minute = this.digits(2);
    let second = 0;
    if (bytes[this.pos] === COLON) {
      this.pos += 1;
      second = this.digits(2);
    }
    if (bytes[this.pos] === SPACE) this.pos += 1;
    const half = (bytes[this.pos] as number) & UPPER;
    if ((half === LETTER_A || half === LETTER_P) && ((bytes[this.pos + 1] as number) & UPPER) === LETTER_M) {
      this.pos += 2;
      if (hour < 1 || hour > 12) return NaN;
      hour = (hour % 12) + (half === LETTER_P ? 12 : 0);
    }
    return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59 && second >= 0 && second <= 59 ? hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS : NaN;
  }

  private day(isDashed: boolean): number {
    const year = this.digits(4);
    if (isDashed) this.pos += 1;
    const month = this.digits(2);
    if (isDashed) this.pos += 1;
    return this.dayOf(year, month, this.digits(2));
  }

  private dayOf(year: number, month: number, day: number): number {
    const packed = (year * 100 + month) * 100 + day;
    if (packed === this.lastDay) return this.lastDayMs;
    if (year < ZONE_FIRST_YEAR || year > LAST_YEAR || month < 1 || month > 12 || day < 1) return NaN;
    const days = daysFromCivil({ year, month, day });
    if (civilFromDays(days).day !== day) return NaN;
    this.lastDay = packed;
    this.lastDayMs = days * DAY_MS;
    return this.lastDayMs;
  }

  /** Milliseconds of the day: `09:30`, `09:30:00.250`, `093000`, with an offset behind it or without. NaN when it is none. */
  clock(): number {
    const hour = this.digits(2);
    const hasColons = this.bytes[this.pos] === COLON;
    if (hasColons) this.pos += 1;
    const minute = this.digits(2);
    let second = 0;
    if (hasColons ? this.bytes[this.pos] === COLON : (this.bytes[this.pos] as number) - ZERO >= 0 && (this.bytes[this.pos] as number) - ZERO <= 9) {
      if (hasColons) this.pos += 1;
      second = this.digits(2);
    }
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return NaN;
    let ms = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
    const next = this.bytes[this.pos];
    if (next === POINT) ms += this.fraction();
    return this.zone() ? ms : NaN;
  }

  /** Parts of a second in ms, cut. */
  private fraction(): number {
    this.pos += 1;
    const start = this.pos;
    const value = this.number();
    const digits = this.pos - start;
    return Number.isNaN(value) || digits > EXACT_DIGITS ? NaN : Math.floor((value * SECOND_MS) / (POWERS[digits] as number));
  }

  /** An offset, when there is one. False when it cannot be read. */
  private zone(): boolean {
    const sign = this.bytes[this.pos];
    if (sign === LETTER_Z) {
      this.pos += 1;
      this.offsetMinutes = 0;
    } else if (sign === PLUS || sign === MINUS) {
      this.pos += 1;
      const hours = this.digits(2);
      if (this.bytes[this.pos] === COLON) this.pos += 1;
      const minutes = this.digits(2);
      if (hours < 0 || minutes < 0) return false;
      this.offsetMinutes = (sign === MINUS ? -1 : 1) * (hours * 60 + minutes);
    }
    return true;
  }
}
