/** The open screen: its name, whether it is saved, when it runs by itself, and what can be done with what it finds. */
import { useState } from 'react';
import type { JSX, ReactNode, RefObject } from 'react';
import { ActionIcon, Button, Popover, SegmentedControl, Switch, TextInput, Tooltip } from '@mantine/core';
import { IconBell, IconClock, IconDownload, IconHistory, IconRobot, IconRotate2 } from '@tabler/icons-react';
import type { SavedScreen } from '#app/contracts/screener.ts';
import { useAge } from '../../data/clock.ts';
import { age, count } from '../../ui/format.ts';
import { draftOf, isChanged } from './draft.ts';
import { changeDraft, useDraft } from './page-state.ts';
import { useSaving } from './saved.ts';
import type { Telling } from './saved.ts';
import { suggestedName } from './words.ts';

/** What the head's buttons open. */
export type HeadActs = { history(screen: SavedScreen): void; strategy(screen: SavedScreen): void; readonly exportFile: (() => void) | null };

const SCHEDULES = [{ value: 'off', label: 'Never' }, { value: 'hourly', label: 'Hourly' }, { value: 'daily', label: 'After the close' }] as const;
const WORDS = { off: 'It runs when you look at it.', hourly: 'It runs after each hourly fetch of bars.', daily: 'It runs once a day, after the close.' } as const;

/** For a button that says why it does nothing: it stays under the pointer, unlike one that is switched off. */
const offWhen = (isOff: boolean): { 'data-disabled'?: true; 'aria-disabled'?: true } => (isOff ? { 'data-disabled': true, 'aria-disabled': true } : {});

function ScheduleCard({ screen }: { screen: SavedScreen }): JSX.Element {
  const { tellMe, isSaving, error } = useSaving();
  // A switch stays as it was set while that is on its way to the book.
  const [wish, setWish] = useState<{ readonly version: number; readonly telling: Telling } | null>(null);
  const since = useAge(screen.lastRunAt);
  const { schedule, alerts } = wish !== null && wish.version === screen.version && error === null ? wish.telling : screen;
  const set = (telling: Telling): void => {
    setWish({ version: screen.version, telling });
    tellMe(screen, telling);
  };
  const alert = (part: Partial<SavedScreen['alerts']>): void => set({ schedule, alerts: { ...alerts, ...part } });
  return (
    <div className="stack schedule-card">
      <div><h3>Runs by itself</h3><SegmentedControl fullWidth size="xs" aria-label="Schedule" value={schedule} disabled={isSaving} data={SCHEDULES.map(({ value, label }) => ({ value, label }))} onChange={(next) => set({ schedule: next, alerts: next === 'off' ? { onEntry: false, onExit: false } : alerts })} /></div>
      <p className="muted">{WORDS[schedule]}</p>
      <Switch size="xs" label="Tell me when a symbol comes in" disabled={schedule === 'off' || isSaving} checked={alerts.onEntry} onChange={(event) => alert({ onEntry: event.currentTarget.checked })} />
      <Switch size="xs" label="Tell me when a symbol leaves" disabled={schedule === 'off' || isSaving} checked={alerts.onExit} onChange={(event) => alert({ onExit: event.currentTarget.checked })} />
      {schedule === 'off' && <p className="muted">Alerts come from its own runs: give it a schedule first.</p>}
      {screen.lastRunAt !== null && <p className="muted">Last run {age(since)} ago{screen.members === null ? '' : `, ${count(screen.members)} found`}.</p>}
      {screen.problem !== null && <p className="warn-text">The last run failed: {screen.problem}</p>}
      {error !== null && <p className="switch-error" role="alert">{error.message}</p>}
    </div>
  );
}

function ScheduleButton({ screen }: { screen: SavedScreen | null }): JSX.Element {
  const own = screen !== null && !screen.isBuiltIn ? screen : null;
  const isOn = own !== null && own.schedule !== 'off';
  const hasAlerts = own !== null && (own.alerts.onEntry || own.alerts.onExit);
  const label = own === null ? 'Save the screen to let it run by itself' : 'Schedule and alerts';
  return (
    <Popover width={300} position="bottom-end" shadow="md" disabled={own === null}>
      <Popover.Target><Tooltip label={label}><ActionIcon variant="default" size={28} className={isOn ? 'is-on' : ''} aria-label={label} {...offWhen(own === null)}>{hasAlerts ? <IconBell size={15} /> : <IconClock size={15} />}</ActionIcon></Tooltip></Popover.Target>
      <Popover.Dropdown>{own && <ScheduleCard screen={own} />}</Popover.Dropdown>
    </Popover>
  );
}

