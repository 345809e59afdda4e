/** The first steps in the navigation: what comes next, and the way there. It can be left at any time and taken up again. */
import { useEffect } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Popover, Tooltip, UnstyledButton } from '@mantine/core';
import { useNavigate, useRouterState } from '@tanstack/react-router';
import { IconCircle, IconCircleCheckFilled, IconRoute, IconX } from '@tabler/icons-react';
import { useRoute } from '../data/queries.ts';
import { setUiState, uiState, useUiState } from '../data/ui-state.ts';
import { stepsOf } from './first-steps.ts';
import type { LookedStep, Step, Work } from './first-steps.ts';
import { useSheet } from './panels.ts';

const EVERY_MS = 5_000;

/** What is stored of a person's work; asked for only while the steps are shown. */
function useWork(): Work {
  const projects = useRoute('projects', ['projects', 'no'], { archived: 'no' }, { everyMs: EVERY_MS }).data?.projects;
  const runs = useRoute('backtests', ['backtests', 'first-steps'], { limit: 20 }, { everyMs: EVERY_MS }).data?.backtests;
  const deployed = useRoute('deployed', ['deployed', 'first-steps'], {}, { everyMs: EVERY_MS }).data?.deployed;
  if (projects === undefined || runs === undefined || deployed === undefined) return null;
  return { newest: projects[0]?.projectId ?? null, run: runs.find(({ project, state }) => project !== null && state === 'done')?.backtestId ?? null, strategy: deployed.find(({ project }) => project !== null)?.strategyId ?? null };
}

function note(step: LookedStep): void {
  const { lookedSteps } = uiState();
  if (!lookedSteps.includes(step)) setUiState({ lookedSteps: [...lookedSteps, step] });
}

/** Notes what a person looks at. */
function useLooked(work: Work): void {
  const sheet = useSheet();
  const search = useRouterState({ select: ({ location }) => location.search as { readonly run?: unknown } });
  const hasRun = (work?.run ?? null) !== null;
  useEffect(() => {
    if (sheet?.kind === 'story') note('order');
  }, [sheet]);
  useEffect(() => {
    if (hasRun && typeof search.run === 'string') note('verdict');
  }, [hasRun, search.run]);
}

function List({ steps, next }: { steps: readonly Step[]; next: Step | undefined }): JSX.Element {
  const navigate = useNavigate();
  const go = ({ to }: Step): void => {
    if (to.page === '/author') void navigate({ to: to.page, search: to.search });
    else {
      setUiState({ tab: to.tab });
      void navigate({ to: to.page });
    }
  };
  return (
    <ol className="fs-list">
      {steps.map((step) => (
        <li key={step.id} className={step.isDone ? 'done' : step === next ? 'next' : ''}>
          <UnstyledButton onClick={() => go(step)}>
            {step.isDone ? <IconCircleCheckFilled size={15} aria-label="Done" /> : <IconCircle size={15} aria-label={step === next ? 'Next' : 'To do'} />}
            <span><strong>{step.title}</strong>{step === next && <small>{step.words}</small>}</span>
          </UnstyledButton>
        </li>
      ))}
    </ol>
  );
}

/** The card; nothing once it was put away. The palette brings it back. */
export function FirstSteps({ isNarrow }: { isNarrow: boolean }): JSX.Element | null {
  const guide = useUiState('guide');
  return guide === 'away' ? null : <Shown isNarrow={isNarrow} isOpen={guide === 'open'} />;
}

function Shown({ isNarrow, isOpen }: { isNarrow: boolean; isOpen: boolean }): JSX.Element {
  const work = useWork();
  useLooked(work);
  const steps = stepsOf(work, useUiState('lookedSteps'));
  const next = steps.find(({ isDone }) => !isDone);
  const done = steps.filter(({ isDone }) => isDone).length;
  const label = next === undefined ? 'First steps: all done' : `First steps: ${done} of ${steps.length} done. Next: ${next.title}`;
  const list = <><List steps={steps} next={next} />{next === undefined && <p className="fs-end">You know your way. Put this away with the cross.</p>}</>;
  if (isNarrow) {
    return (
      <Popover position="right-end" width={260} shadow="md" withArrow>
        <Popover.Target><Tooltip label={label} position="right"><ActionIcon className="fs-icon" variant="light" size="lg" aria-label={label}><IconRoute size={17} /></ActionIcon></Tooltip></Popover.Target>
        <Popover.Dropdown>{list}</Popover.Dropdown>
      </Popover>
    );
  }
  return (
    <section className="fs-card" aria-label="First steps">
      <header>
        <UnstyledButton onClick={() => setUiState({ guide: isOpen ? 'folded' : 'open' })} aria-expanded={isOpen}><strong>First steps</strong> <span className="muted num">{done}/{steps.length}</span></UnstyledButton>
        <Tooltip label="Put away. Ctrl K, First steps, brings it back"><ActionIcon size="xs" variant="subtle" color="gray" aria-label="Put the first steps away" onClick={() => setUiState({ guide: 'away' })}><IconX size={12} /></ActionIcon></Tooltip>
      </header>
      <div className="fs-track"><i style={{ width: `${(100 * done) / steps.length}%` }} /></div>
      {isOpen && list}
    </section>
  );
}
