/** Below the text: everything that is wrong in the files, where it is, and what to do; and one line that says how things stand. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import { IconAlertTriangle, IconChevronDown, IconChevronUp, IconCircleX, IconEye, IconInfoCircle } from '@tabler/icons-react';
import { counted } from '../../../../ui/format.ts';
import { changeAuthorLayout, useAuthorLayout } from '../../layout.ts';
import { editorNow } from '../../open-project.ts';
import { wordsOf } from '../acts.ts';
import { checkAgain, useChecking } from '../checking.ts';
import { checkLookAhead, useLookAhead } from '../look-ahead.ts';
import type { LookAheadState } from '../look-ahead.ts';
import { useCursor, useProblems } from '../places.ts';
import { inOrderOfWeight } from '../problem.ts';
import type { Problem } from '../problem.ts';
import { isDirty, useCheck } from '../session.ts';
import type { Doc } from '../session.ts';

/** Most lines that are drawn. */
const SHOWN = 200;
const ICONS = { error: <IconCircleX size={14} aria-label="error" />, warning: <IconAlertTriangle size={14} aria-label="warning" />, info: <IconInfoCircle size={14} aria-label="note" /> } as const;

/** Marks of the text, and what concerns the project as a whole. */
function useAllProblems(lookAhead: LookAheadState | null): readonly Problem[] {
  const marks = useProblems();
  const found = useCheck()?.check.findings ?? [];
  const whole = [...found, ...(lookAhead?.result?.findings ?? [])].filter(({ path }) => path === null);
  return inOrderOfWeight([...whole.map((one): Problem => ({ path: null, line: one.line, column: one.column, severity: one.severity, source: one.source === 'look_ahead' ? 'Look-ahead' : 'Mainspring', rule: one.rule, message: one.message, explanation: one.explanation })), ...marks]);
}

function ProblemLine({ problem }: { problem: Problem }): JSX.Element {
  const { path, line, column } = problem;
  return (
    <li>
      <button type="button" className={`ed-problem ${problem.severity}`} disabled={path === null} onClick={() => { if (path !== null) editorNow()?.reveal({ path, line, column }); }}>
        {problem.source === 'Look-ahead' ? <IconEye size={14} aria-label="look into the future" /> : ICONS[problem.severity]}
        <span className="ed-problem-words"><span>{problem.message}</span>{problem.explanation !== '' && <small className="muted">{problem.explanation}</small>}</span>
        <code>{problem.rule !== '' && !/^\d+$/.test(problem.rule) ? problem.rule.replaceAll('_', ' ') : problem.source}</code>
        <code className="ed-problem-place">{path === null ? 'whole strategy' : `${path}:${line}`}</code>
      </button>
    </li>
  );
}

function LookAheadWords({ doc, state }: { doc: Doc; state: LookAheadState | null }): JSX.Element {
  const { projectId } = doc.project;
  const look = (): void => void checkLookAhead(projectId, doc.base.version);
  if (state?.isRunning === true) return <span className="muted" title={`Version ${state.version} is run again and again with the bars after a day taken away`}>Checking look-ahead…</span>;
  if (state !== null && state.failure !== null) return <Tooltip label={wordsOf(state.failure)} multiline maw={360}><button type="button" className="link-button warn-text" onClick={look}>Look-ahead not checked: again</button></Tooltip>;
  const { result } = state ?? { result: null };
  if (result === null) return <button type="button" className="link-button muted" onClick={look}>{doc.base.lookAhead === 'clean' ? 'No look-ahead' : doc.base.lookAhead === 'found' ? 'Look-ahead found: show it' : 'Check look-ahead'}</button>;
  const words = result.problem ?? `${counted(result.signals, 'signal')} over ${counted(result.bars, 'bar')} of ${result.symbols.join(', ')} (${result.timeframe}), with the future taken away ${counted(result.cuts, 'time')}`;
  return <Tooltip label={words} multiline maw={360}><button type="button" className={result.problem !== null ? 'link-button warn-text' : result.isClean ? 'link-button muted' : 'link-button loss-text'} onClick={look}>{result.problem !== null ? 'Look-ahead: could not tell' : result.isClean ? (result.isWarmUpClean ? 'No look-ahead' : 'Warm-up too short') : 'Knows the future'}{state?.version === doc.base.version ? '' : ` (version ${state?.version ?? ''})`}</button></Tooltip>;
}

/** The list and the line. */
export function ProblemsPanel({ doc }: { doc: Doc }): JSX.Element {
  const { isProblemListOpen } = useAuthorLayout();
  const state = useLookAhead();
  const mine = state?.projectId === doc.project.projectId ? state : null;
  const problems = useAllProblems(mine);
  const { isRunning, failure } = useChecking();
  const cursor = useCursor();
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const warnings = problems.filter(({ severity }) => severity === 'warning').length;
  const words = errors + warnings === 0 ? 'No problems' : [errors > 0 ? counted(errors, 'error') : '', warnings > 0 ? counted(warnings, 'warning') : ''].filter((part) => part !== '').join(', ');
  return (
    <div className="ed-problems">
      {isProblemListOpen && (
        <ul className="ed-problem-list" aria-label="Problems">
          {problems.length === 0 && <li className="muted ed-note">Nothing is wrong in these files{isDirty(doc) ? ', as they stand now' : ''}.</li>}
          {problems.slice(0, SHOWN).map((problem) => <ProblemLine key={`${problem.path ?? ''}:${problem.line}:${problem.column}:${problem.source}:${problem.message}`} problem={problem} />)}
          {problems.length > SHOWN && <li className="muted ed-note">and {problems.length - SHOWN} more</li>}
        </ul>
      )}
      <footer className="ed-status" aria-label="How the files stand">
        <Tooltip label="All problems (Ctrl Shift M); the next one: F8"><button type="button" className={`ed-status-problems ${errors > 0 ? 'bad' : warnings > 0 ? 'warn' : ''}`} aria-expanded={isProblemListOpen} onClick={() => changeAuthorLayout({ isProblemListOpen: !isProblemListOpen })}>{isProblemListOpen ? <IconChevronDown size={13} /> : <IconChevronUp size={13} />}{words}</button></Tooltip>
        {failure === null ? <span className="muted ed-checking" data-running={isRunning}>{isRunning ? 'Checking…' : ''}</span> : <Tooltip label={wordsOf(failure)} multiline maw={360}><button type="button" className="link-button warn-text" onClick={checkAgain}>Source not checked: again</button></Tooltip>}
        <span className="ed-status-future"><LookAheadWords doc={doc} state={mine} /></span>
        <span className="muted num ed-cursor">Line {cursor.line}, column {cursor.column}</span>
        <span className="muted ed-keys">F1 commands</span>
      </footer>
    </div>
  );
}
