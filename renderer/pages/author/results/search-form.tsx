/** What a search varies: parameters with ranges, the way points are chosen, what is good, and time that the choice must not see. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import type { ParameterView } from '#app/contracts/author.ts';
import type { BacktestView } from '#app/contracts/studio.ts';
import { age, count, marketDay } from '../../../ui/format.ts';
import { Empty } from '../../../ui/kit.tsx';
import { changeSearch, runDraftNow, useRunDraft, useSearchDraft } from './draft-store.ts';
import { problemsOf, requestOf } from './run-draft.ts';
import type { Problems } from './run-draft.ts';
import { useRunTarget } from './run-target.ts';
import { isUnderWay, useRuns, useStart, useStarting } from './runs.ts';
import { METHODS, OBJECTIVES, pointsOf, pointTime, rangeOf, searchOf, searchProblems, searchTime, stepsOf } from './search-draft.ts';
import type { RangeDraft, SearchDraft } from './search-draft.ts';
import { Field, Picker, Typed } from './small-parts.tsx';
import { useStored } from './stored.ts';

/** `stays`: its value in the bar, where it is not varied. */
type RowProps = { readonly view: ParameterView; readonly stays: string; readonly range: RangeDraft; readonly problem: string | undefined; change(range: RangeDraft): void };

function RangeRow({ view, stays, range, problem, change }: RowProps): JSX.Element {
  const isNumber = view.kind === 'integer' || view.kind === 'number';
  const all = view.kind === 'flag' ? ['true', 'false'] : view.choices;
  const typed = (name: 'from' | 'to' | 'step'): JSX.Element => <Typed label={`${view.name} ${name}`} value={range[name]} onChange={(value) => change({ ...range, isVaried: true, [name]: value })} />;
  return (
    <tr className={range.isVaried ? '' : 'off'} title={view.describe}>
      <td><label className="rs-check"><input type="checkbox" checked={range.isVaried} onChange={(event) => change({ ...range, isVaried: event.currentTarget.checked })} /> <code>{view.name}</code></label></td>
      {isNumber ? <><td>{typed('from')}</td><td>{typed('to')}</td><td>{typed('step')}</td></> : (
        <td colSpan={3}>{all.map((value) => <label key={value} className="rs-check"><input type="checkbox" checked={range.values.includes(value)} onChange={(event) => change({ ...range, isVaried: true, values: event.currentTarget.checked ? [...range.values, value] : range.values.filter((one) => one !== value) })} /> {value}</label>)}</td>
      )}
      <td className="number num">{range.isVaried ? stepsOf(view, range) : <span className="muted">stays {stays}</span>}{problem !== undefined && <p className="rs-problem" role="alert">{problem}</p>}</td>
    </tr>
  );
}

function Rules({ draft, problems, change }: { draft: SearchDraft; problems: Problems; change(some: Partial<SearchDraft>): void }): JSX.Element {
  return (
    <>
      <div className="rs-pair">
        <Field label="Points">{() => <Picker label="How points are chosen" value={draft.method} options={METHODS.map(([name, words]) => [name, words] as const)} onChange={(method) => change({ method })} />}</Field>
        {draft.method === 'grid' ? <p className="rs-note">{METHODS[0][2]}.</p> : <Field label="How many" problem={problems['trials']}>{(id) => <Typed id={id} value={draft.trials} onChange={(trials) => change({ trials })} />}</Field>}
      </div>
      <div className="rs-pair">
        <Field label="What decides">{() => <Picker label="What decides" value={draft.objective} options={OBJECTIVES} onChange={(objective) => change({ objective })} />}</Field>
        <Field label="Carried on">{() => <Picker label="Carried on" value={draft.choose} options={[['sturdiest', 'The sturdiest point'], ['best', 'The best point']]} onChange={(choose) => change({ choose })} />}</Field>
      </div>
      <div className="rs-pair">
        <Field label="Round trips at least" problem={problems['minTrades']} help="A good score with fewer shrinks">{(id) => <Typed id={id} value={draft.minTrades} onChange={(minTrades) => change({ minTrades })} />}</Field>
        <Field label="Deepest fall" unit="%, empty = any" problem={problems['maxDrawdown']} help="A good score with a deeper fall shrinks">{(id) => <Typed id={id} value={draft.maxDrawdown} onChange={(maxDrawdown) => change({ maxDrawdown })} />}</Field>
      </div>
      <label className="rs-check"><input type="checkbox" checked={draft.isWalkForward} onChange={(event) => change({ isWalkForward: event.currentTarget.checked })} /> Walk forward: choose in a window, then try the choice on the time behind it</label>
      {draft.isWalkForward && (
        <div className="rs-pair three">
          <Field label="Windows">{() => <Picker label="Kind of windows" value={draft.kind} options={[['rolling', 'Rolling'], ['anchored', 'From the beginning']]} onChange={(kind) => change({ kind })} />}</Field>
          <Field label="How many" problem={problems['folds']}>{(id) => <Typed id={id} value={draft.folds} onChange={(folds) => change({ folds })} />}</Field>
          <Field label="Unseen part" unit="%" problem={problems['outPart']}>{(id) => <Typed id={id} value={draft.outPart} onChange={(outPart) => change({ outPart })} />}</Field>
        </div>
      )}
      {!draft.isWalkForward && <p className="rs-note warn-text">Without it nothing is tried on time that the choice had not seen.</p>}
    </>
  );
}

