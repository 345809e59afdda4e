/** While nothing runs: stopped by somebody, or a start that did not get anywhere. Both say what happened and offer the way on. */
import type { JSX } from 'react';
import { Button, UnstyledButton } from '@mantine/core';
import { IconPlayerPlay } from '@tabler/icons-react';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { openSheet } from '../frame/panels.ts';
import { IncidentsCard } from '../health/incidents.tsx';
import { DiagnosticsButton } from './diagnostics-button.tsx';
import { ShellPage } from './shell-page.tsx';
import { useShellAction } from './shell-queries.ts';

const AT_REST = {
  demo: 'Nothing runs. The demo market stands still, and goes on where it was.',
  paper: 'Nothing runs: no price comes in and no order goes out. Orders that are open at the paper account stay open there.',
  live: 'Nothing runs: no price comes in and no order goes out. Orders that are open at the broker stay open there and may fill.',
} as const;

/** Nothing runs because somebody stopped it, or nobody started it. */
export function StoppedScreen({ status }: { status: ShellStatus }): JSX.Element {
  const start = useShellAction('start');
  return (
    <ShellPage status={status} title="Mainspring is stopped" lead={AT_REST[status.mode]} aside={<IncidentsCard />}>
      <div className="shell-actions">
        <Button size="md" leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={start.isPending} onClick={() => start.mutate({})}>Start</Button>
      </div>
      {start.error && <p className="switch-error" role="alert">{start.error.message}</p>}
      <p className="muted">It starts in the {status.mode} market. <UnstyledButton className="link" onClick={() => openSheet({ kind: 'application', section: 'market' })}>Change market</UnstyledButton></p>
    </ShellPage>
  );
}

/** The last start failed: why, and what to do. */
export function FailedScreen({ status }: { status: ShellStatus }): JSX.Element {
  const start = useShellAction('start');
  const folder = useShellAction('openDataFolder');
  const error = start.error ?? folder.error;
  return (
    <ShellPage status={status} title="Mainspring did not start" aside={<IncidentsCard />}>
      <section className="broken" role="alert">
        <p>{status.problem?.message ?? 'The reason is not known. The diagnostics may tell.'}</p>
        {status.problem && <code className="muted">{status.problem.code}</code>}
      </section>
      <p className="muted">Nothing runs and no order goes out. Your data is as it was.</p>
      <div className="shell-actions">
        <Button size="sm" loading={start.isPending} onClick={() => start.mutate({})}>Start again</Button>
        <Button size="sm" variant="default" loading={folder.isPending} onClick={() => folder.mutate({})}>Open data folder</Button>
        <DiagnosticsButton size="sm" />
      </div>
      {error && <p className="switch-error" role="alert">{error.message}</p>}
    </ShellPage>
  );
}
