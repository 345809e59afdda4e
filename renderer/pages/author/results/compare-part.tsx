/** Runs side by side: their verdicts, curves from one start, what differs in their settings, and the best of each figure. */
import { useMemo } from 'react';
import type { JSX } from 'react';
import { useQueries } from '@tanstack/react-query';
import { IconArrowLeft, IconStarFilled, IconX } from '@tabler/icons-react';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import { compareFigure, lineColours } from '../../../charts/author-run.ts';
import { LazyChart } from '../../../charts/lazy-chart.tsx';
import { call } from '../../../data/client.ts';
import { percent } from '../../../ui/format.ts';
import { Failure, SkeletonRows, Tag } from '../../../ui/kit.tsx';
import { useTokens } from '../../../ui/use-tokens.ts';
import { COMPARED_FIGURES, growthOf, settingRows } from './compare-model.ts';
import { bestOf, entryOf, nameOf, writtenBy } from './figure-view.ts';
import { stateTag } from './run-words.ts';
import { useGo } from './runs.ts';

const LETTERS = 'ABCDEF';
const CURVE_HEIGHT = 260;

function Heads({ details, colours, onLeaveOut }: { details: readonly BacktestDetail[]; colours: readonly string[]; onLeaveOut(backtestId: string): void }): JSX.Element {
  const go = useGo();
  return (
    <tr>
      <th aria-label="Figure" />
      {details.map(({ view }, n) => {
        const tag = stateTag(view);
        return (
          <th key={view.backtestId} scope="col">
            <span className="rs-letter" style={{ borderColor: colours[n] }}>{LETTERS[n]}</span>
            <button type="button" className="link-button" onClick={() => go({ run: view.backtestId, pane: 'run' })}>{view.project === null ? view.kind : `v${view.project.version}`}</button>
            <button type="button" className="rs-out" aria-label={`Leave ${LETTERS[n] ?? ''} out`} onClick={() => onLeaveOut(view.backtestId)}><IconX size={12} aria-hidden /></button>
            <div title={view.headline ?? undefined}><Tag tone={tag.tone}>{tag.words}</Tag></div>
          </th>
        );
      })}
    </tr>
  );
}

function Figures({ details }: { details: readonly BacktestDetail[] }): JSX.Element {
  return (
    <>
      {COMPARED_FIGURES.map((name) => {
        const values = details.map(({ result }) => result?.figures[name] ?? null);
        if (values.every((value) => value === null)) return null;
        const best = bestOf(name, values);
        return <tr key={name}><th scope="row" title={entryOf(name)?.formula}>{nameOf(name)}</th>{values.map((value, n) => <td key={details[n]?.view.backtestId} className={best.has(n) ? 'num best' : 'num'}>{best.has(n) && <IconStarFilled size={9} aria-label="best" />}{writtenBy(name, value)}</td>)}</tr>;
      })}
    </>
  );
}

/** The part. */
export function ComparePart({ ids, onBack, onLeaveOut }: { ids: readonly string[]; onBack(): void; onLeaveOut(backtestId: string): void }): JSX.Element {
  const tokens = useTokens();
  const answers = useQueries({ queries: ids.map((backtestId) => ({ queryKey: ['backtest', backtestId], staleTime: 60_000, queryFn: ({ signal }: { signal: AbortSignal }) => call('backtest', { backtestId }, { signal }) })) });
  const details = answers.flatMap(({ data }) => data ?? []);
  const isReady = details.length === ids.length;
  const failed = answers.find(({ error }) => error !== null);
  const colours = useMemo(() => lineColours(tokens), [tokens]);
  const key = details.map(({ view }) => `${view.backtestId} ${view.state}`).join();
  const figure = useMemo(() => (isReady ? compareFigure(details.map(({ result }, n) => ({ name: LETTERS[n] ?? '', colour: colours[n] ?? tokens.accent, ...growthOf(result?.equity ?? []) })), tokens) : null),
    // The answers are new objects at each drawing; their ids and states say when one changed.
    // eslint-disable-next-line react-hooks/exhaustive-deps
    [key, isReady, colours, tokens]);
  const rows = useMemo(() => settingRows(details), [key]); // eslint-disable-line react-hooks/exhaustive-deps -- as above
  if (failed !== undefined) return <Failure error={failed.error} retry={() => void failed.refetch()} />;
  if (figure === null) return <SkeletonRows count={12} />;
  const same = rows.filter(({ isDifferent }) => !isDifferent);
  return (
    <div className="rs-compare">
      <div className="rs-tools"><button type="button" className="link-button" onClick={onBack}><IconArrowLeft size={13} aria-hidden /> All runs</button><span className="muted">{details.length} runs from one start</span></div>
      <section className="rs-chart">
        <header>{details.map(({ view }, n) => <span key={view.backtestId} className="rs-key" style={{ borderColor: colours[n] }}>{LETTERS[n]} {percent(view.totalReturn, { decimals: 1 })}</span>)}</header>
        <LazyChart figure={figure} height={CURVE_HEIGHT} label="Growth of the compared runs" />
      </section>
      <div className="table-scroll">
        <table className="rs-table" aria-label="Compared runs">
          <thead><Heads details={details} colours={colours} onLeaveOut={onLeaveOut} /></thead>
          <tbody>
            <tr className="rs-group"><th colSpan={details.length + 1}>What differs</th></tr>
            {rows.filter(({ isDifferent }) => isDifferent).map(({ name, values }) => <tr key={name} className="rs-differs"><th scope="row">{name}</th>{values.map((value, n) => <td key={details[n]?.view.backtestId}>{value}</td>)}</tr>)}
            <tr className="rs-group"><th colSpan={details.length + 1}>Figures</th></tr>
            <Figures details={details} />
          </tbody>
        </table>
      </div>
      <details className="rs-warnings"><summary>{same.length} settings are the same</summary><dl className="rs-same">{same.map(({ name, values }) => <div key={name}><dt>{name}</dt><dd>{values[0]}</dd></div>)}</dl></details>
    </div>
  );
}
