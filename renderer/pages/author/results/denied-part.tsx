/** What the risk rules denied, before anything else: a run whose entries were denied says nothing about the idea. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import { IconBan } from '@tabler/icons-react';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { useRoute } from '../../../data/queries.ts';
import { count } from '../../../ui/format.ts';
import { openProjectNow } from '../open-project.ts';
import { denialsOf } from './denied-words.ts';
import type { Denials } from './denied-words.ts';
import { changeRun } from './draft-store.ts';

/** What was denied in a run, with the limits of now; null when nothing was. */
export function useDenials(result: BacktestResult): Denials | null {
  const hasAny = Object.keys(result.denied).length > 0;
  const limits = useRoute('tradingState', ['tradingState'], {}, { isEnabled: hasAny }).data?.limits ?? null;
  return hasAny ? denialsOf(result, limits) : null;
}

/** How many, by which rule, and what to do. */
export function DeniedPart({ denials, isPlain }: { denials: Denials; isPlain: boolean }): JSX.Element {
  const { headline, first, rest, remedy, fitting, opened, isMinor } = denials;
  const why = [first, ...rest].map(({ times, why: words }) => `${count(times)} × ${words}`).join('; ');
  const set = (some: Parameters<typeof changeRun>[1]): void => {
    const projectId = openProjectNow()?.project.projectId;
    if (projectId !== undefined) changeRun(projectId, some);
  };
  if (isMinor) return <p className="rs-denied minor" role="note" aria-label="Denied"><IconBan size={15} aria-hidden /><span>{headline}: {why}. <Link to="/settings" search={{ section: 'risk' }}>Open the limits</Link></span></p>;
  return (
    <section className={opened === 0 ? 'rs-denied all' : 'rs-denied'} role="alert" aria-label="Denied">
      <IconBan size={18} aria-hidden />
      <div>
        <h3>{headline}: {rest.length === 0 ? '' : `${count(first.times)} × `}{first.why}.</h3>
        {rest.length > 0 && <p>{rest.map(({ times, why }) => `${count(times)} × ${why}`).join('; ')}.</p>}
        <p>{remedy}</p>
        <p className="rs-denied-acts">
          {fitting !== null && <Button size="compact-xs" onClick={() => set({ positionPercent: String(fitting) })}>Set the size to {fitting} %</Button>}
          {!isPlain && <Button size="compact-xs" variant="default" onClick={() => set({ desk: 'plain' })}>Switch the risk rules off</Button>}
          <Link to="/settings" search={{ section: 'risk' }}>Open the limits</Link>
        </p>
      </div>
    </section>
  );
}
