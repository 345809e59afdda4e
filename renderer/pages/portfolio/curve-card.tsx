/** The equity curve with benchmark and drawdown, and its range. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import { SegmentedControl, Skeleton, UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { CURVE_RANGES } from '#app/contracts/http.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { curveSummary, equityFigure } from '../../charts/equity-figure.ts';
import { LazyChart } from '../../charts/lazy-chart.tsx';
import { useEquity } from '../../data/queries.ts';
import { setUiState, useUiState } from '../../data/ui-state.ts';
import { Card, Empty, Failure, Pnl } from '../../ui/kit.tsx';
import { percent } from '../../ui/format.ts';
import { useTokens } from '../../ui/use-tokens.ts';

function Plot({ curve, height }: { curve: RouteOutput<'equity'>; height: number }): JSX.Element {
  const tokens = useTokens();
  const hasBenchmark = useUiState('hasBenchmark');
  const figure = useMemo(() => equityFigure(curve.points, tokens, { benchmark: hasBenchmark ? curve.benchmark : null }), [curve, tokens, hasBenchmark]);
  return <LazyChart figure={figure} height={height} label={`Equity over ${curve.range}, with drawdown below`} />;
}

function Legend({ curve }: { curve: RouteOutput<'equity'> | undefined }): JSX.Element {
  const hasBenchmark = useUiState('hasBenchmark');
  const summary = useMemo(() => curveSummary(curve?.points ?? []), [curve]);
  return (
    <div className="curve-legend">
      <span><i className="swatch accent" />Equity <Pnl value={summary.changeUsd === null ? null : summary.changeUsd.toFixed(2)} fraction={summary.change} hasArrow={false} /></span>
      {curve && curve.benchmark !== null && (
        <UnstyledButton className={hasBenchmark ? 'legend-toggle' : 'legend-toggle off'} onClick={() => setUiState({ hasBenchmark: !hasBenchmark })} aria-pressed={hasBenchmark}>
          <i className="swatch benchmark" />{curve.benchmark} <span className="num">{percent(summary.benchmark)}</span>
        </UnstyledButton>
      )}
      <span className="muted">deepest drawdown <span className="num">{percent(summary.maxDrawdown)}</span></span>
      {curve?.isThinned && <span className="muted">last point of each interval</span>}
    </div>
  );
}

/** The card. Its height is fixed, so that nothing below it moves. */
export function CurveCard(): JSX.Element {
  const range = useUiState('range');
  const curve = useEquity(range);
  const isLow = useMediaQuery('(max-height: 780px)', false, { getInitialValueInEffect: false });
  const height = isLow ? 208 : 300;
  const picker = <SegmentedControl size="xs" value={range} onChange={(value) => setUiState({ range: value })} data={[...CURVE_RANGES]} aria-label="Range" />;
  return (
    <Card title={<Legend curve={curve.data} />} extra={picker} className="curve-card">
      <div style={{ minHeight: height }}>
        {curve.data && curve.data.points.length > 0 && <Plot curve={curve.data} height={height} />}
        {curve.data?.points.length === 0 && <Empty title="No equity curve yet">One point is written for each market minute with bars. It fills by itself while the market runs.</Empty>}
        {!curve.data && (curve.error ? <Failure error={curve.error} retry={() => void curve.refetch()} /> : <Skeleton height={height} />)}
      </div>
    </Card>
  );
}
