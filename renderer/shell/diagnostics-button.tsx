/** "Save diagnostics": one file with everything that helps to find a fault, without secrets. In the window only. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { IconFileZip } from '@tabler/icons-react';
import { hasShell } from './bridge.ts';
import { useShellAction } from './shell-queries.ts';

/** The button and, after it, where the file is. */
export function DiagnosticsButton({ size = 'compact-sm' }: { size?: 'compact-sm' | 'sm' }): JSX.Element | null {
  const save = useShellAction('saveDiagnostics');
  if (!hasShell) return null;
  const path = save.data?.path ?? null;
  return (
    <span className="diagnostics">
      <Button size={size} variant="default" leftSection={<IconFileZip size={14} aria-hidden />} loading={save.isPending} onClick={() => save.mutate({})} title="Versions, settings, logs and history in one zip file. Passwords and keys are left out">Save diagnostics</Button>
      <span role="status" className={save.error ? 'loss-text' : 'muted'}>{save.error ? save.error.message : path === null ? '' : <>Saved as <code title={path}>{path.split(/[\\/]/).at(-1)}</code></>}</span>
    </span>
  );
}
