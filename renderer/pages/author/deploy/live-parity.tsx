/** Parity: each traded day run again over the recorded bars, with the differences of each trade and their reason. */
import { useState } from 'react';
import type { JSX } from 'react';
import { UnstyledButton } from '@mantine/core';
import { IconChevronRight } from '@tabler/icons-react';
import type { ParityDay, ParityDifference } from '#app/contracts/deploy.ts';
import { Answer, Empty, MarketTime, Tag } from '../../../ui/kit.tsx';
import { counted, money } from '../../../ui/format.ts';
import { useParity } from './deploy-queries.ts';
import { DIFFERENCES, parityTone } from './live-words.ts';

function Difference({ one }: { one: ParityDifference }): JSX.Element {
  return (
    <li>
      <p className="dp-difference-head"><strong>{one.symbol}</strong><Tag tone={one.kind === 'denied' || one.kind === 'price' ? 'idle' : 'warn'}>{DIFFERENCES[one.kind]}</Tag><span className="muted"><MarketTime at={one.at} withDay /></span>{one.cost !== null && <span className="num dp-cost">{money(one.cost, { signed: true })} USD</span>}</p>
      <p className="num muted">traded {one.live ?? 'nothing'} · run again {one.replayed ?? 'nothing'}{one.priceDifferenceBps !== null && ` · ${one.priceDifferenceBps.toFixed(1)} bp`}</p>
      <p>{one.reason}</p>
    </li>
  );
}

function Day({ row, isFirst }: { row: ParityDay; isFirst: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(isFirst && row.differences.length > 0);
  return (
    <li className={isOpen ? 'dp-parity open' : 'dp-parity'}>
      <UnstyledButton aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <IconChevronRight size={13} aria-hidden /><span className="num">{row.day}</span><Tag tone={parityTone(row.score)}>{row.score === null ? 'nothing to compare' : `${Math.floor(row.score * 10) / 10} of 100`}</Tag>
        <span className="muted num">{row.tradesSame} of {counted(row.trades, 'trade')} the same · {row.signalsSame} of {counted(row.signals, 'signal')}</span>
      </UnstyledButton>
      {isOpen && <div className="dp-parity-body">{row.note !== null && <p className="muted">{row.note}</p>}{row.differences.length === 0 ? row.note === null && <p className="muted">Every trade came out the same over {counted(row.bars, 'bar')}.</p> : <ul className="dp-differences">{row.differences.map((one) => <Difference key={`${one.symbol}-${one.at}-${one.kind}`} one={one} />)}</ul>}</div>}
    </li>
  );
}

/** The tab. */
export function ParityView({ strategyId }: { strategyId: string }): JSX.Element {
  const query = useParity(strategyId);
  return (
    <Answer query={query}>{({ days }) => (days.length === 0
      ? <Empty title="No day compared yet">After each exchange day, the day is run again over the recorded bars with the version that traded. The score says how many trades came out the same.</Empty>
      : <ul className="dp-parities">{days.map((row, n) => <Day key={`${row.day}-${row.versionId}`} row={row} isFirst={n === 0} />)}</ul>)}
    </Answer>
  );
}
