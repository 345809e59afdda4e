/** What did it say? The lines that the strategy wrote, found by word and level; a line opens its bar. */
import { useEffect, useMemo, useState } from 'react';
import type { JSX } from 'react';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { RunLogLineView } from '#app/contracts/studio.ts';
import { MAX_LOG_LINES } from '#app/contracts/studio.ts';
import { call } from '../../../data/client.ts';
import { count } from '../../../ui/format.ts';
import { Empty, Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { useRowWindow } from '../../../ui/use-row-window.ts';
import { barWords } from './run-words.ts';
import { Choices } from './small-parts.tsx';

const ROW = 22;
type Level = 'all' | RunLogLineView['level'];
const LEVELS: readonly (readonly [Level, string])[] = [['all', 'All'], ['info', 'Info'], ['warn', 'Warnings'], ['error', 'Errors']];

/** Lines of a level that hold the words, in any case. */
function foundLines(lines: readonly RunLogLineView[], level: Level, words: string): readonly RunLogLineView[] {
  const wanted = words.trim().toLowerCase();
  return lines.filter((line) => (level === 'all' || line.level === level) && (wanted === '' || line.line.toLowerCase().includes(wanted) || line.symbol?.toLowerCase() === wanted));
}

function Line({ line, isIntraday, onStep }: { line: RunLogLineView; isIntraday: boolean; onStep(at: number, symbol: string | null): void }): JSX.Element {
  const { barTime, symbol } = line;
  return (
    <tr className={`rs-line ${line.level}`}>
      <td className="num">{barTime === null ? <span className="muted">–</span> : <button type="button" className="link-button" title="Open this bar" onClick={() => onStep(barTime - 1, symbol)}>{barWords(barTime, isIntraday)}</button>}</td>
      <td className="muted">{symbol ?? ''}</td><td className="rs-level">{line.level === 'info' ? '' : line.level}</td><td className="rs-words" title={line.line}>{line.line}</td>
    </tr>
  );
}

/** The tab. */
export function LogTab({ backtestId, dropped, isIntraday, onStep }: { backtestId: string; dropped: number; isIntraday: boolean; onStep(at: number, symbol: string | null): void }): JSX.Element {
  const [level, setLevel] = useState<Level>('all');
  const [words, setWords] = useState('');
  const query = useInfiniteQuery({
    queryKey: ['backtest log', backtestId], initialPageParam: 0, staleTime: Number.POSITIVE_INFINITY, queryFn: ({ signal, pageParam }) => call('backtestLog', { backtestId, afterSeq: pageParam }, { signal }),
    getNextPageParam: (page, pages) => (page.lines.length === 0 || pages.reduce((sum, { lines }) => sum + lines.length, 0) >= Math.min(page.total, MAX_LOG_LINES) ? null : (page.lines.at(-1)?.seq ?? null)),
  });
  const { hasNextPage, isFetching, fetchNextPage } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching) void fetchNextPage();
  }, [hasNextPage, isFetching, fetchNextPage]);
  const all = useMemo(() => query.data?.pages.flatMap(({ lines }) => lines) ?? [], [query.data]);
  const found = useMemo(() => foundLines(all, level, words), [all, level, words]);
  const { body, rows } = useRowWindow(found.length, ROW);
  if (query.error !== null && query.data === undefined) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <SkeletonRows />;
  if (all.length === 0) return <Empty title="It wrote nothing">Call <code>context.log(&apos;…&apos;)</code> in the strategy: each line stands here with its bar.</Empty>;
  return (
    <>
      <div className="rs-tools"><Choices label="Level" value={level} options={LEVELS} onChange={(next) => setLevel(next)} /><input className="rs-input wide" aria-label="Find in the log" placeholder="Find words or a symbol" value={words} onChange={(event) => setWords(event.currentTarget.value)} /><span className="muted">{count(found.length)} of {count(all.length)} lines</span></div>
      {dropped > 0 && <p className="rs-note">It wrote {count(dropped)} more lines; the first {count(MAX_LOG_LINES)} are kept.</p>}
      {found.length === 0 ? <Empty title="No line is like this">Take another word or level.</Empty> : (
        <table className="rs-log" aria-label="Log of the strategy">
          <tbody ref={body}>
            {rows.above > 0 && <tr style={{ height: rows.above }} aria-hidden><td colSpan={4} /></tr>}
            {found.slice(rows.start, rows.end).map((line) => <Line key={line.seq} line={line} isIntraday={isIntraday} onStep={onStep} />)}
            {rows.below > 0 && <tr style={{ height: rows.below }} aria-hidden><td colSpan={4} /></tr>}
          </tbody>
        </table>
      )}
    </>
  );
}
