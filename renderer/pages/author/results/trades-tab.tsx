/** What did it trade? The price with entries and exits, and every round trip with how far it was under water and above. */
import { useMemo, useState } from 'react';
import type { JSX } from 'react';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { excursionFigure } from '../../../charts/author-run.ts';
import { LazyChart } from '../../../charts/lazy-chart.tsx';
import { useRowWindow } from '../../../ui/use-row-window.ts';
import { age, counted, money, NOTHING, percent, price, quantity, signOf } from '../../../ui/format.ts';
import { Empty } from '../../../ui/kit.tsx';
import { useTokens } from '../../../ui/use-tokens.ts';
import type { Denials } from './denied-words.ts';
import { useRunBars } from './run-chart-data.ts';
import { barWords } from './run-words.ts';
import { Choices, Picker } from './small-parts.tsx';
import { TradeChart } from './trade-chart.tsx';
import { filterTrips, sortTrips, tripRows, usualExcursion } from './trade-list-model.ts';
import type { TripFilter, TripRow, TripSort } from './trade-list-model.ts';

const ROW = 28;
const DOTS_MAX = 2_000;
const FILTERS: readonly (readonly [TripFilter, string])[] = [['all', 'All'], ['wins', 'Wins'], ['losses', 'Losses'], ['long', 'Long'], ['short', 'Short']];
const COLUMNS: readonly { readonly by: TripSort; readonly head: string; readonly unit?: string; readonly isNumber?: boolean; readonly isMinor?: boolean }[] = [
  { by: 'n', head: '#', isNumber: true, isMinor: true }, { by: 'symbol', head: 'Symbol' }, { by: 'openedAt', head: 'Entry' }, { by: 'holding', head: 'Held', isNumber: true }, { by: 'qty', head: 'Shares', isNumber: true, isMinor: true }, { by: 'entryPrice', head: 'In', unit: 'USD', isNumber: true, isMinor: true },
  { by: 'exitPrice', head: 'Out', unit: 'USD', isNumber: true, isMinor: true }, { by: 'profit', head: 'Profit', unit: 'USD', isNumber: true }, { by: 'growth', head: '%', isNumber: true }, { by: 'multiple', head: 'R', isNumber: true }, { by: 'mae', head: 'MAE / MFE' },
];

function Excursion({ row, widest }: { row: TripRow; widest: number }): JSX.Element {
  const part = (value: number): string => `${widest === 0 ? 0 : Math.min(1, Math.abs(value) / widest) * 50}%`;
  return <span className="rs-excursion" title={`Furthest under water ${money(row.mae)} USD, furthest above ${money(row.mfe, { signed: true })} USD, ended at ${money(row.profit, { signed: true })} USD`}><i className="down" style={{ width: part(row.mae) }} /><i className="up" style={{ width: part(row.mfe) }} /><b style={{ left: `${50 + (widest === 0 ? 0 : Math.max(-50, Math.min(50, (row.profit / widest) * 50)))}%` }} /></span>;
}

function TripLine({ row, widest, isChosen, isIntraday, hasRisk, choose, step }: { row: TripRow; widest: number; isChosen: boolean; isIntraday: boolean; hasRisk: boolean; choose(row: TripRow): void; step(row: TripRow): void }): JSX.Element {
  return (
    <tr className={isChosen ? 'opens chosen' : 'opens'} tabIndex={0} aria-selected={isChosen} onClick={() => choose(row)} onDoubleClick={() => step(row)} onKeyDown={(event) => { if (event.key === 'Enter') (isChosen ? step : choose)(row); }}>
      <td className="number minor num muted">{row.n}</td><td><strong>{row.symbol}</strong> <span className="muted">{row.side}</span></td><td className="num">{barWords(row.openedAt, isIntraday)}</td><td className="number num">{age(row.holding)}</td><td className="number minor num">{quantity(row.qty)}</td>
      <td className="number minor num">{price(row.entryPrice)}</td><td className="number minor num">{price(row.exitPrice)}</td><td className={`number num sign${signOf(row.profit)}`}>{money(row.profit, { signed: true })}</td><td className={`number num sign${signOf(row.growth)}`}>{percent(row.growth, { decimals: 1 })}</td>
      {hasRisk && <td className="number num">{row.multiple === null ? NOTHING : row.multiple.toFixed(1).replace('-', '−')}</td>}<td><Excursion row={row} widest={widest} /></td>
    </tr>
  );
}

