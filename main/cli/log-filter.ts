/** Which lines of captured output `mainspring logs` shows: by level, age, words and an id. Pure. */
import { LOG_LEVELS, LogLevelSchema } from '#app/contracts/config.ts';
import type { LogLevel } from '#app/contracts/config.ts';

/** What a line must hold; null = anything. `since` is EpochMs; `search` and `about` are looked for in the text as it stands, whatever the case. */
export type LogFilter = { readonly level: LogLevel | null; readonly since: number | null; readonly search: string | null; readonly about: string | null };

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const STAMP = /^(?:\d+:[A-Z] )?(\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?)/;

/** When `--since` begins: "15m", "2h", "3d" back from now, or a time such as 2026-03-02T15:30:00Z; null for what is neither. */
export function sinceOf(text: string, now: number): number | null {
  const span = /^(\d{1,6})([smhd])$/.exec(text);
  if (span) return now - Number(span[1]) * UNIT_MS[span[2] as keyof typeof UNIT_MS];
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : at;
}

/** Level and time of a line, as far as it tells them: ours are JSON, PostgreSQL's begin with a time in UTC. */
function read(line: string): { level: LogLevel; at: number | null } {
  if (line.startsWith('{')) {
    const level = LogLevelSchema.safeParse(/"level":"([a-z]+)"/.exec(line)?.[1]);
    const at = /"ts":(\d{12,14})[,}]/.exec(line)?.[1];
    return { level: level.success ? level.data : 'info', at: at === undefined ? null : Number(at) };
  }
  const stamp = STAMP.exec(line)?.[1];
  const level = /\b(?:PANIC|FATAL|ERROR):/.test(line) || /^\w*Error\b/.test(line) ? 'error' : /\bWARNING\b/i.test(line) ? 'warn' : 'info';
  return { level, at: stamp === undefined ? null : Date.parse(`${stamp.replace(' ', 'T')}Z`) };
}

/** A test for the lines of one file in their order: a line without a time has that of the line before it. */
export function lineTest(filter: LogFilter): (line: string) => boolean {
  const least = filter.level === null ? 0 : LOG_LEVELS.indexOf(filter.level);
  const words = [filter.search, filter.about].filter((word) => word !== null && word !== '').map((word) => String(word).toLowerCase());
  let lastAt: number | null = null;
  return (line) => {
    const { level, at } = read(line);
    lastAt = at ?? lastAt;
    if (LOG_LEVELS.indexOf(level) < least) return false;
    if (filter.since !== null && (lastAt === null || lastAt < filter.since)) return false;
    const text = line.toLowerCase();
    return words.every((word) => text.includes(word));
  };
}
