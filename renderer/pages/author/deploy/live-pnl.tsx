/** What a deployment earned against what its back-test lets expect, and what it holds as its own share. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import { Link } from '@tanstack/react-router';
import type { DeploymentLive, Expectation } from '#app/contracts/deploy.ts';
import { LazyChart } from '../../../charts/lazy-chart.tsx';
import { Empty, Pnl, Tag } from '../../../ui/kit.tsx';
import { DataTable } from '../../../ui/data-table.tsx';
import type { Column } from '../../../ui/data-table.tsx';
import { price, quantity } from '../../../ui/format.ts';
import { useTokens } from '../../../ui/use-tokens.ts';
import { expectationFigure } from './expectation-figure.ts';
import { STANDINGS } from './live-words.ts';

type Row = DeploymentLive['positions'][number];
const COLUMNS: readonly Column<Row>[] = [
  { id: 'symbol', header: 'Symbol', value: (row) => row.symbol, cell: (row) => <strong>{row.symbol}</strong> }, { id: 'qty', header: 'Shares', isNumber: true, value: (row) => Number(row.qty), cell: (row) => <span className="num">{quantity(row.qty)}</span> },
  { id: 'price', header: 'At', unit: 'USD', isNumber: true, value: (row) => Number(row.avgPrice), cell: (row) => <span className="num">{price(row.avgPrice)}</span> }, { id: 'open', header: 'Open P&L', unit: 'USD', isNumber: true, value: (row) => Number(row.openPnl), cell: (row) => <Pnl value={row.openPnl} /> },
];

function Band({ expectation }: { expectation: Expectation }): JSX.Element {
  const tokens = useTokens();
  const figure = useMemo(() => expectationFigure(expectation.days, tokens), [expectation.days, tokens]);
  const { word, tone } = STANDINGS[expectation.standing];
  return (
    <section className="dp-band">
      <p><Tag tone={tone}>{word}</Tag> {expectation.words}</p>
      {expectation.days.length > 0 && <LazyChart figure={figure} height={200} label="P&L against expectation" />}
      <p className="muted">Band: what 90 of 100 draws from the days of <Link className="link" to="/author" search={(now) => ({ ...now, pane: 'run', run: expectation.backtestId })}>its back-test</Link> gave. Line: what it really earned, in dollars since its start.</p>
    </section>
  );
}

/** The tab. */
export function PnlView({ live }: { live: DeploymentLive }): JSX.Element {
  return (
    <>
      {live.expectation === null ? <Empty title="Nothing to expect yet">The band is drawn from the days of the newest back-test of the version that runs: 20 at least, and some of them with a position. Run one over a longer span, and it appears here.</Empty> : <Band expectation={live.expectation} />}
      <h4 className="dp-subhead">Its own share of what is held</h4>
      <DataTable columns={COLUMNS} rows={live.positions} rowId={(row) => row.symbol} label="Positions of the strategy" empty={<p className="muted dp-note">It holds nothing.</p>} />
    </>
  );
}
