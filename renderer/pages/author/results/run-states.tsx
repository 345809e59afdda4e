/** A run without a result: nothing run yet, running, failed, cancelled, not found. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { Button, Skeleton } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconPlayerPlayFilled } from '@tabler/icons-react';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import { Empty } from '../../../ui/kit.tsx';
import { bothZones } from '../../../ui/format.ts';
import { editorNow } from '../open-project.ts';
import { useCancel, useGo } from './runs.ts';
import { barWords, doingWords, progressOf, remedyOf } from './run-words.ts';
import { RunHead } from './run-head.tsx';

const TICK_MS = 500;

/** The present, renewed while somebody watches. */
export function useTick(isOn: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!isOn) return undefined;
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, [isOn]);
  return now;
}

/** How far it is: a bar that is empty while that is not known. */
export function Progress({ detail }: { detail: BacktestDetail | undefined }): JSX.Element {
  const part = progressOf(detail);
  return <div className={part === null ? 'rs-progress unknown' : 'rs-progress'} role="progressbar" aria-label="Progress of the run" aria-valuemin={0} aria-valuemax={100} aria-valuenow={part === null ? undefined : Math.round(part * 100)}><i style={{ width: `${(part ?? 0) * 100}%` }} /></div>;
}

/** What will stand here. */
export function NothingRun({ onRun }: { onRun: (() => void) | null }): JSX.Element {
  return (
    <div className="rs-nothing">
      <Empty title="Is this idea any good?" action={onRun === null ? undefined : <Button size="compact-sm" leftSection={<IconPlayerPlayFilled size={13} />} onClick={onRun}>Run the back-test</Button>}>
        Run it over stored bars. First comes the verdict: whether the result can be believed, and what would change it. Then the equity with its falls, each trade on the price, each bar with what the strategy saw, and its log.
      </Empty>
      <div className="rs-ghost" aria-hidden><span className="g1" /><span className="g2" /><svg viewBox="0 0 400 110" preserveAspectRatio="none"><path d="M0 96 C40 90 60 70 96 76 S150 50 190 58 S250 26 292 36 S360 14 400 8" /></svg></div>
    </div>
  );
}

/** A run under way that has no curve yet: its shape is kept. */
export function RunningPart({ detail }: { detail: BacktestDetail }): JSX.Element {
  const now = useTick(true);
  const cancel = useCancel();
  const [isCancelling, setCancelling] = useState(false);
  return (
    <div className="rs-run">
      <RunHead detail={detail} />
      <section className="rs-verdict idle rs-coming" aria-busy>
        <header><div className="rs-doing"><h2>{isCancelling ? 'Cancelling' : doingWords(detail, now)}</h2><Progress detail={detail} /></div>
          <Button size="compact-sm" variant="default" disabled={isCancelling || detail.view.runId === null} onClick={() => { setCancelling(true); cancel(detail.view).catch(() => setCancelling(false)); }}>Cancel</Button></header>
      </section>
      <div className="rs-headline" aria-hidden>{Array.from({ length: 8 }, (_none, n) => <div key={n}><Skeleton height={10} width={70} /><Skeleton height={16} width={56} mt={6} /></div>)}</div>
      <Skeleton height={290} radius="md" aria-label="The curve follows" />
    </div>
  );
}

/** A run that ended without a result. */
export function EndedPart({ detail }: { detail: BacktestDetail }): JSX.Element {
  const { problem, state } = detail.view;
  const go = useGo();
  if (state === 'cancelled') return <div className="rs-run"><RunHead detail={detail} /><Empty title="The run was cancelled">Nothing of it was kept. The settings are still in the bar below.</Empty></div>;
  const { path, line, column } = problem ?? { path: null, line: null, column: null };
  const version = detail.view.project?.version;
  const reveal = (): void => {
    if (path === null || line === null) return;
    if (version !== undefined) go({ version });
    editorNow()?.reveal({ path, line, column: column ?? 1 });
  };
  return (
    <div className="rs-run">
      <RunHead detail={detail} />
      <section className="rs-failed" role="alert">
        <h2>The run failed</h2>
        <p className="rs-why">{problem?.message ?? 'Nothing is known of why.'}</p>
        {path !== null && line !== null && <p>At <button type="button" className="link-button mono" onClick={reveal}>{path}:{line}{column === null ? '' : `:${column}`}</button></p>}
        {problem !== null && problem.openTime !== null && <p className="muted" title={bothZones(problem.openTime)}>At the bar of {barWords(problem.openTime, detail.view.timeframe !== '1Day')}{problem.symbol === null ? '' : ` of ${problem.symbol}`}</p>}
        <p className="muted">{remedyOf(problem?.code ?? '')}</p>
        {problem?.code === 'SYMBOL_UNKNOWN' && <p><Link to="/data">Open the Data page</Link></p>}
        {problem !== null && <code className="muted">{problem.code}</code>}
      </section>
    </div>
  );
}
