/** A daily report, read within the dashboard: its page in a frame that may run nothing. */
import type { JSX } from 'react';
import { useMantineColorScheme } from '@mantine/core';
import { IconExternalLink } from '@tabler/icons-react';
import { useReport } from '../data/queries.ts';
import { hasShell } from '../shell/bridge.ts';
import { Answer } from '../ui/kit.tsx';

/** The sheet. The window of the desktop opens no other pages; there the file lies in the data folder. */
export function ReportSheet({ reportId }: { reportId: string }): JSX.Element {
  const query = useReport(reportId);
  const { colorScheme } = useMantineColorScheme();
  const scheme = colorScheme === 'auto' ? 'light dark' : colorScheme;
  return (
    <div className="report-sheet">
      <p className="muted">
        The file <code>reports/{reportId.replace(/^[a-z]+-/, '')}.html</code> lies in the data folder and opens in any browser, offline.
        {!hasShell && <> <a href={`/reports/${encodeURIComponent(reportId)}`} target="_blank" rel="noreferrer">Open it in a tab of its own <IconExternalLink size={12} aria-hidden /></a></>}
      </p>
      <Answer query={query}>{(page) => <iframe title={`Report ${reportId}`} sandbox="" srcDoc={page} style={{ colorScheme: scheme }} />}</Answer>
    </div>
  );
}
