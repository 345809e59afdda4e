/** Our book beside the broker's: what the guardian still sees, and every comparison with its differences and what was done. */
import { useState } from 'react';
import type { JSX } from 'react';
import { SegmentedControl } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck } from '@tabler/icons-react';
import type { ReconciliationView } from '#app/contracts/views.ts';
import { useAge } from '../../../data/clock.ts';
import { useFindings, useReconciliations } from '../../../data/queries.ts';
import { Answer, Card, Empty } from '../../../ui/kit.tsx';
import { age, bothZones, count, counted, latency, localTime } from '../../../ui/format.ts';
import { FindingsList } from './findings-list.tsx';

/** "12 orders, 40 fills, 3 positions in 14 ms". */
function comparedWords(run: ReconciliationView): string {
  if (run.compared === null) return '';
  const { orders, fills, positions, tookMs } = run.compared;
  return `${counted(orders, 'order')}, ${counted(fills, 'fill')}, ${counted(positions, 'position')} in ${latency(tookMs)}`;
}

function Differences({ run }: { run: ReconciliationView }): JSX.Element {
  return (
    <table className="data-table differences" aria-label="Differences">
      <thead><tr><th>What</th><th>Of</th><th>Ours</th><th>Theirs</th><th>Done</th></tr></thead>
      <tbody>{run.differences.map((difference, n) => <tr key={`${difference.kind}-${difference.subject}-${n}`}><td>{difference.kind.replaceAll('_', ' ')}</td><td><code title={difference.subject}>{difference.subject.length > 24 ? `…${difference.subject.slice(-22)}` : difference.subject}</code></td><td className="num">{difference.ours ?? '–'}</td><td className="num">{difference.theirs ?? '–'}</td><td className="muted">{difference.action.replaceAll('_', ' ')}</td></tr>)}</tbody>
    </table>
  );
}

function Run({ run }: { run: ReconciliationView }): JSX.Element {
  const differences = run.differences.length;
  return (
    <li className={run.isClean ? 'comparison' : 'comparison different'}>
      <details open={!run.isClean && differences > 0 && differences <= 8}>
        <summary>
          {run.isClean ? <IconCircleCheck size={14} aria-label="even" /> : <IconAlertTriangle size={14} aria-label="different" />}
          <span className="num" title={bothZones(run.at)}>{localTime(run.at)}</span>
          <span>{run.isClean ? 'even' : counted(differences, 'difference')}</span><span className="muted">{comparedWords(run)}</span>
        </summary>
        {differences > 0 ? <Differences run={run} /> : <p className="muted">Orders, fills and positions were the same on both sides.</p>}
      </details>
    </li>
  );
}

function Newest({ run }: { run: ReconciliationView | undefined }): JSX.Element | null {
  const since = useAge(run?.at ?? null);
  if (run === undefined) return null;
  return <p className="comparison-newest">{run.isClean ? 'Even' : counted(run.differences.length, 'difference')} at the last comparison, <span className="num">{age(since)}</span> ago{run.compared !== null && <span className="muted">: {comparedWords(run)}</span>}</p>;
}

/** The sheet. */
export function ReconciliationSheet(): JSX.Element {
  const [only, setOnly] = useState<'all' | 'different'>('all');
  const runs = useReconciliations(only);
  const newest = useReconciliations('all').data?.reconciliations[0];
  const findings = useFindings();
  return (
    <div className="reconciliation">
      <Card title="Found and not mended" extra={findings.data && <span className="muted num">{count(findings.data.findings.length)}</span>}>
        <Answer query={findings}>{(data) => (data.findings.length === 0 ? <Empty title="Nothing is wrong">Stuck orders, positions without their stop, exits of nothing and sums that differ from the broker's are listed here, each with what would mend it.</Empty> : <FindingsList findings={data.findings} />)}</Answer>
      </Card>
      <Card title="Comparisons" extra={<SegmentedControl size="xs" value={only} onChange={setOnly} data={[{ value: 'all', label: 'All' }, { value: 'different', label: 'With differences' }]} aria-label="Which comparisons" />}>
        <Newest run={newest} />
        <Answer query={runs}>
          {(data) => (data.reconciliations.length === 0
            ? <Empty title={only === 'all' ? 'Not compared yet' : 'Never a difference'}>{only === 'all' ? 'Our book is compared with the broker’s at each start, after each lost connection, and every few minutes.' : 'All comparisons that are kept were even.'}</Empty>
            : <ul className="comparisons">{data.reconciliations.map((run) => <Run key={run.runId} run={run} />)}</ul>)}
        </Answer>
      </Card>
    </div>
  );
}
