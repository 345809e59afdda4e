/** A flow's settings: when it runs, what happens to missed times, how often it tries, how long it may take, with which parameters. */
import { useMemo, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { Button, NumberInput, SegmentedControl } from '@mantine/core';
import { IconArrowRight } from '@tabler/icons-react';
import type { DeploymentView, FlowSettings } from '#app/contracts/flows.ts';
import { useAction } from '../../data/queries.ts';
import { FLOW_KEYS } from './flow-actions.tsx';
import { FormFields } from './form-fields.tsx';
import { draftOf, fieldsOf, issuesOf, readDraft, refusalByField } from './form-schema.ts';
import type { FormDraft } from './form-schema.ts';
import { ScheduleEditor, usePreviewOf } from './schedule-editor.tsx';
import { changesOf, draftSettings, MISSED_WORDS, OVERLAP_WORDS, scheduleOf } from './schedule-draft.ts';
import type { SettingChange, SettingsDraft } from './schedule-draft.ts';

function Row({ title, help, children }: { title: string; help: string; children: ReactNode }): JSX.Element {
  return <div className="setting"><div><strong>{title}</strong><p className="muted">{help}</p></div><div className="setting-control">{children}</div></div>;
}

/** The bar below: what would change, and the buttons. */
function DiffBar({ changes, canSave, isSaving, error, save, discard }: { changes: readonly SettingChange[]; canSave: boolean; isSaving: boolean; error: string | null; save: () => void; discard: () => void }): JSX.Element | null {
  if (changes.length === 0 && error === null) return null;
  return (
    <div className="diff-bar" role="region" aria-label="Changes">
      <ul>{changes.map(({ name, from, to }) => <li key={name}><strong>{name}</strong> <span className="muted">{from}</span> <IconArrowRight size={12} aria-label="becomes" /> <span>{to}</span></li>)}{error !== null && <li className="switch-error" role="alert">{error}</li>}</ul>
      <div className="diff-buttons"><Button size="compact-md" variant="default" onClick={discard}>Discard</Button><Button size="compact-md" disabled={!canSave} loading={isSaving} onClick={save}>Save {changes.length === 1 ? 'change' : `${changes.length} changes`}</Button></div>
    </div>
  );
}

function Policies({ draft, change }: { draft: SettingsDraft; change: (part: Partial<SettingsDraft>) => void }): JSX.Element {
  const options = <T extends string>(words: Readonly<Record<T, string>>): { value: T; label: string }[] => Object.entries(words).map(([value, label]) => ({ value: value as T, label: label as string }));
  const number = (value: string | number): number | null => (value === '' || !Number.isFinite(Number(value)) ? null : Number(value));
  return (
    <section className="setting-group">
      <h3>When things go wrong</h3>
      <Row title="Missed times" help="What happens to times that passed while Mainspring was off or the computer slept."><SegmentedControl size="xs" aria-label="Missed times" value={draft.onMissed} onChange={(onMissed) => change({ onMissed })} data={options(MISSED_WORDS)} /></Row>
      <Row title="While one runs" help="What a tick does while an earlier run still waits or runs."><SegmentedControl size="xs" aria-label="While one runs" value={draft.overlap} onChange={(overlap) => change({ overlap })} data={options(OVERLAP_WORDS)} /></Row>
      <Row title="Retries" help="How often a failing step is tried again before the run fails."><NumberInput size="xs" w={90} aria-label="Retries" value={draft.retries ?? ''} onChange={(value) => change({ retries: number(value) })} min={0} max={10} allowDecimal={false} allowNegative={false} /></Row>
      <Row title="Time limit" help="A run that takes longer is ended as failed. Seconds."><NumberInput size="xs" w={110} aria-label="Time limit, seconds" value={draft.timeoutSeconds ?? ''} onChange={(value) => change({ timeoutSeconds: number(value) })} min={1} max={86_400} allowNegative={false} thousandSeparator="," /></Row>
    </section>
  );
}

function settingsOf(draft: SettingsDraft): FlowSettings | null {
  if (draft.retries === null || draft.timeoutSeconds === null) return null;
  // The orchestrator checks the schedule; what is not one it refuses by name.
  return { schedule: scheduleOf(draft.schedule) as FlowSettings['schedule'], onMissed: draft.onMissed, overlap: draft.overlap, input: { ...draft.input }, retries: draft.retries, timeoutMs: Math.round(draft.timeoutSeconds * 1_000) };
}

/** The form; it begins anew when the settings in force change. */
export function SettingsForm({ row }: { row: DeploymentView }): JSX.Element {
  const fields = useMemo(() => fieldsOf(row.inputJsonSchema), [row.inputJsonSchema]);
  const [draft, setDraft] = useState(() => draftSettings(row));
  const [form, setForm] = useState<FormDraft>(() => draftOf(fields, row.input));
  const save = useAction('saveFlowSettings', FLOW_KEYS);
  const preview = usePreviewOf(draft.schedule);
  const { input, errors } = readDraft(fields.map((field) => ({ ...field, isRequired: false })), form);
  const changes = changesOf(row, { ...draft, input }, preview.isBehind ? null : (preview.data?.text ?? null));
  const refused = refusalByField(fields, issuesOf(save.error));
  const isScheduleGood = draft.schedule.kind === 'none' || (!preview.isBehind && preview.data?.problem === null);
  const settings = settingsOf({ ...draft, input });
  const change = (part: Partial<SettingsDraft>): void => {
    save.reset();
    setDraft((now) => ({ ...now, ...part }));
  };
  const restart = (settingsNow: FlowSettings): void => {
    save.reset();
    setDraft(draftSettings(settingsNow));
    setForm(draftOf(fields, settingsNow.input));
  };
  return (
    <div className="settings-form">
      <section className="setting-group"><h3>Schedule</h3><ScheduleEditor draft={draft.schedule} preview={preview} change={(part) => change({ schedule: { ...draft.schedule, ...part } })} /></section>
      <Policies draft={draft} change={change} />
      {fields.length > 0 && <section className="setting-group stack"><h3>Parameters of scheduled runs</h3><FormFields fields={fields.map((field) => ({ ...field, isRequired: false }))} draft={form} errors={{ ...refused.byField, ...errors }} change={(name, value) => { save.reset(); setForm((now) => ({ ...now, [name]: value })); }} /></section>}
      {row.isCustom && <section className="setting-group"><Row title="Back to default" help="Forget what was changed by hand; the flow runs as its code says."><Button size="compact-sm" variant="default" loading={save.isPending && save.variables.settings === null} onClick={() => save.mutate({ flow: row.name, settings: null }, { onSuccess: () => restart(row.defaults) })}>Back to default</Button></Row></section>}
      <DiffBar changes={changes} canSave={settings !== null && isScheduleGood && Object.keys(errors).length === 0} isSaving={save.isPending} error={save.error === null ? null : refused.rest.length > 0 ? refused.rest.join('; ') : save.error.message} save={() => { if (settings) save.mutate({ flow: row.name, settings }); }} discard={() => restart(row)} />
    </div>
  );
}