/** A button with a picture, and what it does in words. */
function Act({ label, hint = label, isOff, press, children }: { label: string; hint?: string; isOff: boolean; press: () => void; children: ReactNode }): JSX.Element {
  return <Tooltip label={hint}><ActionIcon variant="default" size={28} aria-label={label} {...offWhen(isOff)} onClick={() => { if (!isOff) press(); }}>{children}</ActionIcon></Tooltip>;
}

/** What saving waits for, in words; null = it can be saved. */
function obstacle(canSave: boolean, isDirty: boolean): string | null {
  if (!canSave) return 'A filter, the rank or a column is not finished';
  return isDirty ? null : 'Nothing has changed';
}

/** Name, marks and buttons. `canSave`: every formula of it says something. */
export function ScreenHead({ acts, nameField, canSave }: { acts: HeadActs; nameField: RefObject<HTMLInputElement | null>; canSave: boolean }): JSX.Element {
  const draft = useDraft();
  const { save, isSaving, error, reset } = useSaving();
  const isDirty = isChanged(draft);
  const { base } = draft;
  const why = obstacle(canSave, isDirty);
  const press = (): void => {
    const typed = draft.name.trim();
    save(base?.isBuiltIn === true && typed === base.name ? `${typed.slice(0, 72)} (mine)` : typed === '' ? suggestedName(draft) : typed);
  };
  return (
    <header className="screen-head">
      <div className="screen-name">
        <TextInput ref={nameField} size="sm" variant="unstyled" w={`${Math.max(14, draft.name.length + 3)}ch`} aria-label="Name of the screen" placeholder="New screen" maxLength={80} value={draft.name} spellCheck={false}
          onChange={(event) => { const name = event.currentTarget.value; changeDraft((now) => ({ ...now, name })); }} onKeyDown={(event) => { if (event.key === 'Enter' && why === null) press(); if (event.key === 'Enter' || event.key === 'Escape') event.currentTarget.blur(); }} />
        {base?.isBuiltIn === true && <span className="tag">of the house</span>}
        {isDirty && <span className="tag warn" data-testid="unsaved">{base === null ? 'not saved' : 'changed'}</span>}
      </div>
      <div className="head-buttons">
        {isDirty && base !== null && <Act label="Back to what is saved" isOff={false} press={() => { reset(); changeDraft((now) => draftOf(base, now.asOf)); }}><IconRotate2 size={15} /></Act>}
        <Tooltip label={why ?? (base?.isBuiltIn === true ? 'Saves it as a screen of your own' : 'Save (Ctrl S)')}><Button size="compact-sm" variant={isDirty ? 'filled' : 'default'} className="save-button" {...offWhen(why !== null)} loading={isSaving} onClick={() => { if (why === null) press(); }}>{base?.isBuiltIn === true ? 'Save as mine' : 'Save'}</Button></Tooltip>
        <ScheduleButton screen={base} />
        <Act label="Run history" hint={base === null ? 'A saved screen has a history' : 'Who came in, who left'} isOff={base === null} press={() => { if (base) acts.history(base); }}><IconHistory size={15} /></Act>
        <Act label="Use as a strategy’s universe" hint={base === null || isDirty ? 'Save it first: a strategy takes what is saved' : 'Use as a strategy’s universe'} isOff={base === null || isDirty} press={() => { if (base) acts.strategy(base); }}><IconRobot size={15} /></Act>
        <Act label="Export as CSV" hint="Export as CSV, as shown" isOff={acts.exportFile === null} press={() => acts.exportFile?.()}><IconDownload size={15} /></Act>
      </div>
      {error !== null && <p className="switch-error head-error" role="alert">{error.message} <button type="button" className="link-button" onClick={reset}>Close</button></p>}
    </header>
  );
}
