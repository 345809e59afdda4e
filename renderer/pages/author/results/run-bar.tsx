/** The bar at the bottom: what is run on which bars, run, optimise, deploy. */
import { memo, useCallback, useEffect, useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { Button, Popover } from '@mantine/core';
import { IconChevronDown, IconPlayerPlayFilled } from '@tabler/icons-react';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { useRoute } from '../../../data/queries.ts';
import { marketDay, money } from '../../../ui/format.ts';
import { setRunPort } from '../open-project.ts';
import { changeRun, runDraftNow, useRunDraft } from './draft-store.ts';
import { RunStatus } from './run-status.tsx';
import { costsWords, problemsOf, requestOf, typedNumber } from './run-draft.ts';
import type { Problems, RunDraft } from './run-draft.ts';
import { useRunTarget } from './run-target.ts';
import type { RunTarget } from './run-target.ts';
import { symbolWords } from './run-words.ts';
import { useGo, useRuns, useStart, useStarting, isUnderWay } from './runs.ts';
import { AccountPart, CostsPart, ParametersPart, SpanPart } from './settings-parts.tsx';
import { Choices, Field } from './small-parts.tsx';
import { storedWords, useStored } from './stored.ts';
import { SymbolsField } from './symbols-field.tsx';
import { useFirstSettings } from './use-first-settings.ts';

function Setting({ name, value, isWrong, width, children }: { name: string; value: ReactNode; isWrong: boolean; width: number; children: ReactNode }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} width={width} position="top-start" shadow="md" trapFocus={false} returnFocus>
      <Popover.Target><button type="button" className={isWrong ? 'rs-setting wrong' : 'rs-setting'} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}><small>{name}</small><span>{value}</span><IconChevronDown size={12} aria-hidden /></button></Popover.Target>
      <Popover.Dropdown><div className="rs-popover">{isOpen && children}</div></Popover.Dropdown>
    </Popover>
  );
}

const SPAN_WORDS: Readonly<Record<RunDraft['span'], string>> = { '1M': '1 month', '6M': '6 months', '1Y': '1 year', '5Y': '5 years', '10Y': '10 years', all: 'all stored', days: '' };

function ScreenName({ screenId }: { screenId: string }): JSX.Element {
  const query = useRoute('screens', ['screens'], {});
  return <>{query.data?.screens.find((screen) => screen.screenId === screenId)?.name ?? 'a saved screen'}</>;
}

type SettingsProps = { readonly target: RunTarget; readonly draft: RunDraft; readonly problems: Problems; readonly stored: string | null; change(some: Partial<RunDraft>): void };

