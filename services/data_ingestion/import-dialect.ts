/** How a file is written: found out from its beginning and what a person said, in words that can be stored and shown. */
import path from 'node:path';
import * as z from 'zod';
import { COLUMN_ROLES, IMPORT_PRESETS, type ImportPreset, type ImportWish } from '#app/contracts/bulk.ts';
import { AppError } from '#app/domain/errors.ts';
import { symbolSchema } from '#app/domain/ids.ts';
import { daysFromCivil, parseDate, timeframeSchema, DAY_MS, type Timeframe } from '#app/domain/time.ts';
import { plainName, ROLE, rolesOf, type CsvLayout, type RoleName, type StampKind } from '../research/csv-layout.ts';
import { isZoneName } from '../research/csv-time.ts';

const STAMPS = ['dashed', 'compact', 'seconds', 'millis', 'micros', 'nanos', 'dmy', 'mdy', 'excel', 'dayMillis'] as const satisfies readonly StampKind[];

/** A file's form, as it is kept with the import: a crash later it is read the same way. `timeframe` null: not found yet. `baseDay`: ms since 1970 of the day that a name tells. */
export const dialectSchema = z.object({
  preset: z.enum(IMPORT_PRESETS), separator: z.string().length(1), decimal: z.enum(['.', ',']), roles: z.array(z.enum(COLUMN_ROLES).nullable()), names: z.array(z.string()), headerLines: z.number().int(), dataAt: z.number().int(),
  stamp: z.enum(STAMPS), timeZone: z.string(), timeframe: timeframeSchema.nullable(), priceScale: z.number(), baseDay: z.number().nullable(), symbol: symbolSchema.nullable(),
});
/** A file's form. */
export type Dialect = z.infer<typeof dialectSchema>;

/** What the beginning of a file says. `notes` are worth a look; `problem`: why it cannot be imported as it is. */
export type Found = { readonly kind: 'bars' | 'factors' | 'map' | 'other'; readonly dialect: Dialect | null; readonly notes: readonly string[]; readonly problem: string | null };

const SEPARATORS = [',', ';', '\t', '|'] as const;
const LOOKED_LINES = 400;
const MAX_FIELDS = 64;
const FACTOR_LINE = /^\d{8},\d+(\.\d+)?([eE][+-]?\d+)?,\d+(\.\d+)?([eE][+-]?\d+)?(,[\d.]*)?$/;
const MAP_LINE = /^\d{8},[a-z][a-z0-9.]*(,[A-Z]{0,2})?$/;
const OTHER_HEADER = /\b(bidopen|bid_price|bidprice|askopen|ask_price|askprice)\b/i;
const LEAN_LINE = /^\d{8} \d{2}:\d{2},\d+,\d+,\d+,\d+,\d+$/;
const LEAN_MINUTE_LINE = /^\d{1,8},\d+,\d+,\d+,\d+,\d+$/;
const LEAN_SCALE = 10_000;
const SHORT_DAY = /^(\d{1,2})([./-])(\d{1,2})[./-]\d{4}/;
const NUMBER = /^-?\d+([.,]\d+)?$/;
/** Stooq's own clock, on which its bars of minutes and hours are told. */
const STOOQ_ZONE = 'Europe/Warsaw';
const STOOQ_PERIODS: Readonly<Record<string, Timeframe>> = { D: '1Day', '60': '1Hour', '15': '15Min', '5': '5Min', '1': '1Min' };
const UNNAMED: Readonly<Record<number, readonly RoleName[]>> = { 6: ['time', 'open', 'high', 'low', 'close', 'volume'], 5: ['time', 'open', 'high', 'low', 'close'] };

/** What stands beside the ticker in the name of a file of bars. Any other word may be what the first one belongs to. */
const BESIDE_A_TICKER = /^(\d+|\d*(m|min|mins|minutes?|h|hours?|hourly|d|days?|daily)|trades?|bars?|ohlcv?|history|historical|data|raw|us)$/i;

class Unreadable extends Error {}
const refuse = (why: string): never => {
  throw new Unreadable(why);
};

/** The ticker that a field or the name of a file tells, null when it tells none. `aapl.us` = AAPL, `BRK-B` = BRK.B */
export function tickerOf(text: string): string | null {
  const plain = text.trim().toUpperCase().replace(/\.US$/, '').replace(/^([A-Z]{1,5})-([A-Z])$/, '$1.$2');
  return symbolSchema.safeParse(plain).success ? plain : null;
}

