/** The line over the chart: symbol, width, how it is drawn, indicators, comparison, layouts, replay; and the drawing tools beside it. */
import { useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { ActionIcon, Button, Menu, Popover, Select, Tooltip } from '@mantine/core';
import { IconAdjustments, IconArrowBackUp, IconChartCandle, IconGitCompare, IconHistory, IconLayoutSidebarRight, IconLine, IconPencil, IconRectangle, IconTypography, IconX } from '@tabler/icons-react';
import { CHART_STYLES, COMPARED_MAX } from '#app/contracts/charts.ts';
import type { ChartLook, DrawingKind } from '#app/contracts/charts.ts';
import { CHART_TIMEFRAMES } from '#app/contracts/market-data.ts';
import { TOOLS } from './drawing-shapes.ts';
import { LayoutsMenu } from './layouts-menu.tsx';
import { changeLook, useLook } from './look.ts';
import { SymbolButton, SymbolSearchList } from './symbol-search.tsx';
import { setHand, useHand } from './use-drawings.ts';
import type { DrawingTable } from './use-drawings.ts';

const SHORT: Readonly<Record<ChartLook['timeframe'], string>> = { '1Min': '1m', '5Min': '5m', '15Min': '15m', '30Min': '30m', '1Hour': '1h', '1Day': 'D', '1Week': 'W', '1Month': 'M' };
const LONG: Readonly<Record<ChartLook['timeframe'], string>> = { '1Min': '1 minute', '5Min': '5 minutes', '15Min': '15 minutes', '30Min': '30 minutes', '1Hour': '1 hour', '1Day': '1 day', '1Week': '1 week', '1Month': '1 month' };
const STYLE_NAMES: Readonly<Record<ChartLook['style'], string>> = { candles: 'Candles', hollow: 'Hollow candles', line: 'Line', heikin: 'Heikin-Ashi' };
const ADJUSTMENTS = [{ value: 'raw', label: 'Raw', short: 'Raw' }, { value: 'split', label: 'Splits', short: 'Splits' }, { value: 'all', label: 'Total return', short: 'Total' }] as const;
const ICONS: Readonly<Record<DrawingKind, ReactNode>> = { trend: <IconLine size={16} />, ray: <IconLine size={16} stroke={1.2} />, horizontal: <span className="tool-flat" />, rectangle: <IconRectangle size={16} />, fibonacci: <span className="tool-fib" />, note: <IconTypography size={16} /> };

function Timeframes(): JSX.Element {
  const { timeframe } = useLook();
  return (
    <div className="timeframes" role="radiogroup" aria-label="Width of a bar">
      {CHART_TIMEFRAMES.map((one) => <button key={one} type="button" role="radio" aria-checked={one === timeframe} title={LONG[one]} aria-label={LONG[one]} onClick={() => changeLook({ timeframe: one })}>{SHORT[one]}</button>)}
    </div>
  );
}

function Compared(): JSX.Element {
  const { compared } = useLook();
  const [isOpen, setOpen] = useState(false);
  const add = (symbol: string): void => {
    setOpen(false);
    if (!compared.includes(symbol)) changeLook({ compared: [...compared, symbol].slice(-COMPARED_MAX) });
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} width={420} position="bottom-start" shadow="md" returnFocus>
      <Popover.Target><Tooltip label="Compare with another symbol, in percent"><Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconGitCompare size={15} />} aria-label="Compare" onClick={() => setOpen(!isOpen)}><span className="wide-only">Compare</span></Button></Tooltip></Popover.Target>
      <Popover.Dropdown p={0}>{isOpen && <SymbolSearchList label="Compare with" onPick={add} />}</Popover.Dropdown>
    </Popover>
  );
}

/** The tools at the chart's left edge. */
export function DrawingTools({ table }: { table: DrawingTable }): JSX.Element {
  const { tool } = useHand();
  return (
    <div className="drawing-tools" role="toolbar" aria-orientation="vertical" aria-label="Drawing tools">
      {TOOLS.map(({ kind, name, key }) => (
        <Tooltip key={kind} label={`${name} (${key})`} position="right"><ActionIcon variant={tool === kind ? 'filled' : 'subtle'} color={tool === kind ? 'accent' : 'gray'} aria-label={name} aria-pressed={tool === kind} onClick={() => setHand({ tool: tool === kind ? null : kind, selected: null })}>{ICONS[kind]}</ActionIcon></Tooltip>
      ))}
      <Tooltip label="Take back (Ctrl Z)" position="right"><ActionIcon variant="subtle" color="gray" aria-label="Take back" disabled={!table.canUndo} onClick={table.undo}><IconArrowBackUp size={16} /></ActionIcon></Tooltip>
    </div>
  );
}

