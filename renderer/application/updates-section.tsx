/** Updates: asked for or not, and where one stands. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { Preferences, ShellStatus, UpdateStatus } from '#app/contracts/shell.ts';
import { useShellAction } from '../shell/shell-queries.ts';
import { PreferenceSwitch, Section, Setting } from './setting.tsx';

/** Where an update stands, in a sentence. Pure; exported for its test. */
export function updateWords(update: UpdateStatus): string {
  const version = update.version === null ? 'An update' : `Version ${update.version}`;
  const words: Readonly<Record<UpdateStatus['state'], string>> = {
    off: 'Not looked for.', unavailable: 'This installation cannot update itself.', none: 'This is the newest version.', checking: 'Looking for an update…',
    downloading: `${version} is being downloaded${update.percent === null ? '' : `, ${Math.round(update.percent)} %`}.`,
    ready: `${version} is ready. Mainspring restarts into it when you say so.`,
    held: `${version} is ready and waits until no order is open.`,
    failed: 'The update did not work. The installed version goes on.',
  };
  return update.message === null ? words[update.state] : `${words[update.state]} ${update.message}`;
}

/** The section. */
export function UpdatesSection({ status, preferences, isTarget }: { status: ShellStatus; preferences: Preferences; isTarget: boolean }): JSX.Element {
  const check = useShellAction('checkUpdate');
  const install = useShellAction('installUpdate');
  const { update } = status;
  const error = check.error ?? install.error;
  const canCheck = update.state !== 'unavailable' && update.state !== 'ready' && update.state !== 'held';
  return (
    <Section title="Updates" isTarget={isTarget}>
      <PreferenceSwitch preferences={preferences} field="updates" name="Look for updates" effect="Looks once a day and downloads what is new. Installing always asks, and never while an order is open." />
      <Setting
        name="Status" effect={<span className={update.state === 'failed' ? 'loss-text' : ''} role="status">{updateWords(update)}</span>}
        control={canCheck ? <Button size="compact-sm" variant="default" disabled={update.state === 'checking' || update.state === 'downloading'} loading={check.isPending} onClick={() => check.mutate({})}>Check for updates</Button>
          : update.state !== 'unavailable' && <Button size="compact-sm" disabled={update.state === 'held'} loading={install.isPending} onClick={() => install.mutate({})}>Install and restart</Button>}
      />
      {update.state === 'downloading' && update.percent !== null && <div className="start-track" role="progressbar" aria-label="Download" aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(update.percent)}><i style={{ width: `${update.percent}%` }} /></div>}
      {error && <p className="switch-error" role="alert">{error.message}</p>}
    </Section>
  );
}
