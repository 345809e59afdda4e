/** The rows that settings are made of: a group, a choice with its effect, a switch. */
import { useEffect, useRef } from 'react';
import type { JSX, ReactNode } from 'react';
import { Switch } from '@mantine/core';
import type { Preferences } from '#app/contracts/shell.ts';
import { useShellAction } from '../shell/shell-queries.ts';

/** One part of the settings; scrolled to when a link points at it. */
export function Section({ title, children, isTarget = false }: { title: string; children: ReactNode; isTarget?: boolean }): JSX.Element {
  const own = useRef<HTMLElement>(null);
  useEffect(() => {
    if (isTarget) own.current?.scrollIntoView({ block: 'start' });
  }, [isTarget]);
  return <section ref={own} className={isTarget ? 'setting-group target' : 'setting-group'} aria-label={title}><h3>{title}</h3>{children}</section>;
}

/** A choice with its effect in one sentence. */
export function Setting({ name, effect, control }: { name: string; effect: ReactNode; control: ReactNode }): JSX.Element {
  return <div className="setting"><div><strong>{name}</strong><p className="muted">{effect}</p></div><div className="setting-control">{control}</div></div>;
}

/** A preference that is on or off. */
export function PreferenceSwitch({ preferences, field, name, effect }: { preferences: Preferences; field: keyof Preferences; name: string; effect: ReactNode }): JSX.Element {
  const set = useShellAction('setPreferences');
  const isOn = set.isPending ? (set.variables[field] ?? preferences[field]) : preferences[field];
  return (
    <>
      <Setting name={name} effect={effect} control={<Switch checked={isOn} onChange={(event) => set.mutate({ [field]: event.currentTarget.checked })} aria-label={name} />} />
      {set.error && <p className="switch-error" role="alert">{set.error.message}</p>}
    </>
  );
}
