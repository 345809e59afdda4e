/** A schedule as it is being edited, and the settings that differ from those in force. Pure. */
import type { DeploymentView, FlowSettings } from '#app/contracts/flows.ts';
import type { FlowSchedule } from '#app/contracts/flow-schedules.ts';
import { duration } from './run-words.ts';

/** The kinds of the editor; `none` = only on demand. */
export type ScheduleKind = 'none' | FlowSchedule['kind'];
/** What stands in the fields; those of another kind keep their text while one tries around. */
export type ScheduleDraft = {
  readonly kind: ScheduleKind; readonly cron: string; readonly timeZone: string; readonly only: 'always' | 'trading_days' | 'in_session'; readonly every: string; readonly everyUnit: 'minutes' | 'hours' | 'days';
  readonly anchor: 'open' | 'close' | 'hour'; readonly offset: string; readonly side: 'before' | 'after'; readonly until: number | null;
};

const UNIT_MINUTES = { minutes: 1, hours: 60, days: 1_440 } as const;

/** The draft of a schedule. */
export function draftSchedule(schedule: FlowSchedule | null): ScheduleDraft {
  const start: ScheduleDraft = { kind: schedule?.kind ?? 'none', cron: '0 9 * * 1-5', timeZone: 'America/New_York', only: 'always', every: '15', everyUnit: 'minutes', anchor: 'close', offset: '15', side: 'after', until: schedule?.until ?? null };
  if (schedule === null) return start;
  switch (schedule.kind) {
    case 'cron': return { ...start, cron: schedule.cron, timeZone: schedule.timeZone, only: schedule.only };
    case 'interval': {
      const everyUnit = schedule.everyMinutes % UNIT_MINUTES.days === 0 ? 'days' : schedule.everyMinutes % UNIT_MINUTES.hours === 0 ? 'hours' : 'minutes';
      return { ...start, every: String(schedule.everyMinutes / UNIT_MINUTES[everyUnit]), everyUnit, only: schedule.only };
    }
    case 'session': return { ...start, anchor: schedule.anchor, offset: String(Math.abs(schedule.offsetMinutes)), side: schedule.offsetMinutes < 0 ? 'before' : 'after' };
  }
}

/** The schedule of a draft, unchecked: the orchestrator says what it would do, or what is wrong with it. */
export function scheduleOf(draft: ScheduleDraft): Readonly<Record<string, unknown>> | null {
  const number = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text));
  const { until } = draft;
  switch (draft.kind) {
    case 'none': return null;
    case 'cron': return { kind: 'cron', cron: draft.cron, timeZone: draft.timeZone, only: draft.only, until };
    case 'interval': return { kind: 'interval', everyMinutes: number(draft.every) * UNIT_MINUTES[draft.everyUnit], only: draft.only, until };
    case 'session': {
      const minutes = number(draft.offset);
      return { kind: 'session', anchor: draft.anchor, offsetMinutes: minutes === 0 ? 0 : draft.side === 'before' ? -minutes : minutes, until };
    }
  }
}

/** Everything that the settings' form holds. */
export type SettingsDraft = { readonly schedule: ScheduleDraft; readonly onMissed: FlowSettings['onMissed']; readonly overlap: FlowSettings['overlap']; readonly retries: number | null; readonly timeoutSeconds: number | null; readonly input: Readonly<Record<string, unknown>> };

/** The draft of settings. */
export function draftSettings(settings: FlowSettings): SettingsDraft {
  return { schedule: draftSchedule(settings.schedule), onMissed: settings.onMissed, overlap: settings.overlap, retries: settings.retries, timeoutSeconds: settings.timeoutMs / 1_000, input: settings.input };
}

/** A change in words. */
export type SettingChange = { readonly name: string; readonly from: string; readonly to: string };

/** What people call the policies. */
export const MISSED_WORDS: Readonly<Record<FlowSettings['onMissed'], string>> = { skip: 'skip them', run_once: 'run once', run_all: 'run all' };
/** What a tick does while a run is under way. */
export const OVERLAP_WORDS: Readonly<Record<FlowSettings['overlap'], string>> = { queue: 'wait behind it', skip: 'skip the tick' };

/** Equal in content, whatever the order of keys. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return Object.is(a, b);
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Array.isArray(a) === Array.isArray(b) && [...keys].every((key) => isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

const inputWords = (input: Readonly<Record<string, unknown>>): string => (Object.keys(input).length === 0 ? 'the flow’s defaults' : JSON.stringify(input));

/** What saving would change. `scheduleText`: the new schedule in words, as the orchestrator put it. */
export function changesOf(row: Pick<DeploymentView, keyof FlowSettings | 'scheduleText'>, draft: SettingsDraft, scheduleText: string | null): SettingChange[] {
  const changes: SettingChange[] = [];
  const next = scheduleOf(draft.schedule);
  if (!isSame(row.schedule, next)) changes.push({ name: 'Schedule', from: row.scheduleText ?? 'on demand', to: next === null ? 'on demand' : (scheduleText ?? '…') });
  if (draft.onMissed !== row.onMissed) changes.push({ name: 'Missed times', from: MISSED_WORDS[row.onMissed], to: MISSED_WORDS[draft.onMissed] });
  if (draft.overlap !== row.overlap) changes.push({ name: 'While one runs', from: OVERLAP_WORDS[row.overlap], to: OVERLAP_WORDS[draft.overlap] });
  if (draft.retries !== row.retries) changes.push({ name: 'Retries', from: String(row.retries), to: draft.retries === null ? '?' : String(draft.retries) });
  if (draft.timeoutSeconds === null || Math.round(draft.timeoutSeconds * 1_000) !== row.timeoutMs) changes.push({ name: 'Time limit', from: duration(row.timeoutMs), to: draft.timeoutSeconds === null ? '?' : duration(Math.round(draft.timeoutSeconds * 1_000)) });
  if (!isSame(row.input, draft.input)) changes.push({ name: 'Parameters', from: inputWords(row.input), to: inputWords(draft.input) });
  return changes;
}
