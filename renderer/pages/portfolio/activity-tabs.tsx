/** P&L by day and by strategy, allocation. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import { Switch } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { StrategyView } from '#app/contracts/views.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { LazyChart } from '../../charts/lazy-chart.tsx';
import { allocationFigure, daysFigure } from '../../charts/portfolio-figures.ts';
import { newKey } from '../../data/client.ts';
import { useAccount, useAction, useDays, usePositions, useStrategies } from '../../data/queries.ts';
import { openSheet } from '../../frame/panels.ts';
import { DataTable } from '../../ui/data-table.tsx';
import type { Column } from '../../ui/data-table.tsx';
import { Answer, Empty, MarketTime, Pnl } from '../../ui/kit.tsx';
import { count, money } from '../../ui/format.ts';
import { useTokens } from '../../ui/use-tokens.ts';
import { useDeployed } from '../author/deploy/deploy-queries.ts';
import { StateMark, universeWords } from '../author/deploy/live-card.tsx';
import { isInTrouble, whyNot } from '../author/deploy/live-words.ts';

type Day = RouteOutput<'pnlByDay'>['days'][number];
const DAYS: readonly Column<Day>[] = [
  { id: 'day', header: 'Day', value: (row) => row.day, cell: (row) => <span className="num">{row.day}</span> },
  { id: 'pnl', header: 'P&L', unit: 'USD', isNumber: true, value: (row) => Number(row.pnl), cell: (row) => <Pnl value={row.pnl} fraction={row.pnlFraction} /> },
  { id: 'open', header: 'Before', unit: 'USD', isNumber: true, value: (row) => Number(row.openEquity), cell: (row) => <span className="num">{money(row.openEquity)}</span> },
  { id: 'close', header: 'After', unit: 'USD', isNumber: true, value: (row) => Number(row.closeEquity), cell: (row) => <span className="num">{money(row.closeEquity)}</span> },
  { id: 'fills', header: 'Fills', isNumber: true, value: (row) => row.fills, cell: (row) => <span className="num">{count(row.fills)}</span> },
];

function DaysView({ days }: { days: Day[] }): JSX.Element {
  const tokens = useTokens();
  const figure = useMemo(() => daysFigure(days, tokens), [days, tokens]);
  return (
    <div className="split">
      <DataTable columns={DAYS} rows={days} rowId={(row) => row.day} label="P&L by day" empty={null} />
      <LazyChart figure={figure} height={220} label="P&L by day" />
    </div>
  );
}

/** P&L of each exchange day. */
export function DaysTab(): JSX.Element {
  const query = useDays();
  return <Answer query={query}>{(data) => (data.days.length === 0 ? <Empty title="No day yet">A day appears with its first point of the equity curve.</Empty> : <DaysView days={data.days} />)}</Answer>;
}

function EnabledSwitch({ strategy }: { strategy: StrategyView }): JSX.Element {
  const action = useAction('setStrategyEnabled', [['strategies']]);
  return <Switch size="xs" checked={action.isPending ? action.variables.isEnabled : strategy.isEnabled} onChange={(event) => action.mutate({ strategyId: strategy.strategyId, isEnabled: event.currentTarget.checked, idempotencyKey: newKey() })} aria-label={`${strategy.name} may raise signals`} onClick={(event) => event.stopPropagation()} />;
}

/** Its name leads to what it does now; one that stopped by itself says so here, with cause and remedy on the mark. */
function NameCell({ row }: { row: StrategyView }): JSX.Element {
  const card = useDeployed().data?.deployed.find(({ strategyId }) => strategyId === row.strategyId);
  const why = card !== undefined && isInTrouble(card) ? whyNot(card) : null;
  return <span className="strategy-name"><Link className="link" to="/author" search={{ strategy: row.strategyId, pane: 'live' }} title={row.name}>{row.name}</Link> {card !== undefined && why !== null && <span title={`${why.cause}\n${why.remedy}`}><StateMark state={card.state} /></span>} <span className="muted" title={row.versionId}>{row.versionId}</span></span>;
}

