/** What the run bar has to say: what is wrong with the settings, what runs now, why the last press began nothing. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import type { BacktestView } from '#app/contracts/studio.ts';
import { isUnanswered } from '../../../data/client.ts';
import { Progress, useTick } from './run-states.tsx';
import { shortDoing } from './run-words.ts';
import type { Problems } from './run-draft.ts';
import { forgetStart, useBacktest, useCancel, useGo, useStarting } from './runs.ts';

function Active({ view }: { view: BacktestView }): JSX.Element {
  const detail = useBacktest(view.backtestId).data;
  const now = useTick(true);
  const cancel = useCancel();
  const go = useGo();
  const [failure, setFailure] = useState<string | null>(null);
  return (
    <div className="rs-status" aria-live="polite">
      <button type="button" className="link-button" onClick={() => go({ run: view.backtestId, pane: 'run' })}>{shortDoing(detail ?? { view, progress: null }, now)}</button>
      <Progress detail={detail} />
      <button type="button" className="link-button" disabled={view.runId === null} onClick={() => { cancel(view).catch((error: unknown) => setFailure(error instanceof Error ? error.message : String(error))); }}>Cancel</button>
      {failure !== null && <span className="rs-problem" role="alert">{failure}</span>}
    </div>
  );
}

/** The words. */
export function RunStatus({ problems, active, hasErrors, noBars }: { problems: Problems; active: BacktestView | null; hasErrors: boolean; noBars: boolean }): JSX.Element {
  const starting = useStarting();
  if (starting?.stage === 'failed') return <div className="rs-status wrong" role="alert"><span>{isUnanswered(starting.error) ? 'The gateway does not answer. Press Run again: nothing begins twice.' : starting.error instanceof Error ? starting.error.message : String(starting.error)}</span><button type="button" className="link-button" onClick={forgetStart}>Put away</button></div>;
  if (active !== null) return <Active view={active} />;
  if (starting !== null) return <div className="rs-status" aria-live="polite">{starting.stage === 'saving' ? 'Saving a version' : 'Starting'}</div>;
  const first = Object.values(problems)[0];
  if (first !== undefined) return <div className="rs-status wrong" role="status">{first}</div>;
  if (noBars) return <div className="rs-status wrong" role="status"><span>No such bars are stored.</span><Link to="/data">Fetch some on the Data page</Link></div>;
  return <div className="rs-status muted">{hasErrors ? 'The code has errors: a run would fail.' : ''}</div>;
}
