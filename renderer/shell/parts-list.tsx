/** The parts in start order: what each is for before the start, how far each one is during it. */
import type { JSX } from 'react';
import { IconAlertTriangle, IconCheck, IconX } from '@tabler/icons-react';
import type { Mode } from '#app/contracts/config.ts';
import type { StackHealth, UnitHealth } from '#app/contracts/health.ts';
import { useNow } from '../data/clock.ts';
import { STATE_TONES } from '../health/unit-words.ts';
import { isUp, partsIn, partsOf } from './parts.ts';
import type { Part, Span, StartTimes } from './parts.ts';

/** The shortest time that the bars stand for: a quick start looks quick. */
const SCALE_MIN_MS = 3_000;

function Mark({ unit }: { unit: UnitHealth | undefined }): JSX.Element {
  const state = unit?.state ?? 'stopped';
  if (state === 'degraded') return <span className="part-mark warn"><IconAlertTriangle size={12} stroke={2.2} aria-hidden /></span>;
  if (isUp(state)) return <span className="part-mark good"><IconCheck size={12} stroke={2.6} aria-hidden /></span>;
  if (state === 'failed' || state === 'backoff' || state === 'unresponsive') return <span className="part-mark bad"><IconX size={12} stroke={2.6} aria-hidden /></span>;
  return <span className={state === 'starting' || state === 'stopping' ? 'part-mark busy' : 'part-mark'} aria-hidden />;
}

function seconds(ms: number): string {
  return `${(Math.max(0, ms) / 1000).toFixed(1)} s`;
}

/** A part's time from its begin to ready, on the clock of the whole start. */
function Bar({ span, from, scaleMs, tone }: { span: Span | undefined; from: number; scaleMs: number; tone: string }): JSX.Element {
  const begin = span?.begin ?? null;
  const end = span?.end ?? from + scaleMs;
  const at = (instant: number): number => Math.max(0, Math.min(100, ((instant - from) / scaleMs) * 100));
  return <span className={`part-bar ${tone}`} aria-hidden>{begin !== null && <i style={{ left: `${at(begin)}%`, width: `${Math.max(1.2, at(end) - at(begin))}%` }} />}</span>;
}

function took(unit: UnitHealth | undefined, span: Span | undefined, now: number): string {
  if (!unit || !span || span.begin === null) return '';
  if (unit.state === 'starting') return seconds(now - span.begin);
  return span.end === null ? '' : seconds(span.end - span.begin);
}

/** What each part is for. */
export function PartsToBe({ mode }: { mode: Mode }): JSX.Element {
  return (
    <section className="parts" aria-label="What starts">
      <h2>What starts, in this order</h2>
      <ol>{partsOf(mode).map((part) => <li key={part.id} className="part"><span className="part-mark" aria-hidden /><strong>{part.name}</strong><span className="muted part-does">{part.does}</span></li>)}</ol>
    </section>
  );
}

function Row({ part, unit, span, start }: { part: Part; unit: UnitHealth | undefined; span: Span | undefined; start: { from: number; scaleMs: number; now: number } }): JSX.Element {
  const state = unit?.state ?? 'waiting';
  const tone = STATE_TONES[state];
  return (
    <li className={`part ${isUp(state) ? 'up' : state}`}>
      <Mark unit={unit} /><strong>{part.name}</strong>
      <span className={`part-state ${tone}`}>{state}</span>
      <Bar span={span} from={start.from} scaleMs={start.scaleMs} tone={tone} />
      <span className="num muted part-took">{took(unit, span, start.now)}</span>
    </li>
  );
}

/** How far each part is. With `times`, bars show when it started and how long it took. */
export function PartsNow({ stack, mode, times }: { stack: StackHealth | null; mode: Mode; times: StartTimes | null }): JSX.Element {
  const now = useNow();
  const parts = stack === null ? partsOf(mode) : partsIn(stack);
  const ends = [...(times?.spans.values() ?? [])].map((span) => span.end ?? stack?.at ?? now);
  const from = times?.startedAt ?? now;
  const start = { from, scaleMs: Math.max(SCALE_MIN_MS, Math.max(from, ...ends) - from), now: Math.max(now, stack?.at ?? 0) };
  return (
    <section className="parts now" aria-label="Parts">
      <h2>Parts</h2>
      <ol>{parts.map((part) => <Row key={part.id} part={part} unit={stack?.units.find((unit) => unit.id === part.id)} span={times?.spans.get(part.id)} start={start} />)}</ol>
    </section>
  );
}
