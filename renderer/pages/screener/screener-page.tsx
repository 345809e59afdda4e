/** screener: what deserves my attention? A screen on the left, what it finds on the right. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX, RefObject } from 'react';
import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { IconLayoutSidebarLeftCollapse, IconLayoutSidebarLeftExpand } from '@tabler/icons-react';
import type { SavedScreen } from '#app/contracts/screener.ts';
import { useGatewayAway } from '../../data/stack.ts';
import { usePageKeys } from '../../frame/shortcuts.ts';
import { GatewayAway } from '../../health/gateway-away.tsx';
import { marketDay } from '../../ui/format.ts';
import { Empty, Failure, SkeletonRows } from '../../ui/kit.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { AskedBar, PastBanner } from './asked-bar.tsx';
import { isWhole, questionOf, unitOfFormula } from './checks.ts';
import { ColumnChooser } from './column-chooser.tsx';
import { csvName, csvOf } from './csv.ts';
import { NothingFound } from './nothing-found.tsx';
import { settleNotice } from '../../ui/notice.ts';
import { changeDraft, changeLook, draftNow, useDraft, useLook } from './page-state.ts';
import { stepDay } from './past.ts';
import { ResultsTable } from './results-table.tsx';
import { RunsSheet } from './runs-sheet.tsx';
import { beginScreen, openScreen, useFollowing, useScreens } from './saved.ts';
import { ScreenHead } from './screen-head.tsx';
import { Side } from './side.tsx';
import { BehindPill, StatusLine } from './status-line.tsx';
import { StrategySheet } from './strategy-sheet.tsx';
import { columnsOf, sorted, tableFile } from './table-model.ts';
import type { Sorting } from './table-model.ts';
import { useScreenRun } from './use-screen-run.ts';
import type { Ran, ScreenRun } from './use-screen-run.ts';
import { useToday } from './use-today.ts';

/** The address and the open screen follow each other: a link opens its screen and its day, what is open can be copied as a link. */
function useAddress(): void {
  const search = useSearch({ from: '/screener' });
  const navigate = useNavigate();
  const draft = useDraft();
  const screens = useScreens().data?.screens;
  const wanted = useRef<{ screen: string | undefined; asOf: string | undefined } | null>({ screen: search.screen, asOf: search.asOf });
  useEffect(() => {
    const first = wanted.current;
    if (first !== null) {
      if (first.asOf !== undefined && draftNow().asOf !== first.asOf) changeDraft((now) => ({ ...now, asOf: first.asOf ?? null }));
      if (first.screen !== undefined && draftNow().base?.screenId !== first.screen) {
        // The list of screens is not there yet: the address waits for it.
        if (screens === undefined) return;
        const found = screens.find((screen) => screen.screenId === first.screen);
        if (found) openScreen(found);
      }
      wanted.current = null;
    }
    const now = draftNow();
    const next = { ...(now.base === null ? {} : { screen: now.base.screenId }), ...(now.asOf === null ? {} : { asOf: now.asOf }) };
    if (next.screen !== search.screen || next.asOf !== search.asOf) void navigate({ to: '/screener', search: next, replace: true });
  }, [draft.base?.screenId, draft.asOf, screens, search.screen, search.asOf, navigate]);
}

const press = (act: string): void => {
  const element = document.querySelector<HTMLElement>(`.screener [data-act=${act}]`);
  if (element instanceof HTMLTextAreaElement) element.focus();
  else element?.click();
};

/** Keys of the page while no field is written in. It draws nothing, and keeps to itself the clock that it looks at: in Main each tick would draw the whole result anew. */
function PageKeys(): null {
  const today = useToday();
  usePageKeys((event) => {
    const { asOf } = draftNow();
    switch (event.key) {
      case 'n': beginScreen(); return true;
      case 'a': press('add-filter'); return true;
      case '/': press('words'); return true;
      case '[': if (asOf !== null) changeDraft((now) => ({ ...now, asOf: stepDay(asOf, -1) })); return asOf !== null;
      case ']': if (asOf !== null && stepDay(asOf, 1) <= today) changeDraft((now) => ({ ...now, asOf: stepDay(asOf, 1) })); return asOf !== null;
      case 'ArrowDown': case 'j': document.querySelector<HTMLElement>('.screener .screen-scroll')?.focus(); return true;
      default: return false;
    }
  });
  return null;
}

