/** The verdict of a back-test, to be read here; that it was read is noted with a name and a time. */
import type { JSX } from 'react';
import { Button, UnstyledButton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { newKey } from '../../../data/client.ts';
import { useAction, useRoute } from '../../../data/queries.ts';
import { Answer, Empty, Failure, Tag } from '../../../ui/kit.tsx';

const BELIEFS = { believe: ['good', 'Believe it'], doubtful: ['warn', 'Doubtful'], do_not_believe: ['bad', 'Do not believe it'] } as const;
const GRADES = { good: ['good', 'good'], weak: ['warn', 'weak'], bad: ['bad', 'bad'], unknown: ['idle', 'not known'] } as const;

function Words({ verdict }: { verdict: NonNullable<BacktestResult['verdict']> }): JSX.Element {
  const [tone, belief] = BELIEFS[verdict.belief];
  return (
    <>
      <p className="dp-verdict-head"><Tag tone={tone}>{belief}</Tag> {verdict.headline}</p>
      <ul className="dp-verdict-reasons">
        {verdict.reasons.map((reason) => <li key={reason.finding}><Tag tone={GRADES[reason.grade][0]}>{GRADES[reason.grade][1]}</Tag><div><p>{reason.finding}</p>{reason.remedy !== '' && <p className="muted">{reason.remedy}</p>}</div></li>)}
      </ul>
    </>
  );
}

/** The reader. `version`: whose gates this passes. */
export function VerdictReader({ projectId, version, backtestId, close }: { projectId: string; version: number; backtestId: string; close: () => void }): JSX.Element {
  const query = useRoute('backtest', ['backtest', backtestId], { backtestId });
  const read = useAction('readVerdict', [['gates']]);
  return (
    <section className="dp-reader" aria-label="Verdict">
      <header><h3>The verdict</h3><Link className="link" to="/author" search={(now) => ({ ...now, pane: 'run', run: backtestId })}>Open the whole run</Link><UnstyledButton className="link" onClick={close}>Close</UnstyledButton></header>
      <Answer query={query}>{({ result }) => (result?.verdict
        ? (
          <>
            <Words verdict={result.verdict} />
            {read.error !== null && <Failure error={read.error} />}
            <Button size="compact-sm" loading={read.isPending} onClick={() => read.mutate({ projectId, version, backtestId, idempotencyKey: newKey() }, { onSuccess: close })}>I have read it</Button>
          </>
        )
        : <Empty title="No verdict yet">The run is not at its end. The verdict is written when statistics and Monte Carlo are there.</Empty>)}
      </Answer>
    </section>
  );
}
