/** Does our book match the broker's, and what is left to mend? */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { useAge } from '../data/clock.ts';
import { useFindings, useReconciliations } from '../data/queries.ts';
import { openSheet } from '../frame/panels.ts';
import { FindingsList } from '../pages/portfolio/books/findings-list.tsx';
import { Answer, Card, Dot } from '../ui/kit.tsx';
import { age, count, counted, latency } from '../ui/format.ts';

const SHOWN = 3;

/** The card. */
export function BooksCard(): JSX.Element {
  const runs = useReconciliations('all');
  const findings = useFindings().data?.findings ?? [];
  const newest = runs.data?.reconciliations[0];
  const since = useAge(newest?.at ?? null);
  const different = runs.data?.reconciliations.filter((run) => !run.isClean).length ?? 0;
  return (
    <Card title="Our book and the broker’s" extra={<Button size="compact-xs" variant="default" onClick={() => openSheet({ kind: 'reconciliation' })}>Report</Button>}>
      <Answer query={runs}>
        {(data) => (newest === undefined ? <p className="muted">Not compared yet: it happens at each start and every few minutes.</p> : (
          <dl className="facts">
            <div><dt>Last comparison</dt><dd><Dot tone={newest.isClean ? 'good' : 'warn'} /> {newest.isClean ? 'even' : counted(newest.differences.length, 'difference')}, <span className="num">{age(since)}</span> ago</dd></div>
            {newest.compared !== null && <div><dt>Compared</dt><dd className="num">{counted(newest.compared.orders, 'order')}, {counted(newest.compared.fills, 'fill')}, {latency(newest.compared.tookMs)}</dd></div>}
            <div><dt>With differences</dt><dd className="num">{count(different)} of {count(data.reconciliations.length)}</dd></div>
          </dl>
        ))}
      </Answer>
      {findings.length > 0 && <FindingsList findings={findings.slice(0, SHOWN)} />}
      {findings.length > SHOWN && <p className="muted">and {count(findings.length - SHOWN)} more in the report</p>}
    </Card>
  );
}
