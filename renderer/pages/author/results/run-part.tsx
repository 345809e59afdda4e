/** One run: whose code made it and whether that changed, the verdict, the figures, then tabs that answer one question each. */
import { useEffect, useMemo, useRef, useState } from 'react';
import type { JSX, RefObject } from 'react';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import { AllFigures, HeadlineFigures } from './figures-part.tsx';
import { DeniedPart, useDenials } from './denied-part.tsx';
import { untriedWords } from './denied-words.ts';
import { BarsTab } from './bars-tab.tsx';
import { LogTab } from './log-tab.tsx';
import { OverviewTab } from './overview-tab.tsx';
import { RunHead } from './run-head.tsx';
import { TradesTab } from './trades-tab.tsx';
import { VerdictCard } from './verdict-card.tsx';

const TABS = [['overview', 'Curve', 'Did it work?'], ['trades', 'Trades', 'What did it trade?'], ['bars', 'Bars', 'Why did it do that?'], ['log', 'Log', 'What did it say?'], ['figures', 'Figures', 'What are all its numbers?']] as const;
type Tab = (typeof TABS)[number][0];

/** Where less than this part of the pane is left below the tabs, their answer is brought up. */
const READABLE_PART = 0.55;

/** The tabs: pressed low on the pane, they come up with what they show. */
function useBroughtUp(tab: Tab): RefObject<HTMLDivElement | null> {
  const strip = useRef<HTMLDivElement>(null);
  const shown = useRef(tab);
  useEffect(() => {
    const pane = strip.current?.closest('.au-pane');
    if (shown.current === tab || strip.current === null || pane === null || pane === undefined) return;
    shown.current = tab;
    const below = strip.current.getBoundingClientRect().top - pane.getBoundingClientRect().top;
    if (below > pane.clientHeight * (1 - READABLE_PART)) pane.scrollBy({ top: below });
  }, [tab]);
  return strip;
}

/** Results read before their figures were made have none; the headline then waits for them. */
export function RunPart({ detail, result }: { detail: BacktestDetail; result: BacktestResult }): JSX.Element {
  const [tab, setTab] = useState<Tab>('overview');
  const strip = useBroughtUp(tab);
  const first = result.trades[0]?.symbol ?? result.symbols[0] ?? '';
  const [symbol, setSymbol] = useState(first);
  const [at, setAt] = useState<number | null>(null);
  const isComing = detail.view.state === 'ran';
  const denials = useDenials(result);
  const untried = untriedWords(result, denials);
  const denied = denials === null ? null : <DeniedPart denials={denials} isPlain={detail.request['desk'] === 'plain'} />;
  const counts = useMemo((): Readonly<Partial<Record<Tab, number>>> => ({ trades: result.roundTrips.length, log: detail.log.lines }), [result.roundTrips.length, detail.log.lines]);
  const step = (instant: number, of: string | null): void => {
    if (of !== null && result.symbols.includes(of)) setSymbol(of);
    setAt(instant);
    setTab('bars');
  };
  return (
    <div className="rs-run">
      <RunHead detail={detail} />
      <VerdictCard verdict={result.verdict} isComing={isComing} untried={untried} denied={denials?.isMinor === true ? null : denied} />
      {denials?.isMinor === true && denied}
      <HeadlineFigures result={result} isComing={isComing} />
      <div ref={strip} className="rs-tabs" role="tablist" aria-label="Questions about the run">
        {TABS.map(([name, words, question]) => <button key={name} type="button" role="tab" aria-selected={tab === name} title={question} onClick={() => setTab(name)}>{words}{(counts[name] ?? 0) > 0 && <small className="num">{counts[name]?.toLocaleString('en-US')}</small>}</button>)}
      </div>
      <div className="rs-tab" role="tabpanel" aria-label={TABS.find(([name]) => name === tab)?.[2]}>
        {tab === 'overview' && <OverviewTab detail={detail} result={result} isTried={untried === null} />}
        {tab === 'trades' && <TradesTab result={result} denials={denials} symbol={symbol} setSymbol={setSymbol} onStep={(instant) => step(instant, null)} />}
        {tab === 'bars' && <BarsTab result={result} symbol={symbol} setSymbol={setSymbol} at={at} setAt={setAt} />}
        {tab === 'log' && <LogTab backtestId={result.backtestId} dropped={detail.log.dropped} isIntraday={result.timeframe !== '1Day'} onStep={step} />}
        {tab === 'figures' && <AllFigures result={result} denials={denials} />}
      </div>
    </div>
  );
}
