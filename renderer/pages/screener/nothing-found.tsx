/** Nothing was found: which filter removed how many, and the one to switch off. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ScreenDefinition } from '#app/contracts/screener.ts';
import { call } from '../../data/client.ts';
import { count, counted } from '../../ui/format.ts';
import { Answer, SkeletonRows } from '../../ui/kit.tsx';
import { changeFilter } from './draft.ts';
import { diagnose, diagnosisAsk } from './diagnosis.ts';
import type { Diagnosis, FilterFacts } from './diagnosis.ts';
import { changeDraft } from './page-state.ts';
import type { Ran } from './use-screen-run.ts';
import { sentenceOf } from './words.ts';

function switchOff(formula: string): void {
  changeDraft((now) => now.filters.filter((line) => line.formula.trim() === formula).reduce((draft, line) => changeFilter(draft, line.id, { isEnabled: false }), now));
}

function Line({ facts, looked, isWorst }: { facts: FilterFacts; looked: number; isWorst: boolean }): JSX.Element {
  const part = looked === 0 ? 0 : facts.passes / looked;
  return (
    <li className={isWorst ? 'worst' : ''}>
      <span className="why-words">{sentenceOf(facts.formula)}</span>
      <span className="why-bar" aria-hidden><i style={{ width: `${part * 100}%` }} /></span>
      <span className="num" title={facts.lacks > 0 ? `${count(facts.lacks)} have no value to compare` : undefined}>{count(facts.passes)} pass{facts.lacks > 0 && <span className="muted"> · {count(facts.lacks)} unknown</span>}</span>
      <span className="num muted">{facts.without > 0 ? `without it: ${count(facts.without)}` : 'without it: none'}</span>
      <Button size="compact-xs" variant="default" onClick={() => switchOff(facts.formula)}>Switch off</Button>
    </li>
  );
}

function Reasons({ diagnosis }: { diagnosis: Diagnosis }): JSX.Element {
  const { filters, looked, isPart } = diagnosis;
  const worst = filters.reduce<FilterFacts | null>((best, one) => (best === null || one.without > best.without || (one.without === best.without && one.passes < best.passes) ? one : best), null);
  return (
    <>
      <ul className="why-list" aria-label="What each filter lets through">{filters.map((facts) => <Line key={facts.formula} facts={facts} looked={looked} isWorst={facts === worst} />)}</ul>
      <p className="muted">Of {counted(looked, 'symbol')}{isPart ? ', the first of more' : ''}.<span className="without-note"> “Without it” is what the other filters would find together.</span></p>
    </>
  );
}

function Explained({ definition }: { definition: ScreenDefinition }): JSX.Element {
  const ask = diagnosisAsk(definition);
  const query = useQuery<Diagnosis>({ queryKey: ['screenWhy', JSON.stringify(ask)], staleTime: 60_000, queryFn: async ({ signal }) => diagnose(ask, await call('runScreen', { definition: ask }, { signal })) });
  return <Answer query={query} skeleton={<div className="why-wait"><SkeletonRows count={Math.min(4, definition.filters.length)} /></div>}>{(diagnosis) => <Reasons diagnosis={diagnosis} />}</Answer>;
}

/** The state. */
export function NothingFound({ ran }: { ran: Ran }): JSX.Element {
  const { definition, result } = ran;
  if (result.looked === 0) {
    return (
      <div className="state-empty"><strong>There are no bars to look at</strong>
        <p>{definition.universe.kind === 'all' ? `No symbol has stored ${definition.timeframe} bars${definition.asOf === null ? '' : ' up to that day'}. The data page fills the book: by back-filling from the broker, or by importing files.` : 'None of the symbols of this universe has stored bars of this width. Choose another width or universe above.'}</p>
      </div>
    );
  }
  if (result.lacking >= result.looked) {
    return <div className="state-empty"><strong>Too few bars</strong><p>None of the {counted(result.looked, 'symbol')} has as many {definition.timeframe} bars as the filters need. Shorter periods need fewer; the data page loads more history.</p>{definition.filters.length > 0 && <Explained definition={definition} />}</div>;
  }
  return (
    <div className="state-empty nothing-found">
      <strong>None of {counted(result.looked, 'symbol')} passes all filters</strong>
      {definition.filters.length > 0 && <Explained definition={definition} />}
    </div>
  );
}
