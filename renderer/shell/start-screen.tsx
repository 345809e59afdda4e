/** While the stack starts or stops: each part by its real state, what a long wait waits for, and what to do when a part cannot start. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import type { StackHealth, UnitHealth } from '#app/contracts/health.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { useNow } from '../data/clock.ts';
import { useTradingState } from '../data/stack.ts';
import { useHalt } from '../frame/use-halt.ts';
import { ExitLines } from '../health/incidents.tsx';
import { exitWords } from '../health/unit-words.ts';
import { HoldButton } from '../ui/hold-button.tsx';
import { Dot } from '../ui/kit.tsx';
import { DiagnosticsButton } from './diagnostics-button.tsx';
import { isUp, noteTimes } from './parts.ts';
import type { StartTimes } from './parts.ts';
import { PartsNow } from './parts-list.tsx';
import { ShellPage } from './shell-page.tsx';
import { useShellAction } from './shell-queries.ts';

/** After this long there is a way past the start screen. */
const LONG_MS = 15_000;
const NOTICES_MAX = 3;

const MARKETS = { demo: 'the demo market', paper: 'your paper account', live: 'your live account' } as const;

/** Times of the parts, gathered while they start. */
function useStartTimes(stack: StackHealth | null): StartTimes | null {
  const [times, setTimes] = useState<StartTimes | null>(null);
  useEffect(() => {
    if (stack) setTimes((known) => noteTimes(known, stack));
  }, [stack]);
  return times;
}

function Progress({ stack, isStopping }: { stack: StackHealth | null; isStopping: boolean }): JSX.Element {
  const now = useNow();
  const units = stack?.units ?? [];
  const up = units.filter((unit) => isUp(unit.state)).length;
  const share = units.length === 0 ? 0 : up / units.length;
  const seconds = stack === null || isStopping ? null : Math.max(0, Math.round((Math.max(now, stack.at) - stack.startedAt) / 1000));
  return (
    <div className="start-progress">
      <div className="start-track" role="progressbar" aria-label={isStopping ? 'Parts still running' : 'Parts ready'} aria-valuemin={0} aria-valuemax={units.length} aria-valuenow={up}><i style={{ width: `${share * 100}%` }} /></div>
      <p className="num muted">{units.length === 0 ? 'Preparing' : isStopping ? `${up} of ${units.length} still running` : `${up} of ${units.length} ready`}{seconds !== null && <span>{seconds} s</span>}</p>
    </div>
  );
}

/** Why it takes so long: what the supervisor said since this start (or stop) began, and what starting parts say of themselves. */
function Waits({ stack, since }: { stack: StackHealth; since: number }): JSX.Element | null {
  const told = stack.notices.filter((notice) => notice.at >= since && notice.level !== 'info').slice(-NOTICES_MAX);
  const own = stack.units.filter((unit) => unit.state === 'starting' && unit.reasons.length > 0);
  if (told.length + own.length === 0) return null;
  return (
    <ul className="start-notices" aria-live="polite">
      {own.map((unit) => <li key={unit.id}><Dot tone="busy" /><span><strong>{unit.title}</strong> {unit.reasons.join('; ')}</span></li>)}
      {told.map((notice) => <li key={`${notice.at}-${notice.text}`}><Dot tone={notice.level === 'error' ? 'bad' : 'warn'} /><span>{notice.text}</span></li>)}
    </ul>
  );
}

/** A part that did not start: why, its last words, and the way on. */
function Broken({ unit }: { unit: UnitHealth }): JSX.Element {
  const again = useShellAction('startUnit');
  const exit = unit.lastExit;
  return (
    <section className="broken" role="alert">
      <header><strong>{unit.title} {unit.state === 'failed' ? 'did not start' : 'ended and is started again'}</strong>{exit && <span className="muted">{exitWords(exit)}</span>}</header>
      <p>{unit.reasons[0] ?? exit?.reason ?? 'It gave no reason.'}</p>
      {exit && <ExitLines exit={{ ...exit, firstLines: [], lastLines: exit.lastLines.slice(-12) }} />}
      <div className="shell-actions">
        <Button size="compact-md" loading={again.isPending} onClick={() => again.mutate({ unitId: unit.id })}>Start again</Button>
        <DiagnosticsButton />
      </div>
      {again.error && <p className="switch-error">{again.error.message}</p>}
    </section>
  );
}

/** While parts are missing others may trade already: HALT stays in reach. */
function Halt(): JSX.Element {
  const { halt, error } = useHalt();
  const { state } = useTradingState();
  if (state === 'HALTED') return <span className="loss-text">Trading HALTED</span>;
  return <><HoldButton className="halt" onHeld={halt} label="Halt trading: hold. No new order goes out until you resume; cancels always work"><IconHandStop size={15} aria-hidden /><span>HALT</span></HoldButton>{error !== null && <p className="switch-error" role="alert">{error}</p>}</>;
}

/** The screen of a start. `peek` opens the dashboard although parts are missing; `isOpening`: all is ready, the dashboard is on its way. */
export function StartScreen({ status, peek, isOpening = false }: { status: ShellStatus; peek: () => void; isOpening?: boolean }): JSX.Element {
  const now = useNow();
  const stop = useShellAction('stop');
  const { stack } = status;
  const times = useStartTimes(stack);
  const broken = stack?.units.filter((unit) => unit.state === 'failed' || (unit.state === 'backoff' && unit.lastExit !== null)) ?? [];
  const canHalt = stack?.units.some((unit) => unit.id === 'risk_management' && isUp(unit.state)) === true && (broken.length > 0 || now - stack.startedAt > LONG_MS);
  const isLong = stack !== null && now - stack.startedAt > LONG_MS;
  return (
    <ShellPage status={status} title={isOpening ? 'Ready' : broken.length > 0 ? 'A part is missing' : 'Starting'} lead={isOpening ? 'Opening the dashboard.' : broken.length > 0 ? 'The parts that need it wait. What is there already goes on.' : `Each part begins when the one before it answers. Then ${MARKETS[status.mode]} opens.`} aside={<PartsNow stack={stack} mode={status.mode} times={times} />}>
      <Progress stack={stack} isStopping={false} />
      {stack && !isOpening && <Waits stack={stack} since={stack.startedAt} />}
      {broken.slice(0, 2).map((unit) => <Broken key={unit.id} unit={unit} />)}
      {!isOpening && (
        <div className="shell-actions">
          <Button size="compact-md" variant="default" loading={stop.isPending} onClick={() => stop.mutate({})}>Stop</Button>
          {(isLong || broken.length > 0) && <Button size="compact-md" variant="subtle" onClick={peek}>Show the dashboard</Button>}
          {isLong && broken.length === 0 && <DiagnosticsButton />}
          {canHalt && <Halt />}
        </div>
      )}
      {stop.error && <p className="switch-error" role="alert">{stop.error.message}</p>}
    </ShellPage>
  );
}

/** The screen of a stop: the parts end in reverse order. */
export function StopScreen({ status }: { status: ShellStatus }): JSX.Element {
  const [beganAt] = useState(() => Date.now());
  return (
    <ShellPage status={status} title="Stopping" lead="Each part finishes what it is doing, the book last. Orders that are open at the broker stay open there." aside={<PartsNow stack={status.stack} mode={status.mode} times={null} />}>
      <Progress stack={status.stack} isStopping />
      {status.stack && <Waits stack={status.stack} since={beganAt} />}
    </ShellPage>
  );
}