const STRATEGIES: readonly Column<StrategyView>[] = [
  { id: 'on', header: 'On', width: 44, value: (row) => Number(row.isEnabled), cell: (row) => <EnabledSwitch strategy={row} /> },
  { id: 'name', header: 'Strategy', value: (row) => row.strategyId, cell: (row) => <NameCell row={row} /> },
  { id: 'universe', header: 'Universe', isMinor: true, value: (row) => row.symbols.join(' '), cell: (row) => <span className="muted" title={row.symbols.join(' ')}>{universeWords(row)}</span> },
  { id: 'signals', header: 'Signals', isNumber: true, value: (row) => row.signals, cell: (row) => <span className="num">{count(row.signals)}</span> },
  { id: 'approved', header: 'Approved', isNumber: true, value: (row) => row.approved, cell: (row) => <span className="num">{count(row.approved)}</span> },
  { id: 'denied', header: 'Denied', isNumber: true, value: (row) => row.denied, cell: (row) => <span className="num">{count(row.denied)}</span> },
  { id: 'fills', header: 'Fills', isNumber: true, value: (row) => row.fills, cell: (row) => <span className="num">{count(row.fills)}</span> },
  { id: 'open', header: 'Open P&L', unit: 'USD', isNumber: true, value: (row) => Number(row.openPnl), cell: (row) => <Pnl value={row.openPnl} /> },
  { id: 'realized', header: 'Realized', unit: 'USD', isNumber: true, value: (row) => Number(row.realizedPnl), cell: (row) => <Pnl value={row.realizedPnl} /> },
  { id: 'last', header: 'Last signal', value: (row) => row.lastSignalAt, cell: (row) => <MarketTime at={row.lastSignalAt} withDay /> },
];

/** Above the list: those that stopped by themselves, with cause and remedy. */
function StoppedNote(): JSX.Element | null {
  const troubled = (useDeployed().data?.deployed ?? []).filter(isInTrouble);
  if (troubled.length === 0) return null;
  return <ul className="strategy-troubles">{troubled.map((card) => <li key={card.strategyId}><StateMark state={card.state} /> <Link className="link" to="/author" search={{ strategy: card.strategyId, pane: 'live' }}>{card.name}</Link> <span>{whyNot(card)?.cause}</span> <span className="muted">{whyNot(card)?.remedy}</span></li>)}</ul>;
}

/** What each strategy did, and what was traded by hand. */
export function StrategiesTab(): JSX.Element {
  const query = useStrategies();
  return (
    <Answer query={query}>
      {(data) => (
        <>
          <StoppedNote />
          <DataTable columns={STRATEGIES} rows={data.strategies} rowId={(row) => row.strategyId} label="Strategies" empty={<Empty title="No strategies">The strategy engine puts two in place at its first start.</Empty>} />
          {data.manual.fills > 0 && <p className="table-note">By hand: {count(data.manual.fills)} fills, realized <Pnl value={data.manual.realizedPnl} />, open <Pnl value={data.manual.openPnl} /></p>}
        </>
      )}
    </Answer>
  );
}

/** Areas by value, colour by open P&L. */
export function AllocationTab(): JSX.Element {
  const tokens = useTokens();
  const positions = usePositions();
  const account = useAccount();
  const cash = account.data?.cash ?? '0';
  const rows = positions.data?.positions;
  const figure = useMemo(() => allocationFigure(rows ?? [], cash, tokens), [rows, cash, tokens]);
  return (
    <Answer query={positions}>
      {(data) => (data.positions.length === 0
        ? <Empty title="All cash">With the first position its share of the account is drawn here.</Empty>
        : <div className="allocation" onDoubleClick={() => openSheet({ kind: 'ticket', start: {} })}><LazyChart figure={figure} height={280} label="Allocation by value, coloured by open P&L" /></div>)}
    </Answer>
  );
}
