/** What the tabs of the statistics drawer show. */
import { useMemo, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { SegmentedControl, Select, Skeleton, Tooltip } from '@mantine/core';
import { beta } from '#app/analytics/beta.ts';
import { commonReturns, correlationMatrix } from '#app/analytics/correlation-matrix.ts';
import { rolledOver } from '#app/analytics/rolling-window.ts';
import { volatility } from '#app/analytics/volatility.ts';
import { LazyChart } from '../../../charts/lazy-chart.tsx';
import type { Figure } from '../../../charts/figure.ts';
import { count, counted, marketDay, NOTHING, percent } from '../../../ui/format.ts';
import { Empty, Failure } from '../../../ui/kit.tsx';
import { useTokens } from '../../../ui/use-tokens.ts';
import { useSelection } from '../selection.ts';
import { isIntraday } from '../series.ts';
import { barsWord, deepestFalls, keyFigures, seasonsIn } from './series-stats.ts';
import type { KeyFigure, Stretch } from './series-stats.ts';
import { correlationFigure, distributionFigure, drawdownFigure, monthFigure, rollingFigure, seasonFigure } from './stats-figures.ts';
import { useNeighbours, useOthers } from './use-others.ts';

/** What a tab is given: the stretch, and the room for its charts in px. */
export type PanelProps = { readonly stretch: Stretch; readonly height: number };

const POINTS = 1_000;
const FALLS_SHOWN = 6;
const LEAST_COMMON = 20;
const BENCHMARK = 'SPY';
const WINDOWS = ['20', '63', '126', '252'];
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
/** Height of a year in the month table, and of its head. */
const YEAR_ROW = 24;
const MONTH_HEAD = 34;

function figureWords({ value, kind }: KeyFigure): string {
  if (value === null) return NOTHING;
  switch (kind) {
    case 'percent': return percent(value);
    case 'share': return percent(value, { signed: false });
    case 'ratio': return value.toFixed(2).replace('-', '−');
    case 'days': return counted(Math.round(value), 'day');
    case 'count': return count(value);
  }
}

function Plot({ title, figure, height, label, extra }: { title: ReactNode; figure: Figure | null; height: number; label: string; extra?: ReactNode }): JSX.Element {
  return (
    <figure className="stats-plot">
      <figcaption><span>{title}</span>{extra}</figcaption>
      {figure === null ? <Empty title="Too little to draw">More bars are needed. Move the chart to the left to load older ones, or choose a longer span.</Empty> : <LazyChart figure={figure} height={height} label={label} />}
    </figure>
  );
}

/** Key figures, each with its formula on hover. */
export function Figures({ stretch }: PanelProps): JSX.Element {
  const figures = useMemo(() => keyFigures(stretch), [stretch]);
  return (
    <dl className="stats-figures">
      {figures.map((figure) => (
        <Tooltip key={figure.label} label={`${figure.label} = ${figure.formula}${figure.value === null ? '\nToo few bars for it' : ''}`} multiline maw={320} style={{ whiteSpace: 'pre-line' }}>
          <div tabIndex={0}>
            <dt>{figure.label}</dt>
            <dd className={`num ${figure.kind === 'percent' && figure.value !== null ? (figure.value > 0 ? 'sign1' : figure.value < 0 ? 'sign-1' : '') : ''}`}>{figureWords(figure)}</dd>
          </div>
        </Tooltip>
      ))}
    </dl>
  );
}

/** Falls over time, and the deepest by name. */
export function Drawdowns({ stretch, height }: PanelProps): JSX.Element {
  const tokens = useTokens();
  const figure = useMemo(() => drawdownFigure(stretch.bars.time, stretch.bars.close, tokens), [stretch, tokens]);
  const falls = useMemo(() => deepestFalls(stretch.bars, FALLS_SHOWN), [stretch]);
  return (
    <div className="stats-two wide-left">
      <Plot title="Below the highest close so far" figure={figure} height={height - 30} label="Drawdown over time" />
      <table className="data-table stats-falls">
        <thead><tr><th>Deepest falls</th><th>Peak</th><th>Low</th><th>Back</th><th className="number">Days</th></tr></thead>
        <tbody>{falls.map((fall) => (
          <tr key={fall.peakAt}><td className="num sign-1">{percent(fall.fall)}</td><td className="num">{marketDay(fall.peakAt)}</td><td className="num">{marketDay(fall.valleyAt)}</td><td className="num">{fall.recoveredAt === null ? <span className="muted">not yet</span> : marketDay(fall.recoveredAt)}</td><td className="number num">{count(Math.round(fall.days))}</td></tr>
        ))}</tbody>
      </table>
    </div>
  );
}

/** Returns against the normal distribution. */
export function Returns({ stretch, height }: PanelProps): JSX.Element {
  const tokens = useTokens();
  const figure = useMemo(() => distributionFigure(stretch.returns, tokens), [stretch, tokens]);
  return <Plot title={<>Returns of {count(stretch.returns.length)} {barsWord(stretch.timeframe)}; the line is the normal distribution of the same mean and deviation</>} figure={figure} height={height - 30} label="Distribution of returns" />;
}

/** Volatility and beta over a window that moves on. */
export function Rolling({ stretch, height }: PanelProps): JSX.Element {
  const tokens = useTokens();
  const symbol = useSelection((now) => now.symbol);
  const neighbours = useNeighbours(true);
  const [window, setWindow] = useState('63');
  const [wanted, setWanted] = useState(BENCHMARK);
  const benchmark = wanted === symbol ? (neighbours[0] ?? wanted) : wanted;
  const { bars, returns, periodsPerYear } = stretch;
  const [other] = useOthers([benchmark], { bars: bars.time.length, from: bars.time[0] ?? 0, to: bars.time.at(-1) ?? 0, isEnabled: benchmark !== symbol });
  const size = Number(window);
  const swings = useMemo(() => {
    const rolled = rolledOver({ length: returns.length, window: size, most: POINTS }, (from, to) => volatility(returns.subarray(from, to), periodsPerYear));
    return rolled.values.length === 0 ? null : rollingFigure({ times: rolled.ends.map((end) => bars.time[end + 1] ?? 0), values: rolled.values }, tokens, { kind: 'share', level: null, colour: tokens.accent });
  }, [returns, bars, size, periodsPerYear, tokens]);
  const series = other?.series ?? null;
  const slopes = useMemo(() => {
    if (series === null) return null;
    const common = commonReturns(bars, series);
    const rolled = rolledOver({ length: common.one.length, window: size, most: POINTS }, (from, to) => beta(common.one.subarray(from, to), common.other.subarray(from, to)));
    return rolled.values.length === 0 ? null : rollingFigure({ times: rolled.ends.map((end) => common.at[end] ?? 0), values: rolled.values }, tokens, { kind: 'ratio', level: 1, colour: tokens.benchmark });
  }, [bars, series, size, tokens]);
  const choices = [...new Set([benchmark, BENCHMARK, ...neighbours])].filter((each) => each !== symbol);
  return (
    <>
      <div className="stats-tools">
        <span className="muted">Window, {barsWord(stretch.timeframe)}</span><SegmentedControl size="xs" value={window} onChange={setWindow} data={WINDOWS} aria-label="Window" />
        <span className="muted">Beta against</span><Select size="xs" w={96} value={benchmark} onChange={(value) => setWanted(value ?? BENCHMARK)} data={choices} allowDeselect={false} aria-label="Benchmark" comboboxProps={{ withinPortal: true }} />
      </div>
      <div className="stats-two">
        <Plot title="Volatility a year" figure={swings} height={height - 66} label={`Volatility over ${window} bars`} />
        {other !== undefined && other.error !== null && other.series === null ? <Failure error={other.error} /> : other?.isLoading === true && benchmark !== symbol ? <Skeleton height={height - 66} /> : <Plot title={`Beta against ${benchmark}`} figure={slopes} height={height - 66} label={`Beta over ${window} bars against ${benchmark}`} />}
      </div>
    </>
  );
}

/** How the symbols move with each other. */
export function Correlations({ stretch, height }: PanelProps): JSX.Element {
  const tokens = useTokens();
  const symbol = useSelection((now) => now.symbol) ?? '';
  const neighbours = useNeighbours(true);
  const { bars } = stretch;
  const others = useOthers(neighbours, { bars: bars.time.length, from: bars.time[0] ?? 0, to: bars.time.at(-1) ?? 0, isEnabled: true });
  const loaded = others.filter((other) => other.series !== null && other.series.time.length > 1);
  const key = loaded.map((other) => `${other.symbol} ${other.series?.time.length ?? 0} ${other.series?.close[other.series.close.length - 1] ?? 0}`).join();
  const figure = useMemo(() => {
    const all = [{ symbol, series: bars }, ...loaded.map((other) => ({ symbol: other.symbol, series: other.series ?? bars }))];
    return all.length < 2 ? null : correlationFigure(all.map((each) => each.symbol), correlationMatrix(all.map((each) => each.series), LEAST_COMMON), tokens);
    // The series are made anew at every draw; what they hold is in the key.
  }, [bars, symbol, key, tokens]); // eslint-disable-line react-hooks/exhaustive-deps
  const missing = others.filter((other) => !other.isLoading && (other.series === null || other.series.time.length < 2)).map((other) => other.symbol);
  if (neighbours.length === 0) return <Empty title="Nothing to compare with">Compare symbols on the chart, or put some on the watch list: their returns are set against each other here.</Empty>;
  if (others.some((other) => other.isLoading) && figure === null) return <Skeleton height={height - 30} />;
  return <Plot title={<>Returns of {barsWord(stretch.timeframe)}, over the times that both have{missing.length > 0 && <span className="muted"> · no bars of {missing.join(', ')}</span>}</>} figure={figure} height={height - 30} label="Correlation matrix" />;
}

/** Months, weekdays and hours. */
export function Seasonality({ stretch, height }: PanelProps): JSX.Element {
  const tokens = useTokens();
  const seasons = useMemo(() => seasonsIn(stretch), [stretch]);
  const figures = useMemo(() => ({
    months: seasons.months.length === 0 ? null : monthFigure(seasons.months, tokens), weekdays: seasons.weekdays.length === 0 ? null : seasonFigure(seasons.weekdays, tokens, (key) => WEEKDAYS[key] ?? ''),
    hours: seasons.hours.length === 0 ? null : seasonFigure(seasons.hours, tokens, (key) => `${key}:00`),
  }), [seasons, tokens]);
  const room = height - 30;
  const half = figures.hours === null ? room : (room - 30) / 2;
  return (
    <div className={figures.weekdays === null ? '' : 'stats-two wide-left'}>
      <div className="stats-scroll" style={{ maxHeight: height }}><Plot title="Return of each month, percent; the first and last may be parts" figure={figures.months} height={MONTH_HEAD + YEAR_ROW * seasons.months.length} label="Return of each month by year" /></div>
      {figures.weekdays !== null && (
        <div>
          <Plot title="Average day, by weekday" figure={figures.weekdays} height={half} label="Average return by weekday" />
          {isIntraday(stretch.timeframe) && figures.hours !== null && <Plot title="Average hour, New York, from its open" figure={figures.hours} height={half} label="Average return by hour" />}
        </div>
      )}
    </div>
  );
}
