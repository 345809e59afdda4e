/** What a deployment sees and wants now: each cell's last bar, indicators, wish and memory; its last signals with risk's answer. */
import type { JSX } from 'react';
import { UnstyledButton } from '@mantine/core';
import type { DeploymentLive } from '#app/contracts/deploy.ts';
import { openSheet } from '../../../frame/panels.ts';
import { Empty, MarketTime, Tag } from '../../../ui/kit.tsx';
import { counted, percent, price } from '../../../ui/format.ts';
import { memoryText } from './live-words.ts';

type Cell = DeploymentLive['cells'][number];
type SignalRow = DeploymentLive['signals'][number];

const SIDES = { long: 'good', short: 'busy', flat: 'idle' } as const;
const OUTCOMES = { approved: ['good', 'Approved'], denied: ['bad', 'Denied'], undecided: ['idle', 'Not decided'] } as const;

/** A value of an indicator, with as many digits as it needs. */
function figure(value: number | null): string {
  if (value === null) return '–';
  return Math.abs(value) >= 1_000 ? price(value) : String(Number(value.toPrecision(5)));
}

function CellView({ cell }: { cell: Cell }): JSX.Element {
  const hasMemory = cell.state !== '' && cell.state !== '{}' && cell.state !== 'null';
  return (
    <li className="dp-cell">
      <header><strong>{cell.symbol}</strong>{cell.wish.length === 0 ? <span className="muted">no wish yet</span> : cell.wish.map((wish) => <Tag key={wish.symbol} tone={SIDES[wish.side]}>{cell.wish.length > 1 || wish.symbol !== cell.symbol ? `${wish.symbol} ` : ''}wants {wish.side}{wish.weight === null ? '' : ` ${percent(wish.weight, { signed: false, decimals: 1 })}`}</Tag>)}{!cell.isWarm && <Tag tone="busy">warming up</Tag>}<span className="muted dp-cell-bar">bar <MarketTime at={cell.lastBarAt} withDay /> · {counted(cell.bars, 'bar')}</span></header>
      {cell.indicators.length > 0 && <dl>{cell.indicators.map((one) => <div key={`${one.symbol}-${one.name}-${one.label}`}><dt title={one.name}>{one.symbol === cell.symbol ? '' : `${one.symbol} `}{one.label}</dt><dd className="num">{figure(one.value)}</dd></div>)}</dl>}
      {hasMemory && <details><summary>Memory</summary><pre>{memoryText(cell.state)}</pre></details>}
    </li>
  );
}

/** The cells. */
export function CellsView({ live }: { live: DeploymentLive }): JSX.Element {
  const isAsked = live.card.state === 'running' || live.card.state === 'warming_up';
  if (live.cells.length === 0) return isAsked ? <Empty title="No bar yet">With its first bar, what it sees and what it wants stands here.</Empty> : <Empty title="Not asked now">It is shown no bars. What it sees and what it wants stands here again once it runs.</Empty>;
  return <><ul className="dp-cells">{live.cells.map((cell) => <CellView key={cell.symbol} cell={cell} />)}</ul>{live.cellsLeftOut > 0 && <p className="muted dp-note">and {counted(live.cellsLeftOut, 'symbol')} more</p>}</>;
}

function SignalLine({ signal }: { signal: SignalRow }): JSX.Element {
  const [tone, word] = OUTCOMES[signal.outcome];
  const { decisionId } = signal;
  const content = (
    <>
      <span className="dp-signal-head"><strong>{signal.symbol}</strong><span>{signal.target}{signal.weight === null ? '' : ` ${percent(signal.weight, { signed: false, decimals: 1 })}`} at {price(signal.price)}</span><Tag tone={tone}>{word}</Tag><span className="muted"><MarketTime at={signal.barTime} withDay /></span></span>
      <span className="dp-signal-words">{signal.words}</span>
      {signal.reasons.length > 0 && <span className="muted num dp-signal-why">{signal.reasons.map((reason) => `${reason.name} ${reason.value}${reason.threshold === '' ? '' : ` vs ${reason.threshold}`}`).join(' · ')}</span>}
    </>
  );
  return <li>{decisionId === null ? <div className="dp-signal">{content}</div> : <UnstyledButton className="dp-signal opens" onClick={() => openSheet({ kind: 'story', id: decisionId })} aria-label={`${signal.symbol} ${signal.target}: ${word}. Open its story`}>{content}</UnstyledButton>}</li>;
}

/** The last signals, newest first. */
export function SignalsView({ live }: { live: DeploymentLive }): JSX.Element {
  if (live.signals.length === 0) return <Empty title="No signal yet">The first one appears with what risk said to it. A click on it tells the story of its order.</Empty>;
  return <ul className="dp-signals">{live.signals.map((signal) => <SignalLine key={signal.signalId} signal={signal} />)}</ul>;
}
