/** Did the choice go on behind its window? Windows in and out of sample, the curve out of sample, and where the parameters went. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import type { SearchReportView } from '#app/contracts/search-report.ts';
import { foldsFigure, outOfSampleFigure } from '../../../charts/author-search.ts';
import { LazyChart } from '../../../charts/lazy-chart.tsx';
import { marketDay, percent } from '../../../ui/format.ts';
import { useTokens } from '../../../ui/use-tokens.ts';
import { nameOf } from './figure-view.ts';

type WalkForward = NonNullable<SearchReportView['walkForward']>;

function Paths({ walkForward }: { walkForward: WalkForward }): JSX.Element {
  return (
    <table className="rs-table rs-paths" aria-label="Parameters of the windows">
      <thead><tr><th>Chosen</th>{walkForward.folds.map(({ outFrom }, n) => <th key={outFrom} className="num">{n + 1}</th>)}<th>Stability</th></tr></thead>
      <tbody>{walkForward.paths.map(({ name, values, stability, isAtEdge }) => <tr key={name}><th scope="row"><code>{name}</code></th>{values.map((value, n) => <td key={walkForward.folds[n]?.outFrom ?? n} className="num">{String(value)}</td>)}<td className="num">{percent(stability, { signed: false, decimals: 0 })}{isAtEdge && <span className="warn-text"> at the edge: widen the range</span>}</td></tr>)}</tbody>
    </table>
  );
}

/** The part. */
export function WalkForwardPart({ walkForward, figure }: { walkForward: WalkForward; figure: string }): JSX.Element {
  const tokens = useTokens();
  const folds = useMemo(() => foldsFigure(walkForward, figure, { tokens, nameOf: (at) => marketDay(at).slice(0, 7) }), [walkForward, figure, tokens]);
  const curve = useMemo(() => (walkForward.curve.at.length < 2 ? null : outOfSampleFigure(walkForward, tokens)), [walkForward, tokens]);
  const last = walkForward.curve.equity.at(-1);
  return (
    <>
      <section className="rs-chart"><header><h3>Windows</h3><span className="rs-key in">chosen in</span><span className="rs-key own">behind it</span><span className="muted">{nameOf(figure)}</span></header><LazyChart figure={folds} height={180} label="Each window in sample and out of sample" /><Paths walkForward={walkForward} /></section>
      {curve !== null && <section className="rs-chart"><header><h3>Out of sample</h3><span className="rs-key own">{last === undefined ? '' : percent(last / walkForward.curve.cash - 1)} on time that the choices had not seen</span></header><LazyChart figure={curve} height={180} label="Equity out of sample" /></section>}
    </>
  );
}