/** The ticker in a file's name: `spy.trade.csv.gz`, `20140605_aapl_minute_trade.csv`, `AAPL_1Min.csv`, `aapl.us.txt`. */
export function tickerOfFile(file: string): string | null {
  const name = path.basename(file).replace(/\.gz$/i, '').replace(/\.(csv|txt)$/i, '').replace(/\.trades?$/i, '').replace(/^\d{8}_/, '');
  const [first = '', ...rest] = name.split(/[_ ]+/);
  return tickerOf(name) ?? (rest.every((word) => BESIDE_A_TICKER.test(word)) ? tickerOf(first) : null);
}

function separatorOf(lines: readonly string[], wish: ImportWish): string {
  if (wish.mapping?.separator !== undefined) return wish.mapping.separator;
  const [first = '', second = ''] = lines;
  const counts = SEPARATORS.map((sign) => ({ sign, count: Math.min(first.split(sign).length, second === '' ? Infinity : second.split(sign).length) }));
  // A semicolon beside commas parts fields: the commas are decimals then.
  const best = counts.filter(({ count }) => count >= 4).sort((a, b) => Number(b.sign !== ',') - Number(a.sign !== ',') || b.count - a.count)[0];
  return best?.sign ?? refuse(`its first line is "${first.slice(0, 60)}", without at least five fields parted by a comma, a semicolon, a tab or a bar`);
}

const fieldsOf = (line: string, separator: string): string[] => line.split(separator).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));

function hasHeader(lines: readonly string[], separator: string, wish: ImportWish): boolean {
  if (wish.mapping?.hasHeader !== undefined) return wish.mapping.hasHeader;
  return !fieldsOf(lines[0] ?? '', separator).some((field) => NUMBER.test(field) || /^\d{4}[-/.]?\d{2}[-/.]?\d{2}/.test(field));
}

function presetOf(lines: readonly string[], names: readonly string[], isNamed: boolean, wish: ImportWish): ImportPreset {
  if (wish.preset !== undefined) return wish.preset;
  if (wish.mapping !== undefined && Object.keys(wish.mapping.columns).length > 0) return 'custom';
  if (!isNamed) return LEAN_LINE.test(lines[0] ?? '') || LEAN_MINUTE_LINE.test(lines[0] ?? '') ? 'lean' : 'generic';
  if (names.includes('adj close')) return 'yahoo';
  if (names.includes('per') && names.includes('openint')) return 'stooq';
  return (names.includes('vw') && names.includes('n')) || (names.includes('vwap') && names.includes('trade_count')) ? 'alpaca' : 'generic';
}

/** The roles of the columns: as a person said, else as the header names them, else as files without a header are. */
function rolesFor(names: readonly string[], isNamed: boolean, first: readonly string[], wish: ImportWish): RoleName[] {
  const mapped = Object.entries(wish.mapping?.columns ?? {});
  const width = isNamed ? names.length : first.length;
  if (width > MAX_FIELDS) refuse(`it has ${width} columns`);
  let roles: RoleName[];
  if (isNamed) roles = rolesOf(names);
  else if (first.length === 7 && tickerOf(first[0] ?? '') !== null) roles = ['symbol', 'time', 'open', 'high', 'low', 'close', 'volume'];
  else roles = [...(UNNAMED[width] ?? (mapped.length > 0 ? first.map(() => 'ignored' as const) : refuse(`it has no header line and ${width} columns. Say what they are (a mapping with their numbers)`)))];
  for (const [role, ref] of mapped) {
    const at = typeof ref === 'number' ? ref - 1 : names.indexOf(plainName(ref));
    if (at < 0 || at >= width) refuse(`it has no column ${typeof ref === 'number' ? ref : `"${ref}"`} for ${role}${isNamed ? `; its header names ${names.join(', ')}` : ''}`);
    roles = roles.map((known, n) => (n === at ? (role as RoleName) : known === role ? 'ignored' : known));
  }
  const missing = (['time', 'open', 'high', 'low', 'close'] as const).filter((role) => !roles.includes(role));
  if (missing.length > 0) refuse(`${isNamed ? `its header "${names.join(', ').slice(0, 80)}"` : 'it'} has no ${missing.join(', ')}. Give a mapping that names ${missing.length === 1 ? 'its column' : 'their columns'}`);
  return roles;
}

