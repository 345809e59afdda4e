/** "What happened": the story of the parts, newest first; where a process ended, its first and last lines unfold. */
import { useState } from 'react';
import type { JSX } from 'react';
import { UnstyledButton } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { UseQueryResult } from '@tanstack/react-query';
import { IconChevronRight } from '@tabler/icons-react';
import type { LastExit, UnitId } from '#app/contracts/health.ts';
import type { UnitIncident } from '#app/contracts/health.ts';
import { call } from '../data/client.ts';
import { useNow } from '../data/clock.ts';
import { hasShell, shellCall } from '../shell/bridge.ts';
import { Answer, Card, Dot, Empty } from '../ui/kit.tsx';
import { bothZones, marketDayTime, marketTime } from '../ui/format.ts';
import { exitWords, STATE_TONES } from './unit-words.ts';

const EVERY_MS = 3_000;
const ROWS_FIRST = 6;
const ROWS_MAX = 60;
const DAY_MS = 86_400_000;

/** What happened to a unit, or to all (null); from the shell in the window, which knows it while nothing runs. */
export function useIncidents(unitId: UnitId | null, limit = ROWS_MAX): UseQueryResult<{ incidents: UnitIncident[] }> {
  return useQuery({
    queryKey: ['unitHistory', unitId, limit], refetchInterval: EVERY_MS, placeholderData: (before) => before,
    queryFn: ({ signal }) => (hasShell ? shellCall('unitHistory', { unitId, limit }) : call('unitHistory', { ...(unitId === null ? {} : { unitId }), limit }, { signal })),
  });
}

/** The lines between which a process lived. */
export function ExitLines({ exit }: { exit: LastExit }): JSX.Element {
  const hasBoth = exit.firstLines.length > 0 && exit.lastLines.length > 0;
  if (exit.firstLines.length + exit.lastLines.length === 0) return <p className="muted">It said nothing before it ended.</p>;
  return <pre className="exit-lines" tabIndex={0} aria-label="First and last lines">{[...exit.firstLines, ...(hasBoth ? ['…'] : []), ...exit.lastLines].join('\n')}</pre>;
}

function Row({ incident, hasUnit }: { incident: UnitIncident; hasUnit: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const now = useNow();
  const { exit } = incident;
  const words = (
    <>
      <time className="num muted" title={bothZones(incident.at)}>{now - incident.at < DAY_MS ? marketTime(incident.at) : marketDayTime(incident.at)}</time>
      <Dot tone={STATE_TONES[incident.state]} />
      <span className="incident-words">{hasUnit && <strong>{incident.unit}</strong>} <span className={`unit-state ${STATE_TONES[incident.state]}`}>{incident.state}</span> <span className="muted">{incident.reason}</span></span>
      <span className="muted incident-exit">{exit ? exitWords(exit) : ''}</span>
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
  const shown = isAll ? incidents : incidents.slice(0, ROWS_FIRST);
  return (
    <>
      <ul className="incidents">{shown.map((incident, n) => <Row key={`${incident.at}-${incident.unit}-${incident.state}-${n}`} incident={incident} hasUnit={hasUnit} />)}</ul>
      {incidents.length > shown.length && <UnstyledButton className="more" onClick={() => setAll(true)}>Show all {incidents.length}</UnstyledButton>}
    </>
  );
}

/** The card. */
export function IncidentsCard(): JSX.Element {
  const query = useIncidents(null);
  return (
    <Card title="What happened" extra={<span className="muted">New York time, newest first</span>} isFlush>
      <Answer query={query}>{(data) => (data.incidents.length === 0 ? <Empty title="Nothing happened yet">Starts, ends and restarts of the parts are told here, with their first and last lines.</Empty> : <IncidentList incidents={data.incidents} />)}</Answer>
    </Card>
  );
}
