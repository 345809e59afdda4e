/** The map of two parameters: each cell a score; plateaus are broad and even, needles stand alone. A cell can be taken along. */
import { useMemo, useState } from 'react';
import type { CSSProperties, JSX } from 'react';
import type { HeatMapView, SearchReportView, TrialView } from '#app/contracts/search-report.ts';
import { mapCells } from '../../../charts/author-search.ts';
import type { MapCell } from '../../../charts/author-search.ts';
import { nameOf, writtenBy } from './figure-view.ts';
import { Picker } from './small-parts.tsx';

/** Cells that carry their number; more are colours alone. */
const NUMBERED_COLUMNS = 12;

const RULES: Readonly<Record<HeatMapView['rule'], string>> = { best: 'Each cell is the best of the points that share these two values', median: 'Each cell is the middle of the points that share these two values', worst: 'Each cell is the worst of the points that share these two values' };

function isPoint(cell: MapCell, map: HeatMapView, trial: TrialView | null): boolean {
  return trial !== null && trial.parameters[map.x] === cell.x && trial.parameters[map.y] === cell.y;
}

function trialOf(cell: MapCell, map: HeatMapView, report: SearchReportView): TrialView | null {
  return report.top.find((trial) => isPoint(cell, map, trial)) ?? null;
}

/** The figures of the cell under the pointer. */
function Told({ cell, map, report }: { cell: MapCell | null; map: HeatMapView; report: SearchReportView }): JSX.Element {
  if (cell === null) return <p className="rs-note">{RULES[map.rule]}. A click takes a cell&apos;s parameters along.</p>;
  const trial = trialOf(cell, map, report);
  const figures = trial === null ? [] : ['total_return', 'max_drawdown', 'trades'].map((name) => `${nameOf(name).toLowerCase()} ${writtenBy(name, trial.figures[name])}`);
  return <p className="rs-note num"><b>{map.y} {String(cell.y)}, {map.x} {String(cell.x)}</b>: {cell.score === null ? 'not judged' : `score ${writtenBy('score', cell.score)}`}{cell.count > 1 ? ` of ${cell.count} points` : ''}{figures.length > 0 ? `, ${figures.join(', ')}` : ''}</p>;
}

function Cell({ cell, map, report, hasNumber, point, take }: { cell: MapCell; map: HeatMapView; report: SearchReportView; hasNumber: boolean; point(cell: MapCell): void; take(cell: MapCell): void }): JSX.Element {
  const isSturdy = isPoint(cell, map, report.sturdy);
  const isBest = isPoint(cell, map, report.best);
  const words = `${map.y} ${String(cell.y)}, ${map.x} ${String(cell.x)}: ${cell.score === null ? 'not judged' : writtenBy('score', cell.score)}${isSturdy ? ', the sturdiest' : ''}${isBest ? ', the best' : ''}`;
  const style: CSSProperties & Record<'--part', string> = { '--part': `${Math.round(Math.abs(cell.strength) * 78)}%` };
  return (
    <button type="button" className={`rs-cell ${cell.strength < 0 ? 'below' : 'above'} ${isSturdy ? 'sturdy' : ''} ${isBest ? 'best' : ''}`} style={style} aria-label={words} disabled={cell.score === null} onPointerEnter={() => point(cell)} onFocus={() => point(cell)} onClick={() => take(cell)}>
      {hasNumber ? (cell.score === null ? '' : cell.score.toFixed(2).replace('-', '−')) : ''}
    </button>
  );
}

/** The part. */
export function MapPart({ report, take }: { report: SearchReportView; take(parameters: TrialView['parameters']): void }): JSX.Element | null {
  const [shown, setShown] = useState('0');
  const [cell, setCell] = useState<MapCell | null>(null);
  const map = report.maps[Number(shown)] ?? report.maps[0];
  const rows = useMemo(() => (map === undefined ? [] : mapCells(map)), [map]);
  if (map === undefined) return null;
  const takeCell = (of: MapCell): void => take({ ...(trialOf(of, map, report)?.parameters ?? report.sturdy?.parameters ?? report.best?.parameters ?? {}), [map.x]: of.x, [map.y]: of.y });
  const columns = map.xValues.length;
  return (
    <section className="rs-chart rs-map">
      <header><h3>Map</h3>{report.maps.length > 1 ? <Picker label="Which two parameters" value={shown} options={report.maps.map(({ x, y }, n) => [String(n), `${y} by ${x}`] as const)} onChange={(next) => { setShown(next); setCell(null); }} /> : <span className="muted">{map.y} by {map.x}</span>}<span className="rs-mark-key"><i className="sturdy" /> sturdiest <i className="best" /> best</span></header>
      <div className="rs-map-box">
        <span className="rs-map-y"><code>{map.y}</code></span>
        <div className="rs-map-grid" style={{ gridTemplateColumns: `auto repeat(${columns}, minmax(0, 1fr))` }} onPointerLeave={() => setCell(null)}>
          {rows.map((row) => [<span key={`y${String(row[0]?.y)}`} className="rs-map-tick num">{String(row[0]?.y ?? '')}</span>, ...row.map((one) => <Cell key={`${String(one.x)} ${String(one.y)}`} cell={one} map={map} report={report} hasNumber={columns <= NUMBERED_COLUMNS} point={setCell} take={takeCell} />)])}
          <span />{map.xValues.map((x, n) => <span key={String(x)} className="rs-map-tick num x">{columns <= 16 || n % Math.ceil(columns / 12) === 0 ? String(x) : ''}</span>)}
        </div>
        <span className="rs-map-x"><code>{map.x}</code></span>
      </div>
      <Told cell={cell} map={map} report={report} />
    </section>
  );
}