/** How times are written, from those of the first lines. Days and months that cannot be told apart are asked for. */
function stampOf(times: readonly string[], wish: ImportWish, isLeanMinute: boolean): StampKind {
  const asked = wish.mapping?.dateFormat;
  if (asked !== undefined) return asked === 'ymd' ? 'dashed' : asked;
  const first = times[0] ?? '';
  if (isLeanMinute) return 'dayMillis';
  if (/^\d{4}[-/.]\d{2}[-/.]\d{2}/.test(first)) return 'dashed';
  if (/^\d{8}(\D|$)/.test(first)) return 'compact';
  if (/^\d{5}([.,]\d+)?$/.test(first)) return 'excel';
  const digits = /^(\d{9,19})(\.\d+)?$/.exec(first)?.[1]?.length ?? 0;
  if (digits > 0) return digits <= 10 ? 'seconds' : digits <= 13 ? 'millis' : digits <= 16 ? 'micros' : 'nanos';
  if (!SHORT_DAY.test(first)) return refuse(`it writes time as "${first.slice(0, 40)}". Forms that are read: 2020-01-31 09:30:00, 20200131 09:30, 31.01.2020, 1/31/2020 9:30 AM, days of a workbook, seconds to nanoseconds since 1970`);
  const pairs = times.map((time) => SHORT_DAY.exec(time)).map((match) => ({ first: Number(match?.[1]), second: Number(match?.[3]) }));
  const [isDayFirst, isMonthFirst] = [pairs.some((pair) => pair.first > 12), pairs.some((pair) => pair.second > 12)];
  if (isDayFirst !== isMonthFirst) return isDayFirst ? 'dmy' : 'mdy';
  return SHORT_DAY.exec(first)?.[2] === '.' ? 'dmy' : refuse(`it writes days as "${first.slice(0, 20)}", and it cannot be told which number is the month. Say so (date format dmy or mdy)`);
}

function decimalOf(rows: readonly (readonly string[])[], roles: readonly RoleName[], separator: string, wish: ImportWish): '.' | ',' {
  const asked = wish.mapping?.decimal;
  if (asked !== undefined) return asked === separator ? refuse('its decimals and its fields cannot both be told by a comma') : asked;
  const at = roles.indexOf('close');
  return separator !== ',' && rows.some((row) => /^\d+,\d+$/.test(row[at] ?? '')) && !rows.some((row) => (row[at] ?? '').includes('.')) ? ',' : '.';
}

/** The period that Stooq writes in every row. */
function stooqFrame(names: readonly string[], first: readonly string[]): Timeframe | null {
  return STOOQ_PERIODS[first[names.indexOf('per')]?.toUpperCase() ?? ''] ?? null;
}

function zoneOf(preset: ImportPreset, timeframe: Timeframe | null, wish: ImportWish): string {
  const zone = wish.timeZone ?? (preset === 'stooq' && timeframe !== '1Day' ? STOOQ_ZONE : 'exchange');
  if (zone !== 'exchange' && zone.toLowerCase() !== 'utc' && !isZoneName(zone)) refuse(`"${zone}" is no time zone. Write exchange, utc, or a name such as Europe/Berlin`);
  return zone.toLowerCase() === 'utc' ? 'utc' : zone;
}

function notesOf({ preset, roles, names, headerLines, timeZone, decimal }: Dialect): string[] {
  const unused = names.filter((_, n) => roles[n] === null);
  return [
    ...(preset === 'yahoo' ? ['Yahoo frees its prices of splits: they do not go together with raw ones. The adjusted close is not used.'] : []),
    ...(preset === 'stooq' ? [`Stooq frees its prices of splits and dividends: they do not go together with raw ones.${timeZone === STOOQ_ZONE ? ' Its times are read from Warsaw\'s clock.' : ''}`] : []),
    ...(headerLines === 0 ? ['It has no header line; its columns are taken in the usual order.'] : []),
    ...(roles.includes('volume') ? [] : ['It has no volume: every bar counts as one without a single share.']),
    ...(decimal === ',' ? ['Its decimals stand behind commas.'] : []),
    ...(unused.length === 0 ? [] : [`Columns that are not used: ${unused.join(', ')}`]),
  ];
}

type Opening = { readonly lines: readonly string[]; readonly at: number; readonly skipped: number };

/** The first lines, and where they begin behind a byte order mark and blank lines. */
function openingOf(bytes: Uint8Array): Opening {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) refuse('it is written in UTF-16. Save it as UTF-8');
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) refuse('it is a workbook or an archive under another name. Save it as CSV');
  const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset + mark, Math.min(bytes.length - mark, 262_144)).toString('latin1');
  if (text.includes('\u0000')) refuse('it is no text');
  if (!text.includes('\n') || /\r[^\n]/.test(text.slice(0, 4_096))) refuse('its lines end with a carriage return alone. Save it with line feeds');
  const blank = /^(\s*\n)*/.exec(text)?.[0] ?? '';
  const lines = text.slice(blank.length).split('\n').slice(0, LOOKED_LINES).map((line) => line.replace(/\r$/, ''));
  return { lines: lines.filter((line) => line.trim() !== ''), at: mark + blank.length, skipped: blank.split('\n').length - 1 };
}

