/** One unit: how it is, its live output, how it last ended, and start, stop, restart. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Popover } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { UnitHealth, UnitId } from '#app/contracts/health.ts';
import { useStack } from '../data/stack.ts';
import { closeSheet } from '../frame/panels.ts';
import { hasShell } from '../shell/bridge.ts';
import { Answer, SkeletonRows, Tag } from '../ui/kit.tsx';
import { age, bothZones, bytes, latency, NOTHING, zoneName } from '../ui/format.ts';
import { ExitLines, IncidentList, useIncidents } from './incidents.tsx';
import { LogView } from './log-view.tsx';
import { useUnitAction } from './unit-action.ts';
import { exitWords, STATE_TONES } from './unit-words.ts';

const STORY_ROWS = 100;

function StopButton({ unit, stop, isPending }: { unit: UnitHealth; stop: () => void; isPending: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={260} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-sm" variant="default" onClick={() => setOpen(true)} loading={isPending}>Stop…</Button></Popover.Target>
      <Popover.Dropdown>
        <div className="stack"><p>{unit.title} stays stopped until you start it; parts that need it wait. {unit.id !== 'gateway' ? '' : hasShell ? 'Trading goes on; this window sees it again when you start the gateway.' : 'This page goes away with it.'}</p><Button size="compact-md" color="red" data-autofocus onClick={() => { setOpen(false); stop(); }}>Stop {unit.title}</Button></div>
      </Popover.Dropdown>
    </Popover>
  );
}

function Actions({ unit }: { unit: UnitHealth }): JSX.Element {
  const start = useUnitAction('startUnit');
  const stop = useUnitAction('stopUnit');
  const restart = useUnitAction('restartUnit');
  const error = start.error ?? stop.error ?? restart.error;
  const isDown = unit.state === 'stopped' || unit.state === 'failed' || unit.state === 'backoff';
  const input = { unitId: unit.id };
  return (
    <div className="unit-actions">
      {isDown ? <Button size="compact-sm" onClick={() => start.mutate(input)} loading={start.isPending}>Start</Button> : <><Button size="compact-sm" variant="default" onClick={() => restart.mutate(input)} loading={restart.isPending}>Restart</Button><StopButton unit={unit} stop={() => stop.mutate(input)} isPending={stop.isPending} /></>}
      {error && <p className="switch-error" role="alert">{error.message}</p>}
    </div>
  );
}

/** The unit's story; while there is none, how it last ended. */
function Story({ unit }: { unit: UnitHealth }): JSX.Element {
  const query = useIncidents(unit.id, STORY_ROWS);
  return (
    <section className="chapter">
      <header><h3>What happened</h3><span className="muted">newest first</span></header>
      <Answer query={query}>
        {(data) => {
          if (data.incidents.length > 0) return <IncidentList incidents={data.incidents} hasUnit={false} />;
          if (unit.lastExit === null) return <p className="muted">Nothing since its first start.</p>;
          return <><p>{unit.lastExit.reason} <span className="muted" title={bothZones(unit.lastExit.at)}>({exitWords(unit.lastExit)})</span></p><ExitLines exit={unit.lastExit} /></>;
        }}
      </Answer>
    </section>
  );
}

/** The unit in its sheet. */
export function UnitSheet({ unitId }: { unitId: UnitId }): JSX.Element {
  const unit = useStack()?.units.find((candidate) => candidate.id === unitId);
  if (!unit) return <SkeletonRows />;
  const facts: [string, string][] = [
    ['Process', unit.pid === null ? NOTHING : String(unit.pid)], ['Port', unit.port === null ? NOTHING : String(unit.port)], ['Uptime', age(unit.uptimeMs)], ['Restarts', String(unit.restarts)],
    ['CPU', unit.cpuPercent === null ? NOTHING : `${unit.cpuPercent.toFixed(1)} %`], ['Memory', bytes(unit.memoryBytes)], ['Last beat', age(unit.lastBeatAgeMs)], ['Latency', latency(unit.latencyMs)],
    ['Event loop p99', latency(unit.eventLoopDelayP99Ms)], ['Backlog', unit.backlog === null ? NOTHING : String(unit.backlog)], ['Oldest waiting', age(unit.oldestPendingAgeMs)], ['Broker heard', age(unit.brokerMessageAgeMs)],
  ];
  return (
    <div className="unit-sheet">
      <div className="story-head"><span className="story-title"><strong>{unit.title}</strong> <Tag tone={STATE_TONES[unit.state]}>{unit.state}</Tag></span><Actions unit={unit} /></div>
      {unit.reasons.length > 0 && <ul className="reasons">{unit.reasons.map((reason) => <li key={reason}>{reason}</li>)}</ul>}
      <dl className="facts grid">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="num">{value}</dd></div>)}</dl>
      <section className="chapter"><header><h3>Output</h3><span className="muted">live, times: {zoneName()} · <Link to="/logs" search={{ units: unit.id }} onClick={closeSheet}>all its lines</Link></span></header><LogView unit={unit.id} /></section>
      <Story unit={unit} />
    </div>
  );
}
