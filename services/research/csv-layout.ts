/** What the columns of a CSV file are: its separator, its header's names, how it writes time. */
import { AppError } from '#app/domain/errors.ts';

/** What a field of a row is taken for. Numbers 0..4 are open, high, low, close, volume. */
export const ROLE = { open: 0, high: 1, low: 2, close: 3, volume: 4, time: 5, clock: 6, symbol: 7, ignored: 8 } as const;
/** The name of a role. */
export type RoleName = keyof typeof ROLE;

/**
 * How time is written: `2020-01-31[ 09:30[:00]]`, `20200131[ 09:30]`, since 1970 in seconds to nanoseconds, day or month first (`31.01.2020`, `1/31/2020 9:30 AM`),
 * as workbooks count days (since 1899-12-30), or in milliseconds of a day that the file's name tells.
 */
export type StampKind = 'dashed' | 'compact' | 'seconds' | 'millis' | 'micros' | 'nanos' | 'dmy' | 'mdy' | 'excel' | 'dayMillis';

/**
 * The form of a file. `roles`: one per field. `dataAt`: first byte after the header line. `decimal`: code of the sign before decimals, a point unless told;
 * `priceScale`: what prices are divided by, 1 unless told; `baseDay`: day of `dayMillis`, ms since 1970.
 */
export type CsvLayout = {
  readonly separator: number; readonly roles: Uint8Array; readonly stamp: StampKind; readonly dataAt: number; readonly hasVolume: boolean; readonly hasSymbol: boolean; readonly ignored: readonly string[];
  readonly decimal?: number; readonly priceScale?: number; readonly baseDay?: number;
};

const NAMES: Readonly<Record<string, RoleName>> = {
  time: 'time', date: 'time', timestamp: 'time', datetime: 'time', 'date time': 'time', t: 'time', '': 'time',
  clock: 'clock', open: 'open', o: 'open', high: 'high', h: 'high', low: 'low', l: 'low', close: 'close', c: 'close', volume: 'volume', vol: 'volume', v: 'volume',
  symbol: 'symbol', ticker: 'symbol', name: 'symbol',
};
const SEPARATORS = [',', ';', '\t'] as const;
const MAX_HEADER_BYTES = 4_096;
const MAX_FIELDS = 64;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf] as const;

function invalid(why: string): never {
  // What is quoted goes to a terminal, which takes controls for commands.
  throw new AppError('INPUT_INVALID', `This is no CSV file of bars: ${why.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ')}`);
}

/** A name of the header as NAMES has it: quotes, angle brackets and case do not matter. */
export function plainName(field: string): string {
  return field.trim().replace(/^"(.*)"$/, '$1').replace(/^<(.*)>$/, '$1').trim().toLowerCase();
}

/** What each field is. A file with both `date` and `time` has the day in one and the clock in the other. @throws AppError INPUT_INVALID for a role that two names claim */
export function rolesOf(names: readonly string[]): RoleName[] {
  const hasDay = names.includes('date') && names.includes('time');
  const roles: RoleName[] = [];
  for (const [at, name] of names.entries()) {
    const role = hasDay && name === 'time' ? 'clock' : name === '' && at > 0 ? 'ignored' : (NAMES[name] ?? 'ignored');
    // An unnamed first column is the time of a data frame, unless another one is named so.
    const isTaken = role !== 'ignored' && (roles.includes(role) || (name === '' && names.some((other) => other !== '' && NAMES[other] === 'time')));
    if (isTaken && name !== '') invalid(`its header names ${role} twice`);
    roles.push(isTaken ? 'ignored' : role);
  }
  return roles;
}

/** How the first row writes time. */
function stampOf(field: string): StampKind {
  const text = field.trim().replace(/^"(.*)"$/, '$1');
  if (/^\d{4}[-/]\d{2}[-/]\d{2}/.test(text)) return 'dashed';
  if (/^\d{8}(\D|$)/.test(text)) return 'compact';
  if (/^\d{9,10}(\.\d+)?$/.test(text)) return 'seconds';
  if (/^\d{12,13}$/.test(text)) return 'millis';
  return invalid(`it writes time as "${text.slice(0, 40)}". Write 2020-01-31 09:30:00, 20200131 09:30, or seconds or milliseconds since 1970`);
}

/** Reads the header and the first row. @throws AppError INPUT_INVALID, saying what is missing */
export function readLayout(bytes: Uint8Array): CsvLayout {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) invalid('it is written in UTF-16. Save it as UTF-8');
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) invalid('it is a zip archive or a workbook. Unpack it, or save it as CSV');
  const start = BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte) ? BYTE_ORDER_MARK.length : 0;
  const opening = Buffer.from(bytes.buffer, bytes.byteOffset + start, Math.min(bytes.length - start, MAX_HEADER_BYTES)).toString('latin1');
  const end = opening.indexOf('\n');
  const header = opening.slice(0, end).replace(/\r$/, '');
  if (header.includes('\r')) invalid('its lines end with a carriage return alone. Save it with line feeds');
  if (end === -1 || header.trim() === '') invalid('it has no header line');
  const separator = SEPARATORS.find((sign) => header.includes(sign)) ?? invalid(`its header is "${header.slice(0, 60)}", without a comma, a semicolon or a tab`);
  const names = header.split(separator).map(plainName);
  if (names.length > MAX_FIELDS) invalid(`it has ${names.length} columns`);
  const roles = rolesOf(names);
  const missing = (['time', 'open', 'high', 'low', 'close'] as const).filter((role) => !roles.includes(role));
  if (missing.length > 0) invalid(`its header "${header.slice(0, 80)}" has no ${missing.join(', ')}. It needs time (or date), open, high, low, close and volume, by these names, in any order`);
  const first = (opening.slice(end + 1).split('\n').find((line) => line.trim() !== '') ?? invalid('it has no rows')).replace(/\r$/, '');
  return {
    separator: separator.charCodeAt(0), roles: Uint8Array.from(roles, (role) => ROLE[role]), stamp: stampOf(first.split(separator)[roles.indexOf('time')] ?? ''), dataAt: start + end + 1,
    hasVolume: roles.includes('volume'), hasSymbol: roles.includes('symbol'), ignored: names.filter((_, at) => roles[at] === 'ignored').map((name) => name || '(unnamed)'),
  };
}