function dialectOf({ lines, at, skipped }: Opening, bytes: Uint8Array, file: string, wish: ImportWish): Dialect {
  const separator = separatorOf(lines, wish);
  const isNamed = hasHeader(lines, separator, wish);
  const names = isNamed ? fieldsOf(lines[0] ?? '', separator).map(plainName) : [];
  const preset = presetOf(lines, names, isNamed, wish);
  const rows = lines.slice(isNamed ? 1 : 0).map((line) => fieldsOf(line, separator));
  const first = rows[0] ?? refuse('it has no rows');
  const roles = rolesFor(names, isNamed, first, wish);
  const fileDay = /^(\d{4})(\d{2})(\d{2})_/.exec(path.basename(file));
  const isLeanMinute = preset === 'lean' && !isNamed && LEAN_MINUTE_LINE.test(lines[0] ?? '');
  if (isLeanMinute && fileDay === null) refuse('it tells the time of day alone. LEAN writes the day into the file\'s name, such as 20140605_aapl_minute_trade.csv');
  const stamp = stampOf(rows.map((row) => row[roles.indexOf('time')] ?? ''), wish, isLeanMinute);
  const timeframe = wish.timeframe ?? (preset === 'stooq' ? stooqFrame(names, first) : null);
  const headerEnd = isNamed ? bytes.indexOf(0x0a, at) + 1 : at;
  return {
    preset, separator, decimal: decimalOf(rows, roles, separator, wish), roles: roles.map((role) => (role === 'ignored' ? null : role)), names: isNamed ? names.map((name) => name || '(unnamed)') : first.map((_, n) => `column ${n + 1}`),
    headerLines: skipped + (isNamed ? 1 : 0), dataAt: headerEnd, stamp, timeZone: zoneOf(preset, timeframe, wish), timeframe, priceScale: wish.mapping?.priceScale ?? (preset === 'lean' && !isNamed ? LEAN_SCALE : 1),
    baseDay: stamp === 'dayMillis' && fileDay ? daysFromCivil(parseDate(fileDay.slice(1).join('-'))) * DAY_MS : null, symbol: roles.includes('symbol') ? null : (wish.symbol ?? tickerOfFile(file) ?? refuse(`the name "${path.basename(file).slice(0, 60)}" tells no ticker. Name the file after one, such as aapl.csv, or say which symbol it is`)),
  };
}

/** Finds out how a file is written. `bytes`: its first lines, unpacked; `file`: its name (that of the entry in an archive). Never throws for what a file may hold. */
export function findDialect(bytes: Uint8Array, file: string, wish: ImportWish): Found {
  try {
    const opening = openingOf(bytes);
    const [first = ''] = opening.lines;
    const head = opening.lines.slice(0, 3);
    if (wish.mapping === undefined && head.every((line) => FACTOR_LINE.test(line))) return { kind: 'factors', dialect: null, notes: ['Factors of splits and dividends, as LEAN keeps them: they become corporate actions.'], problem: null };
    if (wish.mapping === undefined && head.every((line) => MAP_LINE.test(line))) return { kind: 'map', dialect: null, notes: ['The names that a company has had, as LEAN keeps them: they become corporate actions.'], problem: null };
    if (OTHER_HEADER.test(first) || /^time,price,size/i.test(first)) return { kind: 'other', dialect: null, notes: ['Quotes or single trades, no bars: left out.'], problem: null };
    const dialect = dialectOf(opening, bytes, file, wish);
    return { kind: 'bars', dialect, notes: notesOf(dialect), problem: null };
  } catch (error) {
    if (error instanceof Unreadable || (error instanceof AppError && error.family === 'invalid')) return { kind: 'bars', dialect: null, notes: [], problem: error.message };
    throw error;
  }
}

/** The layout that the reader of rows wants. `isBeginning`: the window holds the header. */
export function layoutFor(dialect: Dialect, isBeginning: boolean): CsvLayout {
  const roles = dialect.roles.map((role) => role ?? 'ignored');
  return {
    separator: dialect.separator.charCodeAt(0), roles: Uint8Array.from(roles, (role) => ROLE[role]), stamp: dialect.stamp, dataAt: isBeginning ? dialect.dataAt : 0, hasVolume: roles.includes('volume'), hasSymbol: roles.includes('symbol'), ignored: [],
    decimal: dialect.decimal.charCodeAt(0), priceScale: dialect.priceScale, ...(dialect.baseDay === null ? {} : { baseDay: dialect.baseDay }),
  };
}