/** The form. `lastRun`: a run without a search, for an estimate of the time. */
export function SearchForm({ projectId, lastRun }: { projectId: string; lastRun: BacktestView | null }): JSX.Element {
  const target = useRunTarget();
  const draft = useSearchDraft(projectId);
  const run = useRunDraft(projectId);
  const stored = useStored(run.screenId === null ? run.symbols : [], run.timeframe);
  const start = useStart();
  const starting = useStarting();
  const isRunning = useRuns(projectId).data?.backtests.some(isUnderWay) ?? false;
  const facts = target?.facts ?? null;
  if (facts === null) return <Empty title="The parameters are not known yet">The files cannot be loaded; the editor says why. What the strategy declares as parameters can be varied here.</Empty>;
  const { parameters } = facts;
  if (parameters.length === 0) return <Empty title="There is nothing to vary">Declare parameters in the strategy&apos;s description: each one with a default and a range can be searched, and its map, its plateau and its luck are shown here.</Empty>;
  const change = (some: Partial<SearchDraft>): void => changeSearch(projectId, some);
  const problems = searchProblems(draft, parameters);
  const today = marketDay(Date.now());
  const barProblem = Object.values(problemsOf(run, facts, today))[0];
  const points = pointsOf(draft, parameters);
  const pointMs = pointTime(lastRun);
  const time = searchTime(draft, points.tried, pointMs);
  const isBlocked = Object.keys(problems).length > 0 || barProblem !== undefined || isRunning || starting?.stage === 'saving' || starting?.stage === 'starting';
  const begin = (): void => { void start((project) => ({ ...requestOf(runDraftNow(projectId), { facts, project, stored: stored.days, today }), search: searchOf(draft, parameters) }), 'optimise'); };
  return (
    <div className="rs-form rs-search">
      <table className="rs-ranges" aria-label="Parameters to vary">
        <thead><tr><th>Parameter</th><th>From</th><th>To</th><th>Step</th><th className="number">Values</th></tr></thead>
        <tbody>{parameters.map((view) => <RangeRow key={view.name} view={view} stays={String(run.parameters[view.name] ?? view.default)} range={rangeOf(draft, parameters, view)} problem={problems[`ranges.${view.name}`]} change={(range) => change({ ranges: { ...draft.ranges, [view.name]: range } })} />)}</tbody>
      </table>
      <Rules draft={draft} problems={problems} change={change} />
      <div className="rs-begin">
        <Button size="compact-md" disabled={isBlocked} onClick={begin}>Try {count(points.tried)} points</Button>
        <p>{problems['points'] ?? barProblem ?? (isRunning ? 'A run is under way.' : `${draft.method === 'grid' || points.tried === points.all ? '' : `of ${count(points.all)}; `}${time === null ? 'Run it once and the time is estimated here.' : `about ${age(time)} at most: the last run took ${age(pointMs)}`}`)}</p>
      </div>
      <p className="rs-note">Symbols, span, capital, costs and what is not varied are those of the bar below. The more points are tried, the better the best looks by luck alone; the verdict counts them.</p>
    </div>
  );
}
