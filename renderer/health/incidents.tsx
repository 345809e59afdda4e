/** "What happened": the story of the parts, newest first; where a process ended, its first and last lines unfold. */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import { UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { IconChevronRight } from '@tabler/icons-react';
import type { LastExit, UnitId, UnitIncident } from '#app/contracts/health.ts';
import { call } from '../data/client.ts';
import { useNow } from '../data/clock.ts';
import { useStack } from '../data/stack.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';
import { partName } from '../shell/parts.ts';
import { Answer, Card, Empty, Tag } from '../ui/kit.tsx';
import { bothZones, marketDayTime, marketTime, zoneName } from '../ui/format.ts';
import { foldStory } from './story.ts';
import type { StoryLine } from './story.ts';
import { exitShort, exitWords, STATE_TONES } from './unit-words.ts';

/** A net below the changes of state. */
const EVERY_MS = 15_000;
const KEPT_MS = 5_000;
const ROWS_FIRST = 6;
/** The most that may be asked for; many of them fold into one line. */
const ROWS_MAX = 200;
const NAMES_MAX = 3;
const DAY_MS = 86_400_000;

/** What happened to a unit, or to all (null); from the shell in the window, which knows it while nothing runs. */
export function useIncidents(unitId: UnitId | null, limit = ROWS_MAX): UseQueryResult<{ incidents: UnitIncident[] }> {
  // Each line of the story is a change of state: it is read anew when one is seen.
  const stamp = useStack()?.units.map((unit) => `${unit.state}${unit.since}`).join() ?? 'at rest';
  return useQuery({
    queryKey: ['unitHistory', unitId, limit, stamp], gcTime: KEPT_MS, refetchInterval: EVERY_MS, placeholderData: (before) => before,
    queryFn: ({ signal }) => (hasShell ? shellCall('unitHistory', { unitId, limit }) : call('unitHistory', { ...(unitId === null ? {} : { unitId }), limit }, { signal })),
  });
}

/** The lines between which a process lived. */
export function ExitLines({ exit }: { exit: LastExit }): JSX.Element {
  const hasBoth = exit.firstLines.length > 0 && exit.lastLines.length > 0;
  if (exit.firstLines.length + exit.lastLines.length === 0) return <p className="muted">It said nothing before it ended.</p>;
  return <pre className="exit-lines" tabIndex={0} aria-label="First and last lines">{[...exit.firstLines, ...(hasBoth ? ['…'] : []), ...exit.lastLines].join('\n')}</pre>;
}

/** Up to three parts by name, more by number. */
function who(units: readonly UnitId[]): string {
  return units.length <= NAMES_MAX ? units.map(partName).join(', ') : `${units.length} parts`;
}

function Row({ line, hasUnit }: { line: StoryLine; hasUnit: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const now = useNow();
  const { exit } = line;
  const words = (
    <>
      <time className="num muted" title={bothZones(line.at)}>{now - line.at < DAY_MS ? marketTime(line.at) : marketDayTime(line.at)}</time>
      <span className="incident-words">{hasUnit && <strong title={line.units.map(partName).join(', ')}>{who(line.units)}</strong>} <Tag tone={STATE_TONES[line.state]}>{line.state}</Tag> <span className="muted">{line.reason}</span></span>
      <span className="muted incident-exit" title={exit ? exitWords(exit) : undefined}>{exit ? exitShort(exit) : ''}</span>
    </>
  );
  if (!exit) return <li className="incident"><div className="incident-row">{words}<span /></div></li>;
  return (
    <li className={isOpen ? 'incident open' : 'incident'}>
      <UnstyledButton className="incident-row" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{words}<IconChevronRight size={13} aria-hidden /></UnstyledButton>
      {isOpen && <ExitLines exit={exit} />}
    </li>
  );
}

/** The list; more rows on demand. */
export function IncidentList({ incidents, hasUnit = true }: { incidents: readonly UnitIncident[]; hasUnit?: boolean }): JSX.Element {
  const [isAll, setAll] = useState(false);
  const story = useMemo(() => foldStory(incidents), [incidents]);
  const shown = isAll ? story : story.slice(0, ROWS_FIRST);
  return (
    <>
      <ul className="incidents">{shown.map((line) => <Row key={`${line.at}-${line.units.join()}-${line.state}`} line={line} hasUnit={hasUnit} />)}</ul>
      {story.length > shown.length && <UnstyledButton className="more" onClick={() => setAll(true)}>Show all {story.length}</UnstyledButton>}
    </>
  );
}

/** The card. */
export function IncidentsCard(): JSX.Element {
  const query = useIncidents(null);
  return (
    <Card title="What happened" extra={<span className="muted">times: {zoneName()}, newest first</span>} isFlush>
      <Answer query={query}>{(data) => (data.incidents.length === 0 ? <Empty title="Nothing happened yet">Starts, ends and restarts of the parts are told here, with their first and last lines.</Empty> : <IncidentList incidents={data.incidents} />)}</Answer>
    </Card>
  );
}