function Options(): JSX.Element {
  const look = useLook();
  const flag = (name: 'isLog' | 'hasVolume' | 'hasMarks' | 'hasActions', label: string): JSX.Element => <Menu.Item closeMenuOnClick={false} role="menuitemcheckbox" aria-checked={look[name]} leftSection={<span className="menu-tick">{look[name] ? '✓' : ''}</span>} onClick={() => changeLook({ [name]: !look[name] })}>{label}</Menu.Item>;
  return (
    <Menu width={230} position="bottom-start" shadow="md">
      <Menu.Target><Tooltip label="What the chart shows"><ActionIcon variant="subtle" color="gray" aria-label="What the chart shows"><IconAdjustments size={16} /></ActionIcon></Tooltip></Menu.Target>
      <Menu.Dropdown>
        {flag('isLog', 'Logarithmic scale (L)')}{flag('hasVolume', 'Volume')}{flag('hasMarks', 'Own trades and signals')}{flag('hasActions', 'Splits and dividends')}
        <Menu.Item closeMenuOnClick={false} role="menuitemcheckbox" aria-checked={look.hours === 'all'} leftSection={<span className="menu-tick">{look.hours === 'all' ? '✓' : ''}</span>} onClick={() => changeLook({ hours: look.hours === 'all' ? 'regular' : 'all' })}>Before and after hours</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

type ToolbarProps = {
  readonly symbol: string | null; readonly isSearching: boolean; readonly isReplaying: boolean; readonly hasRail: boolean;
  setSearching(isOpen: boolean): void; onSymbol(symbol: string): void; onIndicators(): void; onReplay(): void; onRail(): void;
};

/** The line. */
export function Toolbar(props: ToolbarProps): JSX.Element {
  const look = useLook();
  return (
    <div className="chart-toolbar">
      <SymbolButton symbol={props.symbol} isOpen={props.isSearching} setOpen={props.setSearching} onPick={props.onSymbol} />
      <Timeframes />
      <Select size="xs" className="style-select" aria-label="Style" leftSection={<IconChartCandle size={14} />} value={look.style} data={CHART_STYLES.map((style) => ({ value: style, label: STYLE_NAMES[style] }))} allowDeselect={false} onChange={(style) => changeLook({ style: CHART_STYLES.find((one) => one === style) ?? 'hollow' })} comboboxProps={{ width: 160, position: 'bottom-start' }} />
      <Button size="compact-sm" variant="subtle" color="gray" leftSection={<span className="fx" aria-hidden>ƒ</span>} aria-label="Indicators" onClick={props.onIndicators}><span className="wide-only">Indicators</span></Button>
      <Compared />
      {look.compared.map((symbol) => <button key={symbol} type="button" className="compared-chip" aria-label={`Stop comparing with ${symbol}`} onClick={() => changeLook({ compared: look.compared.filter((one) => one !== symbol) })}>{symbol}<IconX size={11} /></button>)}
      <Options />
      <Tooltip label="Prices as traded, freed of splits, or of splits and dividends"><div className="adjustments" role="radiogroup" aria-label="Prices">{ADJUSTMENTS.map(({ value, label, short }) => <button key={value} type="button" role="radio" aria-label={label} aria-checked={look.adjustment === value} onClick={() => changeLook({ adjustment: value })}><span className="wide-only">{label}</span><span className="narrow-only">{short}</span></button>)}</div></Tooltip>
      <span className="toolbar-space" />
      <Tooltip label="Replay bar by bar"><ActionIcon variant={props.isReplaying ? 'filled' : 'subtle'} color={props.isReplaying ? 'accent' : 'gray'} aria-label="Replay" aria-pressed={props.isReplaying} onClick={props.onReplay}><IconHistory size={16} /></ActionIcon></Tooltip>
      <LayoutsMenu />
      <Tooltip label={props.hasRail ? 'Hide the side' : 'Show the side'}><ActionIcon variant="subtle" color="gray" aria-label="Key figures and reasons" aria-pressed={props.hasRail} onClick={props.onRail}><IconLayoutSidebarRight size={16} /></ActionIcon></Tooltip>
    </div>
  );
}

/** A sign that the drawings could not be kept. */
export function DrawingProblem({ words }: { words: string | null }): JSX.Element | null {
  return words === null ? null : <p className="chart-problem" role="alert"><IconPencil size={14} aria-hidden /> {words}</p>;
}
