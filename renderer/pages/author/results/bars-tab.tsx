/** Why did it do that? The run bar by bar: prices, what it saw, what it remembered, what it said, what became of its orders. Arrow keys step. */
import { useEffect, useMemo, useState } from 'react';
import type { JSX, KeyboardEvent } from 'react';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconChevronLeft, IconChevronRight, IconChevronsLeft, IconChevronsRight } from '@tabler/icons-react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { QueryClient } from '@tanstack/react-query';
import { barCount } from '#app/domain/bar-columns.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { call } from '../../../data/client.ts';
import { count, marketDay } from '../../../ui/format.ts';
import { Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { barAt, useRunBars } from './run-chart-data.ts';
import type { RunBars } from './run-chart-data.ts';
import { barWords } from './run-words.ts';
import { Picker } from './small-parts.tsx';
import { StepView } from './step-view.tsx';
import { fillBeside, pageOf, STEP_PAGE, stepAt } from './step-model.ts';
import { TradeChart } from './trade-chart.tsx';

type Answer = RouteOutput<'backtestSteps'>;

function pageQuery(backtestId: string, symbol: string, { time, page }: { readonly time: Float64Array; readonly page: number }): { queryKey: readonly unknown[]; staleTime: number; queryFn(context: { signal: AbortSignal }): Promise<Answer> } {
  const from = time[page * STEP_PAGE] ?? 0;
  return { queryKey: ['backtest steps', backtestId, symbol, from], staleTime: Number.POSITIVE_INFINITY, queryFn: ({ signal }) => call('backtestSteps', { backtestId, symbol, from, count: STEP_PAGE, only: 'all' }, { signal }) };
}

/** Fetches the pages beside the one that is shown, so that a step never waits. */
function prefetchBeside(client: QueryClient, backtestId: string, symbol: string, { time, page }: { readonly time: Float64Array; readonly page: number }): void {
  for (const beside of [page + 1, page - 1]) if (beside >= 0 && beside * STEP_PAGE < time.length) void client.prefetchQuery(pageQuery(backtestId, symbol, { time, page: beside }));
}

type StepperProps = { readonly result: BacktestResult; readonly symbol: string; readonly series: RunBars; readonly index: number; goTo(index: number): void };

function Jumps({ result, symbol, series, index, goTo }: StepperProps): JSX.Element {
  const { bars: { time } } = series;
  const last = time.length - 1;
  const [fillBefore, fillAfter] = ([-1, 1] as const).map((way) => fillBeside(result, { symbol, time, index, way }));
  const [problem, setProblem] = useState<unknown>(null);
  const [isLooking, setLooking] = useState(false);
  const toAct = async (): Promise<void> => {
    setLooking(true);
    setProblem(null);
    try {
      const { steps } = await call('backtestSteps', { backtestId: result.backtestId, symbol, from: (time[index] ?? 0) + 1, count: 1, only: 'acts' });
      const next = steps[0];
      if (next !== undefined) goTo(barAt(time, next.openTime + 1));
    } catch (error) {
      setProblem(error);
    } finally {
      setLooking(false);
    }
  };
  const day = marketDay(time[index] ?? 0);
  const toDay = (wanted: string): void => {
    const at = /^\d{4}-\d{2}-\d{2}$/.test(wanted) ? Date.parse(`${wanted}T23:59:59Z`) : Number.NaN;
    if (Number.isFinite(at)) goTo(Math.max(0, barAt(time, at)));
  };
  const button = (words: string, icon: JSX.Element, to: number | null | undefined): JSX.Element => <Tooltip label={words} openDelay={300}><ActionIcon variant="default" size="sm" aria-label={words} disabled={to === null || to === undefined || to < 0 || to > last} onClick={() => { if (to !== null && to !== undefined) goTo(to); }}>{icon}</ActionIcon></Tooltip>;
  return (
    <>
      <div className="rs-tools rs-jumps">
        {button('Fill before this bar', <IconChevronsLeft size={15} />, fillBefore)}{button('Bar before (left arrow)', <IconChevronLeft size={15} />, index - 1)}
        <span className="num rs-where">{barWords(time[index] ?? 0, result.timeframe !== '1Day')}</span>
        {button('Next bar (right arrow)', <IconChevronRight size={15} />, index + 1)}{button('Next fill', <IconChevronsRight size={15} />, fillAfter)}
        <button type="button" className="link-button" disabled={isLooking} onClick={() => void toAct()}>{isLooking ? 'Looking' : 'Next act'}</button>
        <input key={day} type="date" className="rs-input rs-day" aria-label="Go to a day" title="Go to a day" defaultValue={day} onChange={(event) => toDay(event.currentTarget.value)} />
        <span className="muted num">{count(index + 1)} / {count(last + 1)}</span>
      </div>
      {problem !== null && <Failure error={problem} />}
    </>
  );
}

function Stepper(props: StepperProps): JSX.Element {
  const { result, symbol, series, index } = props;
  const { bars: { time } } = series;
  const client = useQueryClient();
  const page = pageOf(index);
  const query = useQuery({ ...pageQuery(result.backtestId, symbol, { time, page }), enabled: time.length > 0 });
  useEffect(() => {
    if (query.data !== undefined) prefetchBeside(client, result.backtestId, symbol, { time, page });
  }, [client, result.backtestId, symbol, time, page, query.data]);
  const openTime = time[index] ?? 0;
  const step = query.data === undefined ? null : stepAt(query.data.steps, openTime);
  if (query.error !== null && query.data === undefined) return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (query.data === undefined) return <SkeletonRows count={8} />;
  return (
    <>
      {!query.data.isSame && <p className="rs-note warn-text">Run again, it does not give the same orders: bars or code have changed since. {query.data.note ?? ''}</p>}
      {query.data.isSame && query.data.note !== null && <p className="rs-note">{query.data.note}</p>}
      {step === null ? <p className="rs-note">The run has no step at this bar: the strategy was not shown it.</p> : <StepView step={step} symbol={symbol} />}
    </>
  );
}

/** The tab. `at`: an instant to open, epoch ms; null = the first bar with a fill. */
export function BarsTab({ result, symbol, setSymbol, at, setAt }: { result: BacktestResult; symbol: string; setSymbol(symbol: string): void; at: number | null; setAt(at: number): void }): JSX.Element {
  const series = useRunBars(result, symbol);
  const { bars: { time }, hasOlder, loadOlder } = series;
  const begin = useMemo(() => result.trades.find((trade) => trade.symbol === symbol)?.tsMarket ?? null, [result.trades, symbol]);
  const wanted = at ?? (begin === null ? null : begin - 1);
  const index = Math.max(0, Math.min(time.length - 1, wanted === null ? time.length - 1 : barAt(time, wanted + 1)));
  const isOlder = wanted !== null && wanted < (time[0] ?? -Infinity) && hasOlder;
  useEffect(() => {
    if (isOlder) loadOlder();
  }, [isOlder, loadOlder, time]);
  const goTo = (next: number): void => {
    const openTime = time[Math.max(0, Math.min(time.length - 1, next))];
    if (openTime !== undefined) setAt(openTime);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if ((event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') || event.target instanceof HTMLInputElement || event.target instanceof HTMLSelectElement) return;
    event.preventDefault();
    goTo(index + (event.key === 'ArrowRight' ? 1 : -1) * (event.shiftKey ? 10 : 1));
  };
  const stepper = { result, symbol, series, index, goTo };
  return (
    <div className="rs-bars" tabIndex={0} role="group" aria-label="Bar by bar; arrow keys step" onKeyDown={onKeyDown}>
      <div className="rs-tools">
        {result.symbols.length > 1 && <Picker label="Symbol" value={symbol} options={result.symbols.map((name) => [name, name] as const)} onChange={setSymbol} />}
        {barCount(series.bars) > 0 && <Jumps {...stepper} />}
      </div>
      <TradeChart key={symbol} result={result} symbol={symbol} series={series} chosen={time[index] ?? null} trip={null} focus={null} onBar={setAt} />
      {barCount(series.bars) > 0 && <Stepper {...stepper} />}
    </div>
  );
}
