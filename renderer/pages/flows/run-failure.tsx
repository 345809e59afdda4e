/** Why a run failed: what happened, what caused it, what to do. */
import type { JSX } from 'react';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { FlowRunDetail } from '#app/contracts/flows.ts';

/** The failure on top of the run. */
export function FailureChapter({ run }: { run: FlowRunDetail }): JSX.Element {
  const failure = run.failure ?? { message: run.error ?? 'It ended without saying why.', code: null, step: null, causes: [], remedy: null };
  return (
    <section className="run-failure" role="alert">
      <IconAlertTriangle size={18} aria-hidden />
      <div>
        <p className="failure-message">{failure.message}</p>
        {failure.causes.length > 0 && <ol className="failure-causes" aria-label="Caused by">{failure.causes.map((cause, n) => <li key={n}>{cause}</li>)}</ol>}
        <p className="failure-place muted">{failure.step !== null && <>in step <strong>{failure.step}</strong></>}{failure.step !== null && failure.code !== null && ' · '}{failure.code !== null && <code>{failure.code}</code>}</p>
        {failure.remedy !== null && <p className="failure-remedy"><strong>What to do</strong> {failure.remedy}</p>}
      </div>
    </section>
  );
}
