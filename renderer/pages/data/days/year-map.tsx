/** A year of coverage as a calendar: one cell a day of the exchange, its colour says how whole it is. */
import { useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import type { CoverageCalendar } from '#app/contracts/quality.ts';
import { count, counted, percent } from '../../../ui/format.ts';
import { columnsOfYear, fullnessOf, monthMarks, placeOf } from './year-grid.ts';

type Day = CoverageCalendar['days'][number];

const CELL = 14;
const GAP = 3;
const STEP = CELL + GAP;
const LEFT = 30;
const TOP = 18;
const WEEKDAYS = ['Mon', '', 'Wed', '', 'Fri'] as const;
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });

/** What a day has, in a sentence. */
function dayWords(day: Day): string {
  const lacking = day.series - day.complete;
  const whole = day.series === 1 ? '' : lacking === 0 ? `; all ${day.series} series are whole` : `; ${lacking} of ${day.series} series lack bars`;
  const held = day.quarantined === 0 ? '' : `; ${counted(day.quarantined, 'bar')} in quarantine`;
  return `${weekday.format(new Date(`${day.day}T12:00:00Z`))}: ${count(day.stored)} of ${count(day.expected)} bars (${percent(day.fraction, { signed: false, decimals: 1 })})${whole}${held}${day.isArchived ? '; in the archive' : ''}`;
}

function Cell({ day, isChosen, choose, hover }: { day: Day; isChosen: boolean; choose: () => void; hover: (day: Day | null) => void }): JSX.Element {
  const { column, row } = placeOf(day.day);
  const x = LEFT + column * STEP;
  const y = TOP + row * STEP;
  return (
    <g className={`cov cov-${fullnessOf(day.fraction)}${isChosen ? ' chosen' : ''}`} onClick={choose} onPointerEnter={() => hover(day)} onPointerLeave={() => hover(null)}>
      <rect x={x} y={y} width={CELL} height={CELL} rx={3} />
      {day.isArchived && <path d={`M${x + 3} ${y + CELL - 3} L${x + CELL - 3} ${y + 3}`} className="cov-archived" />}
      {day.quarantined > 0 && <circle cx={x + CELL - 3} cy={y + 3} r={2.2} className="cov-held" />}
    </g>
  );
}

/** The map of one year. `chosen` is walked with the arrow keys. */
export function YearMap({ calendar, chosen, choose }: { calendar: CoverageCalendar; chosen: string | null; choose: (day: string | null) => void }): JSX.Element {
  const [hovered, hover] = useState<Day | null>(null);
  const { days, year } = calendar;
  const width = LEFT + columnsOfYear(year) * STEP;
  const shown = hovered ?? days.find((day) => day.day === chosen) ?? null;
  const walk = (event: KeyboardEvent): void => {
    const by = { ArrowRight: 5, ArrowLeft: -5, ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined || days.length === 0) return;
    event.preventDefault();
    const at = days.findIndex((day) => day.day === chosen);
    choose(days[Math.max(0, Math.min(days.length - 1, at === -1 ? 0 : at + by))]?.day ?? null);
  };
  return (
    <figure className="year-map">
      <svg viewBox={`0 0 ${width} ${TOP + 5 * STEP}`} role="img" aria-label={`Coverage of ${year}, day by day`} tabIndex={0} onKeyDown={walk}>
        {monthMarks(year).map(({ name, column }) => <text key={name} x={LEFT + column * STEP} y={11}>{name}</text>)}
        {WEEKDAYS.map((name, row) => <text key={row} x={0} y={TOP + row * STEP + 11}>{name}</text>)}
        {days.map((day) => <Cell key={day.day} day={day} isChosen={day.day === chosen} choose={() => choose(day.day === chosen ? null : day.day)} hover={hover} />)}
      </svg>
      <figcaption className="num" aria-live="polite">{shown === null ? <span className="muted">Point at a day, or walk with the arrow keys</span> : dayWords(shown)}</figcaption>
    </figure>
  );
}

const LEGEND = [['full', 'all bars'], ['most', '99.5 % and more'], ['part', '90 % and more'], ['thin', 'less'], ['none', 'none']] as const;

/** What the colours mean. */
export function CoverageLegend(): JSX.Element {
  return (
    <ul className="cov-legend">
      {LEGEND.map(([name, words]) => <li key={name}><svg width={12} height={12} aria-hidden className={`cov cov-${name}`}><rect width={12} height={12} rx={3} /></svg>{words}</li>)}
      <li><svg width={12} height={12} aria-hidden className="cov cov-full"><rect width={12} height={12} rx={3} /><path d="M2.5 9.5 L9.5 2.5" className="cov-archived" /></svg>in the archive</li>
      <li><svg width={12} height={12} aria-hidden className="cov cov-most"><rect width={12} height={12} rx={3} /><circle cx={9.5} cy={2.8} r={2.2} className="cov-held" /></svg>quarantine</li>
    </ul>
  );
}
