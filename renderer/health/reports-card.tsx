/** The daily reports: what each day came to, and the page behind it. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { IconFileAnalytics } from '@tabler/icons-react';
import type { ReportView } from '#app/contracts/reports.ts';
import { newKey } from '../data/client.ts';
import { useAction, useReports } from '../data/queries.ts';
import { openSheet } from '../frame/panels.ts';
import { Answer, Card, Empty, Failure, Pnl } from '../ui/kit.tsx';
import { bytes, money } from '../ui/format.ts';

function ReportRow({ report }: { report: ReportView }): JSX.Element {
  const { reportId, day, equityDollars, dayPnlDollars, dayPnlFraction, fills } = report;
  return (
    <li>
      <button type="button" onClick={() => openSheet({ kind: 'report', reportId })} aria-label={`Open the report of ${day}`}>
        <span className="num">{day}</span>
        {equityDollars === null ? <span className="muted">nothing measured</span> : <span className="num">{money(equityDollars)} <small className="muted">USD</small></span>}
        {dayPnlDollars === null ? <span className="muted">–</span> : <Pnl value={dayPnlDollars.toFixed(2)} fraction={dayPnlFraction} />}
        <span className="num muted">{fills} {fills === 1 ? 'fill' : 'fills'}, {bytes(report.bytes)}</span>
      </button>
    </li>
  );
}

/** The card. */
export function ReportsCard(): JSX.Element {
  const query = useReports();
  const write = useAction('runFlow', [['deployments'], ['runs']]);
  return (
    <Card
      title="Daily reports"
      extra={<Button size="compact-xs" variant="default" leftSection={<IconFileAnalytics size={13} />} loading={write.isPending} onClick={() => write.mutate({ flow: 'generate_reports', input: {}, idempotencyKey: newKey() }, { onSuccess: ({ runId }) => openSheet({ kind: 'run', runId }) })}>Write one now</Button>}
    >
      {write.error && <Failure error={write.error} />}
      <Answer query={query}>
        {(data) => (data.reports.length === 0
          ? <Empty title="No report yet">One is written at 18:00 New York on each trading day: the curve, the day, the strategies, and every figure with its formula, in a file that needs no network.</Empty>
          : <ul className="reports">{data.reports.map((report) => <ReportRow key={report.reportId} report={report} />)}</ul>)}
      </Answer>
    </Card>
  );
}
