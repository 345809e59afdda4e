/** Settings of the application itself: market, broker keys, live trading, updates, notifications, start with the system. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { Preferences } from '#app/contracts/shell.ts';
import { openSheet } from '../frame/panels.ts';
import type { ApplicationSection } from '../frame/panels.ts';
import { DiagnosticsButton } from '../shell/diagnostics-button.tsx';
import { usePreferences, useShellAction } from '../shell/shell-queries.ts';
import { useShellStatus } from '../shell/shell-status.ts';
import { Answer, Empty } from '../ui/kit.tsx';
import { KeysSection } from './keys-section.tsx';
import { LiveSection } from './live-section.tsx';
import { MarketSection } from './market-section.tsx';
import { PreferenceSwitch, Section, Setting } from './setting.tsx';
import { UpdatesSection } from './updates-section.tsx';

/** What belongs to the computer: what it tells on the desktop, its start, its folder. */
export function SystemSection({ preferences }: { preferences: Preferences }): JSX.Element {
  return (
    <>
      <Section title="Notifications">
        <PreferenceSwitch preferences={preferences} field="notifyFills" name="Fills" effect="An order was filled. Many at once are told in one line." />
        <PreferenceSwitch preferences={preferences} field="notifyRisk" name="Risk alerts" effect="A limit was reached, or trading was halted." />
        <PreferenceSwitch preferences={preferences} field="notifyFailures" name="Failing parts" effect="A part was given up, and needs you." />
      </Section>
      <Section title="This computer">
        <PreferenceSwitch preferences={preferences} field="startWithSystem" name="Start with the system" effect="When you sign in, Mainspring starts in the tray and trades." />
        <DataFolder />
        <Setting name="Diagnostics" effect="Versions, settings, logs and history in one file, for whoever helps you. Keys and passwords are left out." control={<DiagnosticsButton />} />
        <Setting name="About" effect="Versions, and the licences of everything inside." control={<Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'about' })}>About Mainspring</Button>} />
      </Section>
    </>
  );
}

function DataFolder(): JSX.Element {
  const open = useShellAction('openDataFolder');
  const status = useShellStatus();
  return <Setting name="Data folder" effect={open.error ? <span className="loss-text" role="alert">{open.error.message}</span> : <code>{status?.dataDir}</code>} control={<Button size="compact-sm" variant="default" onClick={() => open.mutate({})}>Open data folder</Button>} />;
}

/** The sheet. */
export function ApplicationSheet({ section }: { section: ApplicationSection | null }): JSX.Element {
  const status = useShellStatus();
  const preferences = usePreferences();
  if (status === null) return <Empty title="In the application only">These settings belong to the desktop application. Headless, the same is set in the <code>.env</code> file and by <code>mainspring keys</code>.</Empty>;
  return (
    <div className="application">
      <MarketSection status={status} isTarget={section === 'market'} />
      {status.mode === 'live' && <LiveSection status={status} isTarget={section === 'live'} />}
      <KeysSection isTarget={section === 'keys'} />
      <Answer query={preferences}>{(data) => <><UpdatesSection status={status} preferences={data} isTarget={section === 'updates'} /><SystemSection preferences={data} /></>}</Answer>
    </div>
  );
}
