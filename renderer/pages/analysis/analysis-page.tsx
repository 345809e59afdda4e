/** The analysis page: the chart is the page; beside it what is known of the symbol, below it the statistics. */
import { useCallback, useEffect, useState } from 'react';
import type { JSX } from 'react';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { barCount } from '#app/domain/bar-columns.ts';
import { loadCharts } from '../../charts/lazy-chart.tsx';
import { useAge, useIsStale } from '../../data/clock.ts';
import { useChartSymbol } from '../../data/queries.ts';
import { age, bothZones, marketDay, marketDayTime } from '../../ui/format.ts';
import { Failure } from '../../ui/kit.tsx';
import { readAnalysisSearch, readCompared, searchOf } from './address.ts';
import { ChartArea } from './chart-area.tsx';
import { SourceTag } from './chart-layers.tsx';
import { IndicatorPicker } from './indicator-picker.tsx';
import { useDefaultLayout } from './layouts-menu.tsx';
import { changeLook, lastSymbol, lookNow, noteRecent, useLook } from './look.ts';
import { NoBars } from './no-bars.tsx';
import { Rail } from './rail.tsx';
import { ReplayBar } from './replay-bar.tsx';
import { endReplay, replayNow, startReplay, useReplay } from './replay.ts';
import { changeSelection, chooseBar, useSelection } from './selection.ts';
import { isIntraday } from './series.ts';
import { hoverNow } from './stage.ts';
import { SymbolSearchList } from './symbol-search.tsx';
import { DrawingProblem, DrawingTools, Toolbar } from './toolbar.tsx';
import { useChart } from './use-chart.ts';
import type { Chart } from './use-chart.ts';
import { useDrawingTable } from './use-drawings.ts';
import type { DrawingTable } from './use-drawings.ts';
import { useChartKeys } from './use-keys.ts';
import { StatsDrawer } from './stats/stats-drawer.tsx';
import { WhyCard } from './why/why-card.tsx';


// Whoever comes straight here waits for the code of the chart as long as for its bars: both at once.
if (location.pathname === '/analysis') loadCharts().catch((error: unknown) => console.warn('The code of the chart did not come', error));

const REPLAY_BARS_BACK = 100;
const RAIL_KEY = 'mainspring.chart.rail';

