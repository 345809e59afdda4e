/** The statistics of what the chart shows: a drawer under it, as high as it was left. */
import { useCallback, useMemo, useRef, useState } from 'react';
import type { JSX, KeyboardEvent, PointerEvent } from 'react';
import { ActionIcon, SegmentedControl, Tooltip, UnstyledButton } from '@mantine/core';
import { IconChevronDown, IconChevronUp } from '@tabler/icons-react';
import { barCount } from '#app/domain/bar-columns.ts';
import { count, marketDay } from '../../../ui/format.ts';
import { Empty } from '../../../ui/kit.tsx';
import { useSelection } from '../selection.ts';
import { Correlations, Drawdowns, Figures, Returns, Rolling, Seasonality } from './panels.tsx';
import type { PanelProps } from './panels.tsx';
import { LAYOUT, readLayout, writeLayout } from './drawer-layout.ts';
import type { DrawerLayout, StatsTab } from './drawer-layout.ts';
import { LEAST_BARS, SPANS, stretchOf } from './series-stats.ts';
import type { Span, Stretch } from './series-stats.ts';

const TABS: readonly { readonly id: StatsTab; readonly name: string; readonly Panel: (props: PanelProps) => JSX.Element }[] = [
  { id: 'figures', name: 'Key figures', Panel: Figures }, { id: 'drawdown', name: 'Drawdown', Panel: Drawdowns }, { id: 'returns', name: 'Returns', Panel: Returns },
  { id: 'rolling', name: 'Volatility and beta', Panel: Rolling }, { id: 'correlation', name: 'Correlation', Panel: Correlations }, { id: 'seasonality', name: 'Seasonality', Panel: Seasonality },
];
/** Room above and below a panel. */
const PADDING = 20;
const STEP = 24;

/** Grips the upper edge: by pointer, or by arrow keys. */
function Grip({ height, resize }: { height: number; resize: (height: number) => void }): JSX.Element {
  const from = useRef<{ y: number; height: number } | null>(null);
  const move = (event: PointerEvent<HTMLDivElement>): void => {
    if (from.current !== null) resize(from.current.height + from.current.y - event.clientY);
  };
  const key = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowUp' ? STEP : event.key === 'ArrowDown' ? -STEP : 0;
    if (step === 0) return;
    event.preventDefault();
    event.stopPropagation();
    resize(height + step);
  };
  return (
    <div
      className="stats-grip" role="separator" aria-orientation="horizontal" aria-label="Height of the statistics" aria-valuenow={height} aria-valuemin={LAYOUT.least} aria-valuemax={LAYOUT.most} tabIndex={0} onKeyDown={key} onPointerMove={move}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = { y: event.clientY, height };
      }}
      onPointerUp={() => (from.current = null)} onPointerCancel={() => (from.current = null)}
    />
  );
}

function Panel({ tab, stretch, height }: { tab: StatsTab; stretch: Stretch | null; height: number }): JSX.Element {
  const shown = TABS.find(({ id }) => id === tab);
  if (stretch === null || shown === undefined || barCount(stretch.bars) < LEAST_BARS) return <Empty title="No bars to measure">Statistics are made of the bars that the chart has loaded. Pick a symbol, or a longer span.</Empty>;
  return <shown.Panel stretch={stretch} height={height - PADDING} />;
}

/** Of which bars the figures are made. */
function About({ stretch }: { stretch: Stretch | null }): JSX.Element | null {
  const isReplaying = useSelection((now) => now.isReplaying);
  const adjustment = useSelection((now) => now.adjustment);
  const [first, last] = [stretch?.bars.time[0], stretch?.bars.time.at(-1)];
  if (stretch === null || first === undefined || last === undefined) return null;
  return <span className="muted num stats-about">{count(barCount(stretch.bars))} bars, {marketDay(first)} to {marketDay(last)}{isReplaying && ', replay'}{adjustment === 'raw' && <Tooltip label="Prices as they were traded: a split or a dividend counts as a return here. Choose the split-adjusted or total-return view for figures of what was earned." multiline maw={300}><b className="stats-raw" tabIndex={0}>, raw prices</b></Tooltip>}</span>;
}

/** The drawer: closed it is its tabs alone. */
export function StatsDrawer(): JSX.Element {
  const [layout, setLayout] = useState<DrawerLayout>(readLayout);
  const [span, setSpan] = useState<Span>('All');
  const change = useCallback((next: Partial<DrawerLayout>) => setLayout((now) => writeLayout({ ...now, ...next })), []);
  const { isOpen, tab, height } = layout;
  const bars = useSelection((now) => (isOpen ? now.bars : null));
  const timeframe = useSelection((now) => now.timeframe);
  const stretch = useMemo(() => (bars === null ? null : stretchOf(bars, timeframe, span)), [bars, timeframe, span]);
  const move = (step: number): void => {
    const next = TABS[(TABS.findIndex(({ id }) => id === tab) + step + TABS.length) % TABS.length];
    if (next === undefined) return;
    change({ tab: next.id, isOpen: true });
    document.getElementById(`stats-tab-${next.id}`)?.focus();
  };
  return (
    <section className={isOpen ? 'stats-drawer open' : 'stats-drawer'} aria-label="Statistics">
      {isOpen && <Grip height={height} resize={(next) => change({ height: next })} />}
      <header className="stats-head">
        <div className="stats-tabs" role="tablist" aria-label="Statistics">
          {TABS.map(({ id, name }) => (
            <UnstyledButton
              key={id} id={`stats-tab-${id}`} role="tab" aria-selected={isOpen && id === tab} tabIndex={id === tab ? 0 : -1} onClick={() => change(isOpen && id === tab ? { isOpen: false } : { tab: id, isOpen: true })}
              onKeyDown={(event) => (event.key === 'ArrowRight' ? move(1) : event.key === 'ArrowLeft' ? move(-1) : undefined)}
            >{name}</UnstyledButton>
          ))}
        </div>
        <div className="stats-end">
          {isOpen && <About stretch={stretch} />}
          {isOpen && <SegmentedControl size="xs" value={span} onChange={(value) => setSpan(value)} data={Object.keys(SPANS) as Span[]} aria-label="Span" />}
          <Tooltip label={isOpen ? 'Close the statistics' : 'Open the statistics'}><ActionIcon variant="subtle" color="gray" size="sm" aria-label={isOpen ? 'Close the statistics' : 'Open the statistics'} aria-expanded={isOpen} onClick={() => change({ isOpen: !isOpen })}>{isOpen ? <IconChevronDown size={16} /> : <IconChevronUp size={16} />}</ActionIcon></Tooltip>
        </div>
      </header>
      {isOpen && <div className="stats-body" role="tabpanel" aria-labelledby={`stats-tab-${tab}`} style={{ height }}><Panel tab={tab} stretch={stretch} height={height} /></div>}
    </section>
  );
}