/** Ctrl Enter runs, Ctrl S saves, wherever the cursor is on the page. */
function useControlKeys(again: () => void): void {
  const latest = useRef(again);
  useEffect(() => {
    latest.current = again;
  });
  useEffect(() => {
    const down = (event: KeyboardEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      if (event.key === 'Enter') latest.current();
      else if (event.key === 's') document.querySelector<HTMLElement>('.screener .save-button')?.click();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', down);
    return () => removeEventListener('keydown', down);
  }, []);
}

type ResultsProps = { readonly run: ScreenRun; readonly why: string | null; readonly sorting: Sorting; readonly file: RefObject<(() => void) | null>; sort(next: Sorting): void; open(symbol: string): void };

function Found({ ran, sorting, sort, open, file }: Pick<ResultsProps, 'sorting' | 'sort' | 'open' | 'file'> & { ran: Ran }): JSX.Element {
  const { hidden } = useLook();
  const columns = useMemo(() => columnsOf(ran, hidden, unitOfFormula), [ran, hidden]);
  const rows = useMemo(() => sorted(ran.result.rows, columns, sorting), [ran, columns, sorting]);
  useEffect(() => {
    file.current = () => {
      const { header, cells } = tableFile(rows, columns);
      saveFile(csvName(draftNow().name, ran.definition.asOf ?? marketDay(ran.result.at)), new Blob([csvOf(header, cells)], { type: 'text/csv;charset=utf-8' }));
    };
  }, [rows, columns, ran, file]);
  return <ResultsTable rows={rows} columns={columns} sorting={sorting} asOf={ran.definition.asOf} isDaily={ran.definition.timeframe === '1Day'} sort={sort} open={open} />;
}

function Body({ run, why, sorting, sort, open, file }: ResultsProps): JSX.Element {
  const { ran, error, isRunning, isBehind } = run;
  if (ran === null) {
    if (error !== null) return <Failure error={error} retry={run.again} />;
    if (!isRunning && why !== null) return <Empty title={why}>Finish it on the left; what it finds is shown here a moment later.</Empty>;
    return <SkeletonRows count={18} />;
  }
  const isEmpty = ran.result.rows.length === 0;
  return (
    <>
      {error !== null && <div className="run-failure"><Failure error={error} retry={run.again} /></div>}
      <div className="found" data-behind={isBehind || error !== null}>
        {isEmpty ? <NothingFound ran={ran} /> : <Found ran={ran} sorting={sorting} sort={sort} open={open} file={file} />}
      </div>
    </>
  );
}

/** Right: the open screen and what it finds. */
function Main({ nameField, history }: { nameField: RefObject<HTMLInputElement | null>; history: (screen: SavedScreen) => void }): JSX.Element {
  const draft = useDraft();
  const { isSideOpen } = useLook();
  const navigate = useNavigate();
  const question = questionOf(draft);
  const run = useScreenRun(question.definition);
  const [sorting, setSorting] = useState<Sorting>(null);
  const [forStrategy, setForStrategy] = useState<SavedScreen | null>(null);
  const file = useRef<(() => void) | null>(null);
  useControlKeys(run.again);
  const open = (symbol: string): void => void navigate({ to: '/analysis', search: { symbol } });
  const hasRows = run.ran !== null && run.ran.result.rows.length > 0;
  const label = isSideOpen ? 'Hide the left column' : 'Show the left column';
  return (
    <section className="screen-main" aria-label="What was found">
      <PageKeys />
      <ScreenHead nameField={nameField} canSave={isWhole(draft)} acts={{ history, strategy: setForStrategy, exportFile: hasRows ? () => file.current?.() : null }} />
      <div className="screen-tools">
        <Tooltip label={label}><ActionIcon variant="subtle" color="gray" size={26} aria-label={label} onClick={() => changeLook({ isSideOpen: !isSideOpen })}>{isSideOpen ? <IconLayoutSidebarLeftCollapse size={16} /> : <IconLayoutSidebarLeftExpand size={16} />}</ActionIcon></Tooltip>
        <AskedBar />
        <span className="screen-acts">
          <Tooltip label="Ask again (Ctrl Enter)"><Button size="compact-sm" variant="default" disabled={question.definition === null} onClick={run.again}>Run</Button></Tooltip>
          <ColumnChooser />
        </span>
      </div>
      <PastBanner />
      <StatusLine run={run} />
      <div className={draft.asOf === null ? 'screen-body' : 'screen-body past'}><BehindPill run={run} why={question.why} /><Body run={run} why={question.why} sorting={sorting} sort={setSorting} open={open} file={file} /></div>
      <StrategySheet screen={forStrategy} ran={draft.asOf === null && !run.isBehind ? run.ran : null} close={() => setForStrategy(null)} />
    </section>
  );
}

/** The page. */
export function ScreenerPage(): JSX.Element {
  const isAway = useGatewayAway() !== null;
  const navigate = useNavigate();
  const nameField = useRef<HTMLInputElement>(null);
  const [history, setHistory] = useState<SavedScreen | null>(null);
  useFollowing();
  useAddress();
  // What could be taken back here cannot be elsewhere.
  useEffect(() => settleNotice, []);
  const rename = (screen: SavedScreen): void => {
    openScreen(screen);
    // The menu gives the cursor back to its button first.
    setTimeout(() => nameField.current?.select(), 60);
  };
  return (
    <div className="screener">
      <h1 className="visually-hidden">Screener</h1>
      {isAway && <section className="card"><GatewayAway>What stands here is what was found last. Screens that run by themselves run again when it is back.</GatewayAway></section>}
      <div className="screener-columns">
        <Side acts={{ history: setHistory, rename }} />
        <Main nameField={nameField} history={setHistory} />
      </div>
      <RunsSheet screen={history} close={() => setHistory(null)} go={(symbol) => void navigate({ to: '/analysis', search: { symbol } })} />
    </div>
  );
}
