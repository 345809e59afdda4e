/** portfolio: how am I doing, and what do I hold? */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useFills, useOrders, usePositions } from '../../data/queries.ts';
import { useSession } from '../../data/session.ts';
import { useGatewayAway } from '../../data/stack.ts';
import { PORTFOLIO_TABS, setUiState, useUiState } from '../../data/ui-state.ts';
import type { UiState } from '../../data/ui-state.ts';
import { openSheet } from '../../frame/panels.ts';
import { GatewayAway } from '../../health/gateway-away.tsx';
import { AllocationTab, DaysTab, StrategiesTab } from './activity-tabs.tsx';
import { Blotter } from './blotter/blotter.tsx';
import { BooksMark } from './books/books-mark.tsx';
import { CurveCard } from './curve-card.tsx';
import { Headline } from './headline.tsx';
import { FlattenAll } from './holdings/flatten-all.tsx';
import { PositionsTable } from './holdings/positions-table.tsx';
import { MoneyTab } from './money/fills-tab.tsx';
import { count } from '../../ui/format.ts';

type Tab = UiState['tab'];
const NAMES: Readonly<Record<Tab, string>> = { positions: 'Positions', orders: 'Orders', fills: 'Fills', days: 'P&L by day', strategies: 'By strategy', allocation: 'Allocation' };

function TabBody({ tab }: { tab: Tab }): JSX.Element {
  switch (tab) {
    case 'positions': return <PositionsTable />;
    case 'orders': return <Blotter />;
    case 'fills': return <MoneyTab />;
    case 'days': return <DaysTab />;
    case 'strategies': return <StrategiesTab />;
    case 'allocation': return <AllocationTab />;
  }
}

function useCounts(): Partial<Record<Tab, string>> {
  const positions = usePositions().data?.positions.length;
  const orders = useOrders('all').data;
  const fills = useFills().data?.total;
  return { ...(positions === undefined ? {} : { positions: count(positions) }), ...(orders === undefined ? {} : { orders: `${count(orders.openTotal)} open / ${count(orders.total)}` }), ...(fills === undefined ? {} : { fills: count(fills) }) };
}

/** The page. */
export function PortfolioPage(): JSX.Element {
  const tab = useUiState('tab');
  const counts = useCounts();
  const isAway = useGatewayAway() !== null;
  const isSeen = useSession() !== null;
  if (isAway && !isSeen) return <section className="card"><GatewayAway>Account, positions and orders are seen through it. Trading itself does not need it.</GatewayAway></section>;
  return (
    <div className="portfolio">
      {isAway && <section className="card"><GatewayAway>What stands here is what was known last; trading itself goes on.</GatewayAway></section>}
      <Headline />
      <CurveCard />
      <section className="card tabs-card">
        <header className="tab-row" role="tablist" aria-label="Portfolio">
          {PORTFOLIO_TABS.map((name) => (
            <button key={name} type="button" role="tab" aria-selected={tab === name} className={tab === name ? 'tab active' : 'tab'} onClick={() => setUiState({ tab: name })}>{NAMES[name]}{counts[name] !== undefined && <small className="num">{counts[name]}</small>}</button>
          ))}
          <div className="tab-actions"><BooksMark /><FlattenAll /><Button size="compact-sm" leftSection={<IconPlus size={13} />} onClick={() => openSheet({ kind: 'ticket', start: {} })}>New order</Button></div>
        </header>
        <div className="tab-body" role="tabpanel"><TabBody tab={tab} /></div>
      </section>
    </div>
  );
}
