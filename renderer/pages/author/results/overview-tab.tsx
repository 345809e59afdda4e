/** Did it work? The curve with its benchmark and falls, months, the spread of days, rolling figures, and what the same trades could have given. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import { Skeleton } from '@mantine/core';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { monteCarloFigure, withBenchmark } from '../../../charts/author-run.ts';
import { curveSummary, equityFigure } from '../../../charts/equity-figure.ts';
import { LazyChart } from '../../../charts/lazy-chart.tsx';
import { Empty } from '../../../ui/kit.tsx';
import { percent } from '../../../ui/format.ts';
import { useTokens } from '../../../ui/use-tokens.ts';
import { distributionFigure, monthFigure, rollingFigure } from '../../analysis/stats/stats-figures.ts';
import { dailyReturns, sheetOf } from './tear-sheet-view.ts';
import type { SheetView } from './tear-sheet-view.ts';

const CURVE_HEIGHT = 290;
const SMALL_HEIGHT = 170;
const MONTH_ROW = 26;

/** Equity with its benchmark, and the falls below it. */
function CurvePart({ result, benchmarkCurve, benchmark }: { result: BacktestResult; benchmarkCurve: BacktestDetail['benchmarkCurve']; benchmark: string | null }): JSX.Element {
  const tokens = useTokens();
  const points = useMemo(() => withBenchmark(result.equity, benchmarkCurve), [result.equity, benchmarkCurve]);
  const shown = benchmarkCurve === null ? null : benchmark;
  const figure = useMemo(() => (points.length === 0 ? null : equityFigure(points, tokens, { benchmark: shown })), [points, tokens, shown]);
  const summary = useMemo(() => curveSummary(points), [points]);
  if (figure === null) return <Empty title="No curve">There were no bars in these days.</Empty>;
  return (
    <section className="rs-chart">
      <header><h3>Equity</h3><span className="rs-key own">{percent(summary.change)} this strategy</span>{shown !== null && <span className="rs-key bench">{percent(summary.benchmark)} {shown}, bought and held</span>}</header>
      <LazyChart figure={figure} height={CURVE_HEIGHT} label="Equity, benchmark and falls of the run" />
    </section>
  );
}

function Months({ sheet }: { sheet: SheetView }): JSX.Element | null {
  const tokens = useTokens();
  const figure = useMemo(() => (sheet.years.length === 0 ? null : monthFigure(sheet.years, tokens)), [sheet, tokens]);
  if (figure === null) return null;
  return <section className="rs-chart"><header><h3>Months</h3><span className="muted">percent</span></header><LazyChart figure={figure} height={34 + sheet.years.length * MONTH_ROW} label="Return of each month" /></section>;
}

function Spread({ result }: { result: BacktestResult }): JSX.Element | null {
  const tokens = useTokens();
  const figure = useMemo(() => distributionFigure(dailyReturns(result.daily), tokens), [result.daily, tokens]);
  if (figure === null) return null;
  return <section className="rs-chart"><header><h3>Days</h3><span className="muted">how often which return; the line is a normal distribution</span></header><LazyChart figure={figure} height={SMALL_HEIGHT} label="Distribution of daily returns" /></section>;
}

function Rolling({ sheet }: { sheet: SheetView }): JSX.Element | null {
  const tokens = useTokens();
  const { rolling } = sheet;
  const figure = useMemo(() => (rolling === null || rolling.at.length < 2 ? null : rollingFigure({ times: rolling.at, values: rolling.sharpe }, tokens, { kind: 'ratio', level: 0, colour: tokens.accent })), [rolling, tokens]);
  if (figure === null || rolling === null) return null;
  return <section className="rs-chart"><header><h3>Rolling Sharpe ratio</h3><span className="muted">of the last {rolling.days} days</span></header><LazyChart figure={figure} height={SMALL_HEIGHT} label="Rolling Sharpe ratio" /></section>;
}

/** What the same trades could have given in another order. */
export function MonteCarloPart({ detail, result }: { detail: BacktestDetail; result: BacktestResult }): JSX.Element | null {
  const tokens = useTokens();
  const { monteCarlo } = detail;
  const figure = useMemo(() => {
    const [first, last] = [result.equity[0]?.[0] ?? 0, result.equity.at(-1)?.[0] ?? 1];
    const own = result.equity.map(([at, value]): [number, number] => [last === first ? 0 : (at - first) / (last - first), value]);
    return monteCarlo === null ? null : monteCarloFigure(monteCarlo, own, tokens);
  }, [monteCarlo, result.equity, tokens]);
  if (figure === null || monteCarlo === null) return null;
  return (
    <section className="rs-chart">
      <header><h3>What could have been</h3><span className="muted">{monteCarlo.draws.toLocaleString('en-US')} histories made of its own days</span></header>
      <LazyChart figure={figure} height={SMALL_HEIGHT + 40} label="Bands of the equity that could have been" />
      <p className="rs-note">In {percent(monteCarlo.lossPart, { signed: false, decimals: 0 })} of them money is lost; one in twenty falls deeper than {percent(monteCarlo.maxDrawdown.p5, { decimals: 1 })}, half of them deeper than {percent(monteCarlo.maxDrawdown.p50, { decimals: 1 })}.{monteCarlo.ruinPart > 0 ? ` ${percent(monteCarlo.ruinPart, { signed: false, decimals: 1 })} fall by ${percent(monteCarlo.ruinFall, { signed: false, decimals: 0 })} or more.` : ''}</p>
    </section>
  );
}

function Warnings({ words }: { words: readonly string[] }): JSX.Element | null {
  if (words.length === 0) return null;
  return <details className="rs-warnings" open={words.length <= 2}><summary>{words.length === 1 ? '1 remark' : `${words.length} remarks`} on this run</summary><ul>{words.map((text) => <li key={text}>{text}</li>)}</ul></details>;
}

/** The tab. `isTried`: a position was opened; without one there is nothing to spread out but zeros. */
export function OverviewTab({ detail, result, isTried }: { detail: BacktestDetail; result: BacktestResult; isTried: boolean }): JSX.Element {
  const sheet = useMemo(() => (isTried ? sheetOf(result) : null), [result, isTried]);
  const isComing = detail.view.state === 'ran';
  return (
    <>
      <CurvePart result={result} benchmarkCurve={detail.benchmarkCurve} benchmark={detail.view.benchmark} />
      <Warnings words={result.warnings} />
      {sheet === null && isComing && isTried && <Skeleton height={SMALL_HEIGHT} radius="md" aria-label="Statistics are being worked out" />}
      {sheet !== null && <Months sheet={sheet} />}
      {isTried && <Spread result={result} />}
      {sheet !== null && <Rolling sheet={sheet} />}
      {isTried && <MonteCarloPart detail={detail} result={result} />}
    </>
  );
}
