/** What a search found: what to make of it first, then the point to carry on beside the best one, the map, the windows, and what could have been. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import type { SearchReportView, TrialView } from '#app/contracts/search-report.ts';
import { call } from '../../../data/client.ts';
import { count, percent } from '../../../ui/format.ts';
import { Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { nameOf, shortNameOf, writtenBy } from './figure-view.ts';
import { MonteCarloPart } from './overview-tab.tsx';
import { RunHead } from './run-head.tsx';
import { MapPart } from './search-map.tsx';
import { useTakeParameters } from './take-parameters.ts';
import { searchHeadline, searchStatements } from './verdict-words.ts';
import { Judgement, ToneIcon, VerdictCard } from './verdict-card.tsx';
import { WalkForwardPart } from './walk-forward-part.tsx';

const TOP_ROWS = 20;

const keptWords = ({ plateau }: TrialView): string => percent(plateau?.score ?? null, { signed: false, decimals: 0 });

/** Parameters in one line. */
function pointWords(parameters: TrialView['parameters']): string {
  return Object.entries(parameters).map(([name, value]) => `${name} ${String(value)}`).join(' · ');
}

function PointCard({ title, words, trial, report, take, isFirst }: { title: string; words: string; trial: TrialView; report: SearchReportView; take(parameters: TrialView['parameters']): void; isFirst: boolean }): JSX.Element {
  const shown = [report.objective.figure, 'total_return', 'max_drawdown', 'trades'].filter((name, n, all) => all.indexOf(name) === n);
  return (
    <section className={isFirst ? 'rs-point first' : 'rs-point'}>
      <h3>{title}</h3><p className="muted">{words}</p>
      <p className="rs-parameters-line">{Object.entries(trial.parameters).map(([name, value]) => <span key={name}><code>{name}</code> <b className="num">{String(value)}</b></span>)}</p>
      <dl>{shown.map((name) => <div key={name}><dt>{nameOf(name)}</dt><dd className="num">{writtenBy(name, trial.figures[name])}</dd></div>)}<div><dt>Kept beside it</dt><dd className="num">{keptWords(trial)}</dd></div></dl>
      <Button size="compact-xs" variant={isFirst ? 'filled' : 'default'} onClick={() => take(trial.parameters)}>Take these parameters</Button>
    </section>
  );
}

function Points({ report, take }: { report: SearchReportView; take(parameters: TrialView['parameters']): void }): JSX.Element | null {
  const { best, sturdy } = report;
  if (best === null) return null;
  const isSame = sturdy !== null && JSON.stringify(sturdy.parameters) === JSON.stringify(best.parameters);
  return (
    <div className="rs-points">
      {sturdy !== null && <PointCard title={isSame ? 'The sturdiest, and the best' : 'The sturdiest'} words="Its neighbours do well too: it need not be hit exactly." trial={sturdy} report={report} take={take} isFirst />}
      {!isSame && <PointCard title="The best on paper" words={sturdy === null ? 'No plateau could be seen around it: take it with doubt.' : 'The highest score of all: the one that luck helps most.'} trial={best} report={report} take={take} isFirst={false} />}
    </div>
  );
}

