/** Editing a schedule: its kind, its fields, and at once the sentence and the next five runs that it would make. */
import type { JSX } from 'react';
import { NumberInput, SegmentedControl, Select, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { MAX_OFFSET_MINUTES } from '#app/contracts/flow-schedules.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { call } from '../../data/client.ts';
import { useServerNow } from '../../data/clock.ts';
import { Failure } from '../../ui/kit.tsx';
import { bothZones, marketWeekday } from '../../ui/format.ts';
import { untilWords } from './run-words.ts';
import { scheduleOf } from './schedule-draft.ts';
import type { ScheduleDraft, ScheduleKind } from './schedule-draft.ts';

/** What a schedule would do; `isBehind`: the answer is still about what was written before. */
export type SchedulePreview = { readonly data: RouteOutput<'previewSchedule'> | undefined; readonly error: Error | null; readonly isBehind: boolean };

/** What a schedule would do, asked a moment after the last key. */
export function usePreviewOf(draft: ScheduleDraft): SchedulePreview {
  const written = JSON.stringify(scheduleOf(draft));
  const [asked] = useDebouncedValue(written, 200);
  const query = useQuery<RouteOutput<'previewSchedule'>>({
    queryKey: ['previewSchedule', asked], enabled: asked !== 'null', staleTime: 30_000, retry: false, placeholderData: (before) => before,
    queryFn: ({ signal }) => call('previewSchedule', { schedule: JSON.parse(asked) as unknown }, { signal }),
  });
  return { data: query.data, error: query.error, isBehind: asked !== written || query.isPlaceholderData || query.isFetching };
}

const ONLY = [{ value: 'always', label: 'Every day, day and night' }, { value: 'trading_days', label: 'On trading days only' }, { value: 'in_session', label: 'While the market is open' }];
const ZONES = ['America/New_York', 'UTC', 'America/Chicago', 'America/Los_Angeles', 'Europe/London', 'Europe/Berlin', 'Asia/Tokyo', 'Asia/Singapore', 'Australia/Sydney'];
const COMMON_CRONS: readonly { readonly cron: string; readonly label: string }[] = [{ cron: '0 9 * * 1-5', label: 'weekdays 9:00' }, { cron: '0 * * * *', label: 'each hour' }, { cron: '*/15 * * * *', label: 'each 15 min' }, { cron: '0 18 * * 5', label: 'Fridays 18:00' }, { cron: '0 6 1 * *', label: 'first of the month' }];
const HOURS = { open: 'the open', close: 'the close', hour: 'each full hour in session' } as const;

type EditorProps = { readonly draft: ScheduleDraft; readonly change: (part: Partial<ScheduleDraft>) => void };

function OnlyField({ draft, change }: EditorProps): JSX.Element {
  return <Select label="Which days and hours" data={ONLY} value={draft.only} onChange={(value) => change({ only: (value ?? 'always') as ScheduleDraft['only'] })} allowDeselect={false} />;
}

function Fields({ draft, change }: EditorProps): JSX.Element | null {
  switch (draft.kind) {
    case 'none': return <p className="muted">Without a schedule it runs when you, another flow or an event asks for it.</p>;
    case 'cron': return (
      <>
        <div className="cron-row"><TextInput label="Minute, hour, day, month, weekday" className="cron" value={draft.cron} onChange={(event) => change({ cron: event.currentTarget.value })} spellCheck={false} /><Select label="Clock of" searchable data={ZONES.includes(draft.timeZone) ? ZONES : [draft.timeZone, ...ZONES]} value={draft.timeZone} onChange={(value) => change({ timeZone: value ?? 'America/New_York' })} allowDeselect={false} /></div>
        <div className="cron-common">{COMMON_CRONS.map(({ cron, label }) => <button key={cron} type="button" className={cron === draft.cron ? 'chip chosen' : 'chip'} onClick={() => change({ cron })}>{label}</button>)}</div>
        <OnlyField draft={draft} change={change} />
      </>
    );
    case 'interval': return (
      <>
        <div className="pair"><NumberInput label="Every" value={draft.every} onChange={(value) => change({ every: String(value) })} min={1} allowDecimal={false} allowNegative={false} /><Select label="Unit" data={['minutes', 'hours', 'days']} value={draft.everyUnit} onChange={(value) => change({ everyUnit: (value ?? 'minutes') as ScheduleDraft['everyUnit'] })} allowDeselect={false} /></div>
        <OnlyField draft={draft} change={change} />
      </>
    );
    case 'session': return (
      <div className="session-row">
        <NumberInput label="Minutes" value={draft.offset} onChange={(value) => change({ offset: String(value) })} min={0} max={MAX_OFFSET_MINUTES} allowDecimal={false} allowNegative={false} />
        <SegmentedControl value={draft.side} onChange={(side) => change({ side })} data={[{ value: 'before', label: 'before' }, { value: 'after', label: 'after' }]} aria-label="Before or after" />
        <Select label="Moment of each session" data={Object.entries(HOURS).map(([value, label]) => ({ value, label }))} value={draft.anchor} onChange={(value) => change({ anchor: (value ?? 'close') as ScheduleDraft['anchor'] })} allowDeselect={false} />
      </div>
    );
  }
}

/** The sentence and the next five runs. */
function PreviewOf({ preview, isNone }: { preview: SchedulePreview; isNone: boolean }): JSX.Element | null {
  const now = useServerNow();
  if (isNone) return null;
  if (preview.error && !preview.data) return <Failure error={preview.error} />;
  const { data } = preview;
  return (
    <section className={preview.isBehind ? 'schedule-preview behind' : 'schedule-preview'} aria-live="polite" aria-label="What this schedule does">
      {data === undefined ? <p className="muted">Reading…</p> : data.problem !== null ? <p className="switch-error">{data.problem}</p> : (
        <>
          <p><strong>{data.text}</strong></p>
          {data.nextRunsAt.length === 0 ? <p className="warn-text">It would never run: no such moment is left.</p> : <ol>{data.nextRunsAt.map((at) => <li key={at} title={bothZones(at)}><span className="num">{marketWeekday(at)}</span><span className="num muted">in {untilWords(at - now)}</span></li>)}</ol>}
        </>
      )}
    </section>
  );
}

/** Native fields of day and time hold the reader's own zone. */
function localText(at: number | null): string {
  return at === null ? '' : new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The editor. */
export function ScheduleEditor({ draft, change, preview }: EditorProps & { readonly preview: SchedulePreview }): JSX.Element {
  return (
    <div className="stack schedule-editor">
      <SegmentedControl fullWidth size="xs" value={draft.kind} onChange={(kind) => change({ kind: kind as ScheduleKind })} aria-label="Kind of schedule" data={[{ value: 'cron', label: 'Times' }, { value: 'interval', label: 'Interval' }, { value: 'session', label: 'Market session' }, { value: 'none', label: 'On demand' }]} />
      <Fields draft={draft} change={change} />
      {draft.kind !== 'none' && <TextInput className="ends" label="Ends" description="In this computer’s zone; empty = never" type="datetime-local" value={localText(draft.until)} onChange={(event) => change({ until: event.currentTarget.value === '' ? null : new Date(event.currentTarget.value).getTime() })} />}
      <PreviewOf preview={preview} isNone={draft.kind === 'none'} />
    </div>
  );
}
