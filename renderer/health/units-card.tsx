/** The map of the units in start order: state, uptime, restarts, CPU, memory, last beat, latency. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import type { UnitHealth } from '#app/contracts/health.ts';
import { useStack } from '../data/stack.ts';
import { openSheet } from '../frame/panels.ts';
import { Card, Dot, SkeletonRows } from '../ui/kit.tsx';
import { age, bytes, latency, NOTHING } from '../ui/format.ts';
import { Sparkline } from '../ui/sparkline.tsx';
import { addSample } from './unit-history.ts';
import type { UnitHistory } from './unit-history.ts';
import { PHASES, STATE_TONES, sumUnits } from './unit-words.ts';

const BEAT_LATE_MS = 5_000;
/** Sparklines of CPU begin at zero and reach at least a fifth of a core, so that idling looks idle. */
const CPU_SCALE = [0, 20] as const;

function UnitRow({ unit, cpu }: { unit: UnitHealth; cpu: readonly number[] }): JSX.Element {
  const open = (): void => openSheet({ kind: 'unit', unitId: unit.id });
  return (
    <tr className="opens" tabIndex={0} onClick={open} onKeyDown={(event) => { if (event.key === 'Enter') open(); }} title={unit.reasons.join('\n')}>
      <td><span className="unit-name"><Dot tone={STATE_TONES[unit.state]} /><strong>{unit.title}</strong></span></td>
      <td><span className={`unit-state ${STATE_TONES[unit.state]}`}>{unit.state}</span>{unit.reasons.length > 0 && <span className="muted unit-reason">{unit.reasons[0]}</span>}</td>
      <td className="number num">{unit.kind === 'oneshot' ? NOTHING : age(unit.uptimeMs)}</td>
      <td className={unit.restarts > 0 ? 'number num warn-text' : 'number num'}>{unit.restarts}</td>
      <td className="number"><span className="cpu"><Sparkline values={cpu} width={40} height={14} tone="accent" scale={CPU_SCALE} /><span className="num">{unit.cpuPercent === null ? NOTHING : `${unit.cpuPercent.toFixed(1)} %`}</span></span></td>
      <td className="number num">{bytes(unit.memoryBytes)}</td>
      <td className={unit.lastBeatAgeMs !== null && unit.lastBeatAgeMs > BEAT_LATE_MS ? 'number num loss-text' : 'number num'}>{age(unit.lastBeatAgeMs)}</td>
      <td className="number num">{latency(unit.latencyMs)}</td>
      <td className="number num muted">{unit.port ?? NOTHING}</td>
    </tr>
  );
}

/** The card. */
export function UnitsCard(): JSX.Element {
  const stack = useStack();
  const [history, setHistory] = useState<UnitHistory>(new Map());
  useEffect(() => {
    if (stack) setHistory((now) => addSample(now, stack));
  }, [stack]);
  if (!stack) return <Card title="Units"><SkeletonRows count={11} /></Card>;
  const sum = sumUnits(stack.units);
  return (
    <Card title="Units" extra={<span className="muted num">{sum.ready} of {sum.total} ready · {bytes(sum.memoryBytes)} · {sum.restarts} {sum.restarts === 1 ? 'restart' : 'restarts'}</span>} isFlush>
      <div className="table-scroll">
        <table className="data-table units" aria-label="Units in start order">
          <thead><tr><th>Unit</th><th>State</th><th className="number">Uptime</th><th className="number">Restarts</th><th className="number">CPU</th><th className="number">Memory</th><th className="number">Beat</th><th className="number">Latency</th><th className="number">Port</th></tr></thead>
          {PHASES.map((phase, n) => {
            const units = phase.units.flatMap((id) => stack.units.filter((unit) => unit.id === id));
            return units.length > 0 && (
              <tbody key={phase.name}>
                <tr className="phase"><th colSpan={9} scope="rowgroup"><span className="num">{n + 1}</span> {phase.name}</th></tr>
                {units.map((unit) => <UnitRow key={unit.id} unit={unit} cpu={history.get(unit.id) ?? []} />)}
              </tbody>
            );
          })}
        </table>
      </div>
    </Card>
  );
}