function Settings({ target, draft, problems, stored, change }: SettingsProps): JSX.Element {
  const { facts } = target;
  const has = (...names: readonly string[]): boolean => names.some((name) => problems[name] !== undefined);
  const changed = Object.keys(draft.parameters).filter((name) => facts?.parameters.some((view) => view.name === name && String(view.default) !== String(draft.parameters[name]))).length;
  const part = { draft, problems, change };
  return (
    <div className="rs-settings">
      <Setting name={draft.screenId === null ? 'Symbols' : 'Screen'} width={400} isWrong={has('symbols')} value={draft.screenId !== null ? <ScreenName screenId={draft.screenId} /> : draft.symbols.length === 0 ? 'choose' : symbolWords(draft.symbols)}><SymbolsField symbols={draft.symbols} screenId={draft.screenId} change={change} />{has('symbols') && <p className="rs-problem" role="alert">{problems['symbols']}</p>}</Setting>
      <Setting name="Bars" width={290} isWrong={has('timeframe')} value={draft.timeframe}><Choices label="Width of the bars" value={draft.timeframe} options={TIMEFRAMES.map((name) => [name, name] as const)} onChange={(timeframe) => change({ timeframe })} /><p className="rs-note">{stored ?? ''}</p></Setting>
      <Setting name="Span" width={340} isWrong={has('span')} value={draft.span === 'days' ? `${draft.from} – ${draft.to === '' ? 'newest' : draft.to}` : SPAN_WORDS[draft.span]}><SpanPart {...part} stored={stored} /></Setting>
      <Setting name="Account" width={300} isWrong={has('capital', 'positionPercent')} value={`${money(typedNumber(draft.capital), { decimals: 0 })} USD${draft.desk === 'plain' ? ' · no risk rules' : ''}`}><AccountPart {...part} /></Setting>
      <Setting name="Costs" width={360} isWrong={has('amount', 'perOrder', 'perShare', 'percent', 'minimum')} value={costsWords(draft.costs)}><CostsPart {...part} /></Setting>
      <Setting name="Against" width={240} isWrong={has('benchmark')} value={draft.benchmark === '' ? 'nothing' : draft.benchmark}><Field label="Benchmark" unit="a symbol, empty = none" problem={problems['benchmark']}>{(id) => <input id={id} className="rs-input wide" value={draft.benchmark} maxLength={12} spellCheck={false} onChange={(event) => change({ benchmark: event.currentTarget.value.toUpperCase().trim() })} />}</Field><p className="rs-note">Bought and held over the same days, with bars of the same width.</p></Setting>
      <Setting name="Parameters" width={350} isWrong={Object.keys(problems).some((name) => name.startsWith('parameters.'))} value={facts === null ? '–' : changed === 0 ? (facts.parameters.length === 0 ? 'none' : 'as in the code') : `${changed} changed`}><ParametersPart {...part} facts={facts} /></Setting>
    </div>
  );
}

const Bar = memo(function Bar({ target }: { target: RunTarget }): JSX.Element {
  const { projectId, facts } = target;
  const draft = useRunDraft(projectId);
  const stored = useStored(draft.screenId === null ? draft.symbols : [], draft.timeframe);
  const today = marketDay(Date.now());
  const problems = problemsOf(draft, facts, today);
  const start = useStart();
  const starting = useStarting();
  const go = useGo();
  const runs = useRuns(projectId);
  const active = runs.data?.backtests.find(isUnderWay) ?? null;
  const isBusy = starting?.stage === 'saving' || starting?.stage === 'starting';
  const isBlocked = Object.keys(problems).length > 0 || isBusy || active !== null;
  useFirstSettings(target, draft);
  const change = useCallback((some: Partial<RunDraft>) => changeRun(projectId, some), [projectId]);
  const run = useCallback(() => {
    if (isBlocked) return;
    void start((project) => requestOf(runDraftNow(projectId), { facts, project, stored: stored.days, today }), 'run');
  }, [isBlocked, start, projectId, facts, stored.days, today]);
  useEffect(() => setRunPort(run), [run]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || event.defaultPrevented) return;
      event.preventDefault();
      run();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [run]);
  return (
    <footer className="author-bar rs-bar" role="group" aria-label="Run, optimise, deploy">
      <Settings target={target} draft={draft} problems={problems} stored={storedWords(stored, draft.timeframe)} change={change} />
      <RunStatus problems={problems} active={active} hasErrors={target.hasErrors} noBars={stored.isKnown && stored.days === null && draft.symbols.length > 0} />
      <div className="rs-acts">
        <Button size="compact-md" leftSection={<IconPlayerPlayFilled size={13} />} disabled={isBlocked} loading={isBusy} onClick={run} title={target.isDirty ? 'Saves a version and runs it (Ctrl+Enter)' : 'Runs it (Ctrl+Enter)'}>{target.isDirty ? 'Save and run' : 'Run'}</Button>
        <Button size="compact-md" variant="default" onClick={() => go({ pane: 'optimise' })}>Optimise</Button>
        <Button size="compact-md" variant="default" onClick={() => go({ pane: 'deploy' })}>Deploy</Button>
      </div>
    </footer>
  );
});

/** The bar. Keystrokes in the editor pass it by: it hears of the project only when something changes that it shows. */
export function RunBar(): JSX.Element | null {
  const target = useRunTarget();
  return target === null ? null : <Bar key={target.projectId} target={target} />;
}