function Top({ report, take }: { report: SearchReportView; take(parameters: TrialView['parameters']): void }): JSX.Element | null {
  const names = [...new Set(report.top.flatMap(({ parameters }) => Object.keys(parameters)))];
  const varied = names.filter((name) => new Set(report.top.map(({ parameters }) => parameters[name])).size > 1);
  const columns = [report.objective.figure, 'total_return', 'max_drawdown', 'trades'].filter((name, n, all) => all.indexOf(name) === n);
  if (report.top.length === 0) return null;
  return (
    <section className="rs-chart">
      <header><h3>Best points</h3><span className="muted">{count(report.trials)} tried{report.unusable > 0 ? `, ${count(report.unusable)} that the strategy cannot take` : ''}; the score shrinks with few trades and deep falls</span></header>
      <div className="table-scroll">
        <table className="data-table rs-top" aria-label="Best points">
          <thead><tr>{(varied.length === 0 ? names : varied).map((name) => <th key={name} className="number"><code>{name}</code></th>)}<th className="number">Score</th><th className="number" title="How much of the score is left at points beside it">Kept</th>{columns.map((name) => <th key={name} className="number" title={nameOf(name)}>{shortNameOf(name)}</th>)}<th aria-label="Acts" /></tr></thead>
          <tbody>{report.top.slice(0, TOP_ROWS).map((trial) => <tr key={pointWords(trial.parameters)}>{(varied.length === 0 ? names : varied).map((name) => <td key={name} className="number num">{String(trial.parameters[name])}</td>)}<td className="number num">{writtenBy('score', trial.score)}</td><td className="number num">{keptWords(trial)}</td>{columns.map((name) => <td key={name} className="number num">{writtenBy(name, trial.figures[name])}</td>)}<td><button type="button" className="link-button" onClick={() => take(trial.parameters)}>Take</button></td></tr>)}</tbody>
        </table>
      </div>
    </section>
  );
}

function Failures({ report }: { report: SearchReportView }): JSX.Element | null {
  if (report.failed === 0) return null;
  return <details className="rs-warnings"><summary>{count(report.failed)} of {count(report.trials)} points failed</summary><ul>{report.failures.map(({ parameters, why }) => <li key={pointWords(parameters)}><code>{pointWords(parameters)}</code>: {why}</li>)}</ul></details>;
}

/** The part. */
export function SearchResult({ detail }: { detail: BacktestDetail }): JSX.Element {
  const { backtestId } = detail.view;
  const query = useQuery({ queryKey: ['backtest search', backtestId], staleTime: Number.POSITIVE_INFINITY, queryFn: ({ signal }) => call('backtestSearch', { backtestId }, { signal }) });
  const { take, taken } = useTakeParameters();
  const [isVerdictOpen, setVerdictOpen] = useState(false);
  const report = query.data;
  if (report === undefined) return query.error === null ? <SkeletonRows count={10} /> : <Failure error={query.error} retry={() => void query.refetch()} />;
  const statements = searchStatements(report, detail.result?.figures['deflated_sharpe'] ?? null);
  const { tone, words } = searchHeadline(statements);
  return (
    <>
      <RunHead detail={detail} />
      <Judgement tone={tone} title={tone === 'good' ? 'The parameters hold' : tone === 'warn' ? 'Doubtful' : 'Do not carry them on'} headline={words}>
        <ul className="rs-statements">{statements.map((one) => <li key={one.title}><ToneIcon tone={one.tone} /><div><p><strong>{one.title}</strong> <b className="num">{one.value}</b></p><p className="muted">{one.words}</p></div></li>)}</ul>
        <button type="button" className="link-button rs-more" aria-expanded={isVerdictOpen} onClick={() => setVerdictOpen(!isVerdictOpen)}>{isVerdictOpen ? 'Put the whole verdict away' : 'The whole verdict on the parameters that were carried on'}</button>
      </Judgement>
      {isVerdictOpen && detail.result !== null && <VerdictCard verdict={detail.result.verdict} isComing={false} />}
      {!report.isComplete && <p className="rs-note warn-text">The search was ended before all points were tried.</p>}
      {taken !== null && <p className="rs-taken" role="status">The bar below has {pointWords(taken)}. Run it to see it in full.</p>}
      <Points report={report} take={take} />
      <MapPart report={report} take={take} />
      {report.walkForward !== null && <WalkForwardPart walkForward={report.walkForward} figure={report.objective.figure} />}
      <Top report={report} take={take} />
      {detail.result !== null && <MonteCarloPart detail={detail} result={detail.result} />}
      <Failures report={report} />
    </>
  );
}
