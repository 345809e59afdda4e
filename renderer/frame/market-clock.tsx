/** The market's clock in the frame: session, countdown, and in demo the simulated time and its speed. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import { useIsStale, useMarketNow } from '../data/clock.ts';
import { useStatus } from '../data/live.ts';
import { Dot } from '../ui/kit.tsx';
import { bothZones, countdown, marketTime, marketWeekday } from '../ui/format.ts';

/** "Market open, closes 3:12:07". */
export function MarketClock(): JSX.Element {
  const status = useStatus();
  const now = useMarketNow();
  const isStale = useIsStale();
  if (!status || now === null) return <div className="market-clock muted">Market –</div>;
  const { market } = status;
  const isOpen = market.session === 'open';
  const change = market.changesAt === null ? '' : `${isOpen ? 'closes in' : 'opens in'} ${countdown(market.changesAt - now)}`;
  const speed = market.isPaused ? 'paused' : market.speed === null ? 'as fast as it settles' : `${market.speed}×`;
  const about = isStale ? 'As it was heard last' : market.isSimulated ? `Simulated market time, ${speed}${market.note === null ? '' : `. ${market.note}`}` : 'Market time';
  return (
    <Tooltip label={`${about}\n${bothZones(now)}`} multiline style={{ whiteSpace: 'pre-line' }}>
      <div className={isStale ? 'market-clock stale' : 'market-clock'}>
        <Dot tone={isOpen && !isStale ? 'good' : 'idle'} />
        <span className="market-session">{isOpen ? 'Market open' : 'Market closed'}</span>
        <span className="num market-change muted">{change}</span>
        {market.isSimulated && <span className="num market-simulated" title={marketWeekday(now)}>{marketTime(now)} <small>sim {market.isPaused ? 'paused' : market.speed === null ? 'max' : `${market.speed}×`}</small></span>}
      </div>
    </Tooltip>
  );
}