function TripTable({ rows, chosen, isIntraday, choose, step }: { rows: readonly TripRow[]; chosen: TripRow | null; isIntraday: boolean; choose(row: TripRow): void; step(row: TripRow): void }): JSX.Element {
  const [sort, setSort] = useState<{ by: TripSort; isDown: boolean }>({ by: 'n', isDown: false });
  const sorted = useMemo(() => sortTrips(rows, sort.by, sort.isDown), [rows, sort]);
  const widest = useMemo(() => usualExcursion(rows), [rows]);
  // Without a stop nothing is at risk that a profit could be measured with.
  const hasRisk = useMemo(() => rows.some(({ multiple }) => multiple !== null), [rows]);
  const columns = hasRisk ? COLUMNS : COLUMNS.filter(({ by }) => by !== 'multiple');
  const { body, rows: shown } = useRowWindow(sorted.length, ROW);
  const press = (by: TripSort): void => setSort((now) => ({ by, isDown: now.by === by ? !now.isDown : by !== 'symbol' && by !== 'n' && by !== 'openedAt' }));
  return (
    <div className="table-scroll">
      <table className="data-table rs-trips" aria-label="Round trips">
        <thead><tr>{columns.map(({ by, head, unit, isNumber, isMinor }) => <th key={by} className={`${isNumber ? 'number' : ''} ${isMinor ? 'minor' : ''}`} aria-sort={sort.by !== by ? 'none' : sort.isDown ? 'descending' : 'ascending'}><button type="button" onClick={() => press(by)}>{head}{unit !== undefined && <small> {unit}</small>}<i aria-hidden>{sort.by !== by ? '' : sort.isDown ? '↓' : '↑'}</i></button></th>)}</tr></thead>
        <tbody ref={body}>
          {shown.above > 0 && <tr style={{ height: shown.above }} aria-hidden><td colSpan={columns.length} /></tr>}
          {sorted.slice(shown.start, shown.end).map((row) => <TripLine key={row.n} row={row} widest={widest} isChosen={row.n === chosen?.n} isIntraday={isIntraday} hasRisk={hasRisk} choose={choose} step={step} />)}
          {shown.below > 0 && <tr style={{ height: shown.below }} aria-hidden><td colSpan={columns.length} /></tr>}
        </tbody>
      </table>
    </div>
  );
}

/** Pain against profit. */
function Excursions({ rows }: { rows: readonly TripRow[] }): JSX.Element {
  const tokens = useTokens();
  const figure = useMemo(() => excursionFigure(rows.slice(0, DOTS_MAX).map((row) => ({ mae: row.mae, profit: row.profit, words: `#${row.n} ${row.symbol} ${row.side}<br>${money(row.profit, { signed: true })} USD after ${money(row.mae)} under water` })), tokens), [rows, tokens]);
  return <section className="rs-chart"><header><h3>Pain against profit</h3><span className="muted">where a tighter stop would have cut winners too</span></header><LazyChart figure={figure} height={190} label="Deepest open loss of each trip against its profit" /></section>;
}

/** The tab. `onStep`: shows a bar in the stepper. */
export function TradesTab({ result, denials, symbol, setSymbol, onStep }: { result: BacktestResult; denials: Denials | null; symbol: string; setSymbol(symbol: string): void; onStep(at: number): void }): JSX.Element {
  const [filter, setFilter] = useState<TripFilter>('all');
  const [isOneSymbol, setOneSymbol] = useState(false);
  const [chosen, setChosen] = useState<TripRow | null>(null);
  const series = useRunBars(result, symbol);
  const all = useMemo(() => tripRows(result), [result]);
  const rows = useMemo(() => filterTrips(all, filter, isOneSymbol ? symbol : null), [all, filter, isOneSymbol, symbol]);
  const focus = useMemo(() => (chosen === null ? null : { from: chosen.openedAt, to: chosen.closedAt }), [chosen]);
  const trip = useMemo(() => (chosen === null || chosen.symbol !== symbol ? null : { from: chosen.openedAt, to: chosen.closedAt, entry: chosen.entryPrice, exit: chosen.exitPrice, isGain: chosen.profit >= 0 }), [chosen, symbol]);
  const choose = (row: TripRow): void => {
    setSymbol(row.symbol);
    setChosen(row);
  };
  return (
    <>
      <div className="rs-tools">
        <Picker label="Symbol" value={symbol} options={result.symbols.map((name) => [name, name] as const)} onChange={(next) => { setSymbol(next); setChosen(null); }} />
        <span className="muted">{result.trades.length} fills{result.isTruncated ? ', the first of more' : ''} · a click on a bar opens it in Bars</span>
      </div>
      <TradeChart key={symbol} result={result} symbol={symbol} series={series} chosen={null} trip={trip} focus={focus} onBar={onStep} />
      {all.length === 0 ? <Empty title="No round trip was closed">{result.openPositions.length > 0 ? 'It bought and still held at the end.' : result.signals === 0 ? 'The strategy raised no signal. The Bars tab shows which of its conditions were not met.' : `It raised ${counted(result.signals, 'signal')}; none became a trade. ${denials === null ? 'The Bars tab shows what became of each.' : `${denials.headline}: ${denials.first.why}.`}`}</Empty> : (
        <>
          <div className="rs-tools"><Choices label="Which trips" value={filter} options={FILTERS} onChange={(next) => setFilter(next)} />{result.symbols.length > 1 && <label className="rs-check"><input type="checkbox" checked={isOneSymbol} onChange={(event) => setOneSymbol(event.currentTarget.checked)} /> {symbol} only</label>}<span className="muted">{rows.length} of {all.length}</span>{chosen !== null && <button type="button" className="link-button" onClick={() => onStep(chosen.openedAt - 1)}>Step through #{chosen.n}</button>}</div>
          <TripTable rows={rows} chosen={chosen} isIntraday={result.timeframe !== '1Day'} choose={choose} step={(row) => { setSymbol(row.symbol); onStep(row.openedAt - 1); }} />
          <Excursions rows={rows} />
        </>
      )}
    </>
  );
}