/** The symbol of the address, else the last one; what the address says of the look is taken over, and the address follows the look. */
function useAddress(): { symbol: string | null; bar: number | null; show(symbol: string): void } {
  const raw = useSearch({ strict: false });
  const search = readAnalysisSearch(raw as Record<string, unknown>);
  const navigate = useNavigate();
  const look = useLook();
  const [began, setBegan] = useState(false);
  const told = JSON.stringify(search);
  useEffect(() => {
    const wanted = readAnalysisSearch(JSON.parse(told) as Record<string, unknown>);
    const { timeframe, adjustment, hours, style, isLog, compared } = wanted;
    const change = { ...(timeframe ? { timeframe } : {}), ...(adjustment ? { adjustment } : {}), ...(hours ? { hours } : {}), ...(style ? { style } : {}), ...(isLog === undefined ? {} : { isLog }), ...(compared === undefined ? {} : { compared: readCompared(compared) }) };
    const now = lookNow();
    if (Object.entries(change).some(([name, value]) => JSON.stringify(Reflect.get(now, name)) !== JSON.stringify(value))) changeLook(change);
    setBegan(true);
  }, [told]);
  const symbol = search.symbol ?? lastSymbol();
  useEffect(() => {
    if (!began || symbol === null) return;
    noteRecent(symbol);
    void navigate({ to: '/analysis', search: { ...searchOf(symbol, look), ...(search.bar === undefined ? {} : { bar: search.bar }) }, replace: true });
    // A changed address is read by the effect above; this one only writes what the page has decided.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [began, symbol, look, navigate]);
  const show = useCallback((next: string) => {
    chooseBar(null);
    endReplay();
    void navigate({ to: '/analysis', search: searchOf(next, lookNow()) });
  }, [navigate]);
  return { symbol, bar: search.bar ?? null, show };
}

const FRESH_MS = 60_000;

/** Where the bars are from and how old the answer is. */
function Source({ chart }: { chart: Chart }): JSX.Element | null {
  const { about, askedAt, error } = chart.state;
  const isStale = useIsStale();
  const asked = useAge(askedAt === 0 ? null : askedAt);
  if (about === null) return null;
  const isOld = isStale || error !== null || (asked ?? 0) > FRESH_MS;
  const words = `${about.storedAs === null ? 'no source' : about.sources.join(', ')}${about.isFromArchive ? ' · archive' : ''} · ${isOld ? `asked ${age(asked)} ago` : about.newest === null ? 'empty' : `to ${isIntraday(about.timeframe) ? marketDayTime(about.newest) : marketDay(about.newest)}`}`;
  const hover = [`Made of ${about.storedAs ?? 'no'} bars from ${about.sources.join(', ') || 'nowhere'}`, about.newest === null ? '' : `Newest bar: ${bothZones(about.newest)}`, `Answered in ${about.tookMs.toFixed(0)} ms`, error instanceof Error ? error.message : ''].filter((line) => line !== '').join('\n');
  return <SourceTag words={words} hover={hover} isOld={isOld} />;
}

/** The chart, or what stands in its place. */
function Stand({ symbol, chart, table, bar, show }: { symbol: string; chart: Chart; table: DrawingTable; bar: number | null; show(symbol: string): void }): JSX.Element {
  const look = useLook();
  const chosen = useSelection((now) => now.chosen);
  const known = useChartSymbol(symbol);
  const { state, bars } = chart;
  const first = bars?.time[0];
  const earliest = Math.min(...table.drawings.flatMap((drawing) => drawing.points.map((point) => point.time)));
  const { loadOlder } = state;
  const hasOlder = state.series?.hasOlder ?? false;
  useEffect(() => {
    // A line hangs on bars: those on which it was drawn are wanted, however far back.
    if (first !== undefined && hasOlder && earliest < first) loadOlder();
  }, [first, hasOlder, earliest, loadOlder]);
  if (bars === null || state.ask?.symbol !== symbol) return state.error === null || state.error === undefined ? <ChartSkeleton /> : <Failure error={state.error} retry={state.reload} />;
  if (barCount(bars) === 0) return <NoBars key={symbol} symbol={symbol} timeframe={look.timeframe} known={known.data?.known} onFilled={state.reload} onSymbol={show} />;
  const name = known.data?.known?.name ?? '';
  return (
    <ChartArea
      key={`${symbol} ${look.timeframe} ${look.hours}`} bars={bars} origin={chart.origin} isIntraday={isIntraday(look.timeframe)} look={look} tokens={chart.tokens} compared={chart.compared} factorAt={chart.factorAt} marks={chart.marks} actions={chart.actions} lines={chart.lines}
      table={table} until={chart.until} chosen={chosen} startAt={bar} onNeedOlder={loadOlder} label={`${symbol} ${look.timeframe} chart`}
      head={<div className="legend-head"><strong>{symbol}</strong><span className="legend-name">{name}</span><span className="muted">{look.timeframe}</span><Source chart={chart} />{known.data?.known?.status === 'inactive' && <span className="warn-text">no longer traded</span>}{known.data?.known?.renamedTo && <button type="button" className="link-button" onClick={() => show(known.data?.known?.renamedTo ?? symbol)}>now {known.data.known.renamedTo}</button>}{state.isLoadingOlder && <span className="muted">reading older bars</span>}</div>}
    />
  );
}

/** A chart that will be there: bars of grey. */
function ChartSkeleton(): JSX.Element {
  return <div className="chart-skeleton" aria-label="Loading">{Array.from({ length: 40 }, (_none, n) => <i key={n} style={{ height: `${24 + ((n * 29) % 41)}%` }} />)}</div>;
}

/** The page. */
export function AnalysisPage(): JSX.Element {
  const { symbol, bar, show } = useAddress();
  const chart = useChart(symbol);
  const table = useDrawingTable(symbol);
  const replay = useReplay();
  const [isSearching, setSearching] = useState(false);
  const [isPicking, setPicking] = useState(false);
  const [hasRail, setRail] = useState(() => localStorage.getItem(RAIL_KEY) !== 'hidden');
  const chosen = useSelection((now) => now.chosen);
  const known = useChartSymbol(symbol);
  const look = useLook();
  useDefaultLayout();
  useEffect(() => { loadCharts().catch((error: unknown) => console.warn('The code of the chart did not come', error)); }, []);
  useChartKeys({ table, all: chart.all, search: () => setSearching(true), indicators: () => setPicking(true) });
  useEffect(() => () => { endReplay(); changeSelection({ chosen: null }); }, []);
  useEffect(() => {
    if (bar !== null) chooseBar(bar);
  }, [bar]);
  const toggleReplay = (): void => {
    const time = chart.all?.time;
    if (replayNow() !== null) return endReplay();
    const at = time?.[Math.max(0, Math.min(time.length - 1, hoverNow()?.px === null ? (hoverNow()?.index ?? 0) : time.length - REPLAY_BARS_BACK))];
    if (at !== undefined) startReplay(chosen ?? at);
    return undefined;
  };
  const toggleRail = (): void => {
    localStorage.setItem(RAIL_KEY, hasRail ? 'hidden' : 'shown');
    setRail(!hasRail);
  };
  return (
    <div className={`analysis ${replay === null ? '' : 'replaying'}`}>
      <Toolbar symbol={symbol} isSearching={isSearching} setSearching={setSearching} onSymbol={show} onIndicators={() => setPicking(true)} isReplaying={replay !== null} onReplay={toggleReplay} hasRail={hasRail} onRail={toggleRail} />
      <DrawingProblem words={table.problem} />
      {chart.all !== null && <ReplayBar bars={chart.all} isIntraday={isIntraday(look.timeframe)} />}
      <div className="analysis-body">
        {symbol !== null && <DrawingTools table={table} />}
        <div className="analysis-main">
          {symbol === null ? <div className="pick-symbol"><h2>Which symbol?</h2><SymbolSearchList label="Look for a symbol" onPick={show} /></div> : <Stand symbol={symbol} chart={chart} table={table} bar={bar} show={show} />}
          {symbol !== null && <StatsDrawer />}
        </div>
        {hasRail && symbol !== null && <Rail symbol={symbol} known={known.data?.known ?? null} marks={chart.told} until={chart.until} isQuiet={chart.state.ask === null && chart.state.error === null} why={chosen === null ? null : <WhyCard />} />}
      </div>
      <IndicatorPicker isOpen={isPicking} close={() => setPicking(false)} />
    </div>
  );
}
