/** The live log of a deployment: a tail that can be filtered and held. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX } from 'react';
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay } from '@tabler/icons-react';
import type { StrategyLogLine } from '#app/contracts/deploy.ts';
import { Answer, Empty } from '../../../ui/kit.tsx';
import { bothZones, counted, marketDayTime, marketTime } from '../../../ui/format.ts';
import { useLogTail } from './deploy-queries.ts';
import { filterLines, LOG_LEVELS, MAX_TAIL_LINES } from './log-tail.ts';
import type { LogLevel } from './log-tail.ts';

/** Drawn at once; older lines are found by filtering. */
const SHOWN = 400;

function Lines({ lines, isFollowing }: { lines: readonly StrategyLogLine[]; isFollowing: boolean }): JSX.Element {
  const end = useRef<HTMLDivElement>(null);
  const last = lines.at(-1)?.seq;
  useEffect(() => {
    if (isFollowing) end.current?.scrollTo({ top: end.current.scrollHeight });
  }, [last, isFollowing]);
  return (
    <div className="log dp-log" ref={end} tabIndex={0} aria-label="Log of the strategy">
      {lines.map((line) => <div key={line.seq} className={`log-line ${line.level}`}><span className="muted" title={`${marketDayTime(line.at)} heard\n${bothZones(line.at)}`}>{marketTime(line.barTime ?? line.at)}</span><span className="log-level">{line.level}</span><span>{line.symbol !== null && <b>{line.symbol} </b>}{line.line}</span></div>)}
    </div>
  );
}

/** The tab. */
export function LogView({ strategyId }: { strategyId: string }): JSX.Element {
  const query = useLogTail(strategyId);
  const [level, setLevel] = useState<LogLevel>('info');
  const [words, setWords] = useState('');
  const [held, setHeld] = useState<readonly StrategyLogLine[] | null>(null);
  const all = held ?? query.data;
  const lines = useMemo(() => filterLines(all ?? [], level, words), [all, level, words]);
  const waiting = held === null ? 0 : (query.data ?? []).filter(({ seq }) => seq > (held.at(-1)?.seq ?? -1)).length;
  return (
    <>
      <div className="dp-log-tools">
        <SegmentedControl size="xs" aria-label="Level" value={level} onChange={setLevel} data={[...LOG_LEVELS]} />
        <TextInput size="xs" aria-label="Filter the log" placeholder="Filter" value={words} onChange={(event) => setWords(event.currentTarget.value)} spellCheck={false} />
        <Button size="compact-sm" variant="default" leftSection={held === null ? <IconPlayerPause size={13} /> : <IconPlayerPlay size={13} />} onClick={() => setHeld(held === null ? (query.data ?? []) : null)}>{held === null ? 'Hold' : waiting > 0 ? `Go on, ${counted(waiting, 'line')} more` : 'Go on'}</Button>
      </div>
      <Answer query={query}>{(data) => (data.length === 0
        ? <Empty title="Nothing written yet">What the strategy writes with <code>log(…)</code> and every error of it stands here, newest below.</Empty>
        : <><Lines lines={lines.slice(-SHOWN)} isFollowing={held === null} /><p className="muted dp-note">{counted(lines.length, 'line')}{lines.length > SHOWN ? `, the newest ${SHOWN} shown` : ''}{data.length >= MAX_TAIL_LINES ? '; older ones were let go here' : ''}</p></>)}
      </Answer>
    </>
  );
}
