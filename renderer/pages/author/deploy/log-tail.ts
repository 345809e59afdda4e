/** The tail of a strategy's log: joined as it comes, filtered as it is read. Pure. */
import type { StrategyLogLine } from '#app/contracts/deploy.ts';

/** Lines of a log that the page holds at most; older ones are let go. */
export const MAX_TAIL_LINES = 2_000;

/** What a reader asks for: at least this. */
export const LOG_LEVELS = [{ value: 'info', label: 'All' }, { value: 'warn', label: 'Warnings' }, { value: 'error', label: 'Errors' }] as const;
/** One of them. */
export type LogLevel = (typeof LOG_LEVELS)[number]['value'];
const RANK: Readonly<Record<LogLevel, number>> = { info: 0, warn: 1, error: 2 };

/** New lines behind those that are there, none twice, the oldest let go beyond the most. */
export function joinTail(before: readonly StrategyLogLine[], more: readonly StrategyLogLine[], most: number = MAX_TAIL_LINES): StrategyLogLine[] {
  const last = before.at(-1)?.seq ?? -1;
  return [...before, ...[...more].sort((a, b) => a.seq - b.seq).filter((line) => line.seq > last)].slice(-most);
}

/** Lines of at least a level that have the words, in any case. */
export function filterLines(lines: readonly StrategyLogLine[], level: LogLevel, words: string): StrategyLogLine[] {
  const wanted = words.trim().toLowerCase();
  return lines.filter((line) => RANK[line.level] >= RANK[level] && (wanted === '' || `${line.symbol ?? ''} ${line.line}`.toLowerCase().includes(wanted)));
}
