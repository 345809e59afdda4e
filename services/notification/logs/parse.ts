/** One line of output as a row: JSON of ours, PostgreSQL's and Redis's plain lines, or any other text. */
import { LogLevelSchema } from '#app/contracts/config.ts';
import type { LogLevel } from '#app/contracts/config.ts';

/** A line that was read. `at` is null when it tells no time; `durationMs` when it tells how long something took. */
export type ParsedLine = {
  readonly at: number | null; readonly level: LogLevel; readonly message: string; readonly fields: Readonly<Record<string, unknown>>;
  readonly ids: readonly string[]; readonly durationMs: number | null; /** About an order, a signal or a decision. */ readonly isTrading: boolean;
};

const MAX_MESSAGE = 4_000;
const MAX_FIELD = 2_000;
const MAX_FIELDS = 60;
const MAX_ITEMS = 50;
const MAX_DEPTH = 4;
const MAX_IDS = 24;
const MAX_ID = 300;
const HIDDEN = '[redacted]';

/** Fields whose values must not be here; the writers redact them already, this is the second lock. */
const SECRET_NAME = /password|passphrase|secret|token|authorization|cookie|api[-_]?key|^keyId$/i;
const SECRET_TEXT = [/(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]*:)[^\s@/]+(?=@)/gi, /(\bbearer\s+)[\w.~+/=-]{8,}/gi] as const;
const ID_NAME = /(^id|Ids?)$/;
const TRADING_NAME = /^(orderId|clientOrderId|brokerOrderId|decisionId|signalId|fillId)s?$/;
/** Our client order ids are known by their beginning, wherever they stand in a text. */
const CLIENT_ORDER_ID = /\bms-[A-Za-z0-9_][A-Za-z0-9._:-]{5,126}/g;
const DURATION_NAMES = ['tookMs', 'durationMs', 'elapsedMs', 'latencyMs'] as const;

/** Text that PostgreSQL takes: no control characters but tab and newline, no half characters. */
function clean(text: string, max: number): string {
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
   
  let plain = cut.replace(/\u001b\[[0-9;]*m/g, '').replace(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '\ufffd').toWellFormed();
  for (const pattern of SECRET_TEXT) plain = plain.replace(pattern, `$1${HIDDEN}`);
  return plain;
}

function cleanValue(name: string, value: unknown, depth: number): unknown {
  if (SECRET_NAME.test(name) && typeof value !== 'boolean' && value !== null) return HIDDEN;
  if (typeof value === 'string') return clean(value, MAX_FIELD);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return clean(JSON.stringify(value), 200);
  if (Array.isArray(value)) return value.slice(0, MAX_ITEMS).map((item) => cleanValue('', item, depth + 1));
  return Object.fromEntries(Object.entries(value).slice(0, MAX_FIELDS).map(([key, inner]) => [clean(key, 100), cleanValue(key, inner, depth + 1)]));
}

/** Ids in fields by their names, one level deep, and client order ids in any text. */
function findIds(fields: Readonly<Record<string, unknown>>, texts: readonly string[]): { ids: string[]; isTrading: boolean } {
  const found = new Set<string>();
  let isTrading = false;
  const take = (name: string, value: unknown): void => {
    const values = Array.isArray(value) ? value : [value];
    for (const one of values) {
      if (typeof one !== 'string' || one === '' || one === HIDDEN || one.length > MAX_ID || found.size >= MAX_IDS) continue;
      found.add(one);
      isTrading ||= TRADING_NAME.test(name);
    }
  };
  for (const [name, value] of Object.entries(fields)) {
    if (ID_NAME.test(name)) take(name, value);
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) for (const [inner, one] of Object.entries(value)) if (ID_NAME.test(inner)) take(inner, one);
  }
  for (const text of texts) for (const [id] of text.matchAll(CLIENT_ORDER_ID)) take('clientOrderId', id.replace(/[.:-]+$/, ''));
  return { ids: [...found], isTrading };
}

function durationOf(fields: Readonly<Record<string, unknown>>): number | null {
  for (const name of DURATION_NAMES) {
    const value = fields[name];
    if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value;
  }
  return null;
}

function finish(parts: { at: number | null; level: LogLevel; message: string; fields: Record<string, unknown>; durationMs?: number | null }): ParsedLine {
  const message = clean(parts.message, MAX_MESSAGE);
  const fields = cleanValue('', parts.fields, 0) as Record<string, unknown>;
  const texts = [message, ...Object.values(fields).filter((value) => typeof value === 'string')];
  return { at: parts.at, level: parts.level, message, fields, ...findIds(fields, texts), durationMs: parts.durationMs ?? durationOf(fields) };
}

function timeOf(value: unknown): number | null {
  const ms = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isFinite(ms) ? Math.trunc(ms) : null;
}

