/** A unit's output as it comes: the last lines, then each new one. */
import { useEffect, useRef, useState } from 'react';
import type { JSX } from 'react';
import { LogLineSchema } from '#app/contracts/health.ts';
import type { LogLine, UnitId } from '#app/contracts/health.ts';
import { openLogTail, readLines } from '../data/client.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';
import { Failure, SkeletonRows } from '../ui/kit.tsx';
import { marketTime } from '../ui/format.ts';

const LINES_FIRST = 200;
const LINES_KEPT = 1_000;
const RETRY_MS = 2_000;
/** How often the window asks for new lines: soon enough to look live. */
const ASK_MS = 600;

type Shown = { readonly level: string; readonly text: string };

/** A line of ours is JSON: its level, its message and its fields; any other line is shown as it is. Pure; exported for its test. */
export function readLine(line: Pick<LogLine, 'text' | 'stream'>): Shown {
  if (!line.text.startsWith('{')) return { level: line.stream === 'stderr' ? 'warn' : 'info', text: line.text };
  try {
    const { level, msg, ts: _ts, unit: _unit, ...fields } = JSON.parse(line.text) as Record<string, unknown>;
    const rest = Object.entries(fields).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`).join(' ');
    return { level: typeof level === 'string' ? level : 'info', text: `${typeof msg === 'string' ? msg : ''}${rest === '' ? '' : `  ${rest}`}` };
  } catch (error) {
    if (error instanceof SyntaxError) return { level: 'info', text: line.text };
    throw error;
  }
}

/** Asks the shell for what came since the last line, again and again, until the signal ends it. */
async function followShell(unit: UnitId, signal: AbortSignal, add: (lines: LogLine[]) => void): Promise<void> {
  let afterSeq: number | undefined;
  while (!signal.aborted) {
    const { lines } = await shellCall('unitLogs', { unitId: unit, lines: LINES_FIRST, ...(afterSeq === undefined ? {} : { afterSeq }) });
    if (signal.aborted) return;
    if (lines.length > 0 || afterSeq === undefined) add(lines);
    afterSeq = lines.at(-1)?.seq ?? afterSeq ?? -1;
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}

async function follow(unit: string, signal: AbortSignal, add: (lines: LogLine[]) => void): Promise<void> {
  await readLines(await openLogTail(unit, LINES_FIRST, signal), (lines) => add(lines.map((line) => LogLineSchema.parse(JSON.parse(line)))));
}

/** The live tail; sticks to the end until the reader scrolls up. */
export function LogView({ unit }: { unit: UnitId }): JSX.Element {
  const [lines, setLines] = useState<readonly LogLine[] | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  const box = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  useEffect(() => {
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    setLines(null);
    (hasShell ? followShell : follow)(unit, abort.signal, (fresh) => {
      setFailure(null);
      setLines((now) => [...(now ?? []), ...fresh].slice(-LINES_KEPT));
    }).catch((error: unknown) => {
      if (!abort.signal.aborted) setFailure(error);
    }).finally(() => {
      if (!abort.signal.aborted) timer = setTimeout(() => setAttempt((now) => now + 1), RETRY_MS);
    });
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [unit, attempt]);
  useEffect(() => {
    const element = box.current;
    if (element && isAtEnd.current) element.scrollTop = element.scrollHeight;
  }, [lines]);
  const onScroll = (): void => {
    const element = box.current;
    if (element) isAtEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 24;
  };
  if (failure !== null && (lines === null || lines.length === 0)) return <Failure error={failure} />;
  if (lines === null) return <SkeletonRows count={8} />;
  return (
    <div className="log" ref={box} onScroll={onScroll} tabIndex={0} role="log" aria-label={`Output of ${unit}`}>
      {lines.map((line) => {
        const shown = readLine(line);
        return <div key={line.seq} className={`log-line ${shown.level}`}><time className="muted">{marketTime(line.at)}</time><span className="log-level">{shown.level}</span><span>{shown.text}</span></div>;
      })}
      {lines.length === 0 && <p className="muted">Quiet since its start.</p>}
    </div>
  );
}
