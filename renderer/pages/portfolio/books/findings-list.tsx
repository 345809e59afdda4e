/** What the guardian of orders and positions found: in words, with the remedy it proposes. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Popover, TextInput } from '@mantine/core';
import type { FindingView } from '#app/contracts/views.ts';
import { newKey } from '../../../data/client.ts';
import { useAction } from '../../../data/queries.ts';
import { Dot } from '../../../ui/kit.tsx';
import { useAge } from '../../../data/clock.ts';
import { age } from '../../../ui/format.ts';

const TONES = { info: 'idle', warning: 'warn', critical: 'bad' } as const;

function Apply({ finding }: { finding: FindingView }): JSX.Element | null {
  const [isOpen, setOpen] = useState(false);
  const action = useAction('applyRemedy', [['findings'], ['orders'], ['positions'], ['reconciliations']]);
  if (finding.remedy === null) return null;
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left" width={300} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-xs" variant="light" onClick={() => setOpen(true)}>Mend…</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack">
          <p>{finding.remedy}</p>
          {action.error && <p className="switch-error" role="alert">{action.error.message}</p>}
          {action.data ? <p role="status">{action.data.done}</p> : <Button size="compact-md" data-autofocus loading={action.isPending} onClick={() => action.mutate({ findingId: finding.findingId, idempotencyKey: newKey() })}>Do this</Button>}
        </div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Dismiss({ finding }: { finding: FindingView }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const action = useAction('dismissFinding', [['findings']]);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="left" width={280} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-xs" variant="subtle" color="gray" onClick={() => setOpen(true)}>Leave alone…</Button></Popover.Target>
      <Popover.Dropdown>
        <form className="stack" onSubmit={(event) => { event.preventDefault(); action.mutate({ findingId: finding.findingId, reason: reason.trim(), idempotencyKey: newKey() }, { onSuccess: () => setOpen(false) }); }}>
          <TextInput label="Why is it right as it is?" description="Kept with the finding; it stays away until it was gone once" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={200} data-autofocus error={action.error?.message} />
          <Button type="submit" size="compact-md" disabled={reason.trim() === ''} loading={action.isPending}>Leave it alone</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

/** One finding in a line. */
export function Finding({ finding }: { finding: FindingView }): JSX.Element {
  const since = useAge(finding.firstSeenAt);
  return (
    <li className={`finding ${finding.severity}`}>
      <Dot tone={TONES[finding.severity]} />
      <span><span>{finding.message}</span> <small className="muted">for <span className="num">{age(since)}</span>{finding.remedy === null && ' · only a person can mend it'}</small></span>
      <span className="row-actions"><Apply finding={finding} /><Dismiss finding={finding} /></span>
    </li>
  );
}

/** Is this finding about the symbol? Subjects are order ids, symbols, or `strategy/symbol`. Pure; exported for its test. */
export function isAbout(finding: Pick<FindingView, 'subject'>, symbol: string): boolean {
  return finding.subject === symbol || finding.subject.endsWith(`/${symbol}`);
}

/** Findings, the gravest first. */
export function FindingsList({ findings }: { findings: readonly FindingView[] }): JSX.Element {
  const rank = { critical: 0, warning: 1, info: 2 } as const;
  return <ul className="findings">{[...findings].sort((a, b) => rank[a.severity] - rank[b.severity] || b.firstSeenAt - a.firstSeenAt).map((finding) => <Finding key={finding.findingId} finding={finding} />)}</ul>;
}