function readJson(text: string): ParsedLine | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return null;
  const { level, msg, ts, time, unit: _unit, pid: _pid, hostname: _hostname, ...fields } = parsed as Record<string, unknown>;
  const known = LogLevelSchema.safeParse(level);
  return finish({ at: timeOf(ts ?? time), level: known.success ? known.data : 'info', message: typeof msg === 'string' ? msg : '', fields });
}

/** `2026-11-22 16:03:03.813 UTC [29051] LOG:  database system is ready`, after a session began with user@database before the level. */
const POSTGRES = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?) UTC \[(\d+)\] (?:(\S+@\S+) )?([A-Z][A-Z0-9]*):\s+(.*)$/s;
const POSTGRES_LEVELS: Readonly<Record<string, LogLevel>> = { DEBUG: 'debug', DEBUG1: 'debug', DEBUG2: 'debug', DEBUG3: 'debug', DEBUG4: 'debug', DEBUG5: 'debug', WARNING: 'warn', ERROR: 'error', FATAL: 'error', PANIC: 'fatal' };
/** What PostgreSQL calls fatal although it is the ordinary course of a start or a stop. */
const POSTGRES_ROUTINE = /is (starting up|shutting down|not yet accepting connections)|terminating (connection|background worker).* due to administrator command/;
const POSTGRES_DURATION = /^duration: ([\d.]+) ms/;

function readPostgres(text: string): ParsedLine | null {
  const match = POSTGRES.exec(text);
  if (!match) return null;
  const [, time = '', pid = '', session, word = '', message = ''] = match;
  const level = POSTGRES_LEVELS[word] ?? 'info';
  const took = POSTGRES_DURATION.exec(message)?.[1];
  return finish({
    at: timeOf(`${time.replace(' ', 'T')}Z`), level: level === 'error' && POSTGRES_ROUTINE.test(message) ? 'warn' : level, message: POSTGRES_LEVELS[word] !== undefined || word === 'LOG' ? message : `${word}: ${message}`,
    fields: { process: Number(pid), ...(session === undefined ? {} : { session }) }, durationMs: took === undefined ? null : Number(took),
  });
}

/** `29065:M 22 Nov 2026 16:03:03.814 # text` in the machine's own time zone: . debug, - and * info, # warning, but its banners too. */
const REDIS = /^(\d+):([A-Z]) (\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d(?:\.\d+)?) ([.*#-]) (.*)$/s;
const REDIS_GRAVE = /crash|bug report|fatal|out of memory|\boom\b|corrupt|can't open/i;
const REDIS_WARNING = /warning|error|denied|can't|cannot|unable|misconf|invalid|fail/i;

function readRedis(text: string): ParsedLine | null {
  const match = REDIS.exec(text);
  if (!match) return null;
  const [, pid = '', role = '', time = '', mark = '', message = ''] = match;
  const level = mark === '.' ? 'debug' : mark !== '#' ? 'info' : REDIS_GRAVE.test(message) ? 'error' : REDIS_WARNING.test(message) ? 'warn' : 'info';
  return finish({ at: timeOf(time), level, message, fields: { process: Number(pid), role } });
}

const PLAIN_ERROR = /^(?:\w*(?:Error|Exception)\b|Uncaught|FATAL\b|fatal\b|panic\b|node:internal|\[?error\b|ERROR\b|Segmentation fault|(?:<---|---) Last few GCs)/;
const PLAIN_WARNING = /^(?:warn(?:ing)?\b|WARN(?:ING)?\b|\(node:\d+\)|\(output lost|\(\d+ lines were not written)/i;

/** Reads one line. `cutBytes` is its full length when it was too long and only its beginning is given. Never throws for any text. */
export function parseLine(text: string, cutBytes: number | null = null): ParsedLine {
  if (cutBytes !== null) {
    const level = LogLevelSchema.safeParse(/"level":"([a-z]+)"/.exec(text)?.[1]);
    const at = timeOf(Number(/"ts":(\d{12,14})[,}]/.exec(text)?.[1]));
    return finish({ at, level: level.success ? level.data : 'info', message: `${text.slice(0, MAX_MESSAGE - 100)} … (cut: the line has at least ${cutBytes} bytes)`, fields: { isCut: true } });
  }
  const known = text.startsWith('{') ? readJson(text) : (readPostgres(text) ?? readRedis(text));
  return known ?? finish({ at: null, level: PLAIN_ERROR.test(text) ? 'error' : PLAIN_WARNING.test(text) ? 'warn' : 'info', message: text, fields: {} });
}

/** Where a line is kept. */
export function tableOf(line: Pick<ParsedLine, 'isTrading' | 'durationMs'>): 'system_logs' | 'trading_logs' | 'performance_logs' {
  if (line.isTrading) return 'trading_logs';
  return line.durationMs === null ? 'system_logs' : 'performance_logs';
}
