/** A run's own log: what it said, followed while it runs. */
import { useEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { Switch } from '@mantine/core';
import type { FlowRunDetail, RunLogLine } from '#app/contracts/flows.ts';
import { call } from '../../data/client.ts';
import { Failure } from '../../ui/kit.tsx';
import { marketTime, zoneName } from '../../ui/format.ts';
import { isEnded } from './run-words.ts';

const ASK_MS = 700;
/** Lines that are kept in the page; a run may write far more. */
const LINES_MAX = 2_000;
const END_PX = 24;

/** Old lines with new ones behind them, each once, the newest that fit. Pure; exported for its test. */
export function appendLines(known: readonly RunLogLine[], fresh: readonly RunLogLine[], max = LINES_MAX): readonly RunLogLine[] {
  const last = known.at(-1)?.seq ?? -1;
  const added = fresh.filter((line) => line.seq > last);
  return added.length === 0 ? known : [...known, ...added].slice(-max);
}

function useFollowed(run: FlowRunDetail): { lines: readonly RunLogLine[]; error: unknown } {
  const [lines, setLines] = useState<readonly RunLogLine[]>(run.logs);
  const [error, setError] = useState<unknown>(null);
  const newest = useRef(0);
  newest.current = lines.at(-1)?.seq ?? 0;
  const isLive = !isEnded(run);
  const { runId, logs } = run;
  useEffect(() => setLines((now) => appendLines(now, logs)), [logs]);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const ask = async (): Promise<void> => {
      try {
        const { lines: fresh } = await call('runLogs', { runId, afterSeq: newest.current }, { signal: abort.signal });
        setLines((now) => appendLines(now, fresh));
        setError(null);
      } catch (failed) {
        if (abort.signal.aborted) return;
        setError(failed);
      }
      // Asked once more after the end: the last lines may be younger than what came with the run.
      if (isLive && !abort.signal.aborted) timer = setTimeout(() => void ask(), ASK_MS);
    };
    void ask();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [runId, isLive]);
  return { lines, error };
}

function fieldsOf(line: RunLogLine): string {
  return Object.entries(line.fields ?? {}).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ');
}

/** The log as a chapter of the run. */
export function RunLog({ run }: { run: FlowRunDetail }): JSX.Element {
  const { lines, error } = useFollowed(run);
  const [isFollowing, setFollowing] = useState(true);
  const box = useRef<HTMLDivElement>(null);
  const isLive = !isEnded(run);
  useEffect(() => {
    const element = box.current;
    if (element && isFollowing && isLive) element.scrollTop = element.scrollHeight;
  }, [lines, isFollowing, isLive]);
  const onScroll = (): void => {
    const element = box.current;
    if (element && isLive) setFollowing(element.scrollHeight - element.scrollTop - element.clientHeight < END_PX);
  };
  return (
    <section className="chapter run-log">
      <header><h3>Log</h3><span className="muted run-log-tools">{lines.length >= LINES_MAX && `the newest ${LINES_MAX} lines · `}{lines.length} {lines.length === 1 ? 'line' : 'lines'}, times: {zoneName()}{isLive && <Switch size="xs" label="Follow" checked={isFollowing} onChange={(event) => setFollowing(event.currentTarget.checked)} />}</span></header>
      {error !== null && <Failure error={error} />}
      {lines.length === 0
        ? <p className="muted run-quiet">{isLive ? 'It has said nothing yet.' : 'It said nothing.'}</p>
        : <div className="log" ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-label={`Log of ${run.runId}`}>{lines.map((line) => <div key={line.seq} className={`log-line ${line.level}`}><time className="muted">{marketTime(line.at)}</time><span className="log-level">{line.level}</span><span>{line.message}{line.fields !== null && Object.keys(line.fields).length > 0 && <small className="muted">  {fieldsOf(line)}</small>}</span></div>)}</div>}
    </section>
  );
}
