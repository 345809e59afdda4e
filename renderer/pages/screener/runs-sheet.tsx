/** The runs of a saved screen: how many it found, who came in, who left. */
import type { JSX } from 'react';
import { Drawer } from '@mantine/core';
import type { SavedScreen } from '#app/contracts/screener.ts';
import { useRoute } from '../../data/queries.ts';
import type { RouteOutput } from '#app/contracts/http.ts';
import { count } from '../../ui/format.ts';
import { Answer, Empty, MarketTime } from '../../ui/kit.tsx';

type Run = RouteOutput<'screenRuns'>['runs'][number];
const SHOWN = 40;

function Symbols({ symbols, kind, go }: { symbols: readonly string[]; kind: 'in' | 'out'; go: (symbol: string) => void }): JSX.Element | null {
  if (symbols.length === 0) return null;
  return (
    <p className={`run-moves ${kind}`}>
      <span className="muted">{kind === 'in' ? 'Came in' : 'Left'}</span>
      {symbols.slice(0, SHOWN).map((symbol) => <button key={symbol} type="button" className={`move ${kind}`} onClick={() => go(symbol)}>{kind === 'in' ? '+' : '−'} {symbol}</button>)}
      {symbols.length > SHOWN && <span className="muted">and {count(symbols.length - SHOWN)} more</span>}
    </p>
  );
}

function RunEntry({ run, go }: { run: Run; go: (symbol: string) => void }): JSX.Element {
  return (
    <li>
      <header><MarketTime at={run.at} withDay /><b className="num">{count(run.matched)} found</b>{run.entered.length + run.left.length === 0 && run.problem === null && <span className="muted">the same as before</span>}</header>
      {run.problem !== null && <p className="warn-text">{run.problem}</p>}
      <Symbols symbols={run.entered} kind="in" go={go} />
      <Symbols symbols={run.left} kind="out" go={go} />
    </li>
  );
}

function Runs({ screen, go }: { screen: SavedScreen; go: (symbol: string) => void }): JSX.Element {
  const query = useRoute('screenRuns', ['screenRuns', screen.screenId], { screenId: screen.screenId, limit: 100 }, { everyMs: 15_000 });
  return (
    <Answer query={query}>
      {({ runs }) => (runs.length === 0
        ? <Empty title="It has not run by itself yet">Give it a schedule with the clock beside its name: it then runs after each hourly fetch or once after the close, and this list says who came in and who left.</Empty>
        : <ol className="screen-runs">{runs.map((run) => <RunEntry key={run.runId} run={run} go={go} />)}</ol>)}
    </Answer>
  );
}

/** The sheet; null = closed. */
export function RunsSheet({ screen, close, go }: { screen: SavedScreen | null; close: () => void; go: (symbol: string) => void }): JSX.Element {
  return (
    <Drawer opened={screen !== null} onClose={close} position="right" size={560} padding="md" shadow="xl" overlayProps={{ backgroundOpacity: 0.15 }} transitionProps={{ duration: 120 }} title={<span className="sheet-title">Runs of {screen?.name}</span>} classNames={{ body: 'sheet-body' }} closeButtonProps={{ 'aria-label': 'Close' }}>
      {screen && <Runs screen={screen} go={go} />}
    </Drawer>
  );
}
