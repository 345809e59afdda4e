/** Why did it (not) trade here: the bar that was clicked, read from top to bottom, for each strategy. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Tooltip, UnstyledButton } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import type { BarStory, ExplainedBar, StrategyStory } from '#app/contracts/explain.ts';
import { useRoute } from '../../../data/queries.ts';
import { count, marketDayTime, marketTime, marketWeekday, price } from '../../../ui/format.ts';
import { Dot, Empty, Failure, SkeletonRows } from '../../../ui/kit.tsx';
import { chooseBar, useSelection } from '../selection.ts';
import { isIntraday } from '../series.ts';
import { Conditions, Knowledge } from './conditions.tsx';
import { Asked, Outcome, Step } from './outcome.tsx';
import { askAgainMs, firstShown, VERDICT_TONES, VERDICT_WORDS, widthNote, wishWords } from './why-words.ts';

/** Name of the tab of what no strategy asked for. */
const OTHERS = '';

function nearestWords({ nearest }: Pick<ExplainedBar, 'nearest'>): string | null {
  const parts = [nearest.before === null ? null : `before it ${marketDayTime(nearest.before)}`, nearest.after === null ? null : `after it ${marketDayTime(nearest.after)}`].filter((part) => part !== null);
  return parts.length === 0 ? null : `The nearest bars open: ${parts.join(', ')} in New York.`;
}

/** What the strategy looked at. */
function Looked({ story, symbol, chart }: { story: StrategyStory; symbol: string; chart: string }): JSX.Element | null {
  const { explained } = story;
  const { bar, replay } = explained;
  if (bar === null) return null;
  const note = widthNote(explained, chart, story.signals.length);
  return (
    <Step tone="idle" title={<>The bar closed at <span className="num">{price(bar.close)}</span></>} at={bar.closeTime}>
      <p className="muted num why-small">O {price(bar.open)}  H {price(bar.high)}  L {price(bar.low)}  V {count(bar.volume)}<span title="Where the bar came from"> · {bar.source}</span></p>
      {note !== null && <p className="muted">{note}</p>}
      {replay !== null && <Conditions replay={replay} symbol={symbol} />}
      {replay !== null && <p className="why-wish"><span className="muted">Wish</span> <b>{wishWords(replay.wish.before)}</b>{replay.named !== null && wishWords(replay.named) !== wishWords(replay.wish.before) && <> → <b>{wishWords(replay.named)}</b></>}{replay.named === null && <span className="muted"> (said nothing)</span>}</p>}
      {replay !== null && replay.notes.map((text) => <p key={text} className={replay.agrees === 'differs' ? 'why-note warn' : 'why-note'}>{text}</p>)}
      {explained.problem !== null && <p className="why-note warn">{explained.problem}</p>}
      <Knowledge explained={explained} />
    </Step>
  );
}

function Strategy({ story, symbol, chart }: { story: StrategyStory; symbol: string; chart: string }): JSX.Element {
  const tone = VERDICT_TONES[story.verdict];
  const nearest = nearestWords(story.explained);
  const decided = new Set(story.stories.map(({ signal }) => signal?.signalId));
  return (
    <div className="why-story" data-verdict={story.verdict}>
      <div className={`why-verdict ${tone}`} role="status"><strong>{story.headline}</strong><p>{story.detail}</p>{story.verdict === 'no_bar' && nearest !== null && <p>{nearest}</p>}</div>
      <Looked story={story} symbol={symbol} chart={chart} />
      {story.signals.map((signal) => (
        <div key={signal.signalId}>
          <Asked signal={signal} />
          {story.stories.filter((one) => one.signal?.signalId === signal.signalId).map((one) => <Outcome key={one.decision?.decisionId ?? one.order?.orderId} story={one} />)}
          {!decided.has(signal.signalId) && <Step tone="busy" title="No decision of risk is known"><p className="muted">It is on its way, or none was needed.</p></Step>}
        </div>
      ))}
      {story.storiesLeftOut > 0 && <p className="muted why-small">Earlier decisions of this bar that are not shown: {story.storiesLeftOut}. A narrower bar shows them.</p>}
    </div>
  );
}

function Trading({ trading }: { trading: BarStory['trading'] }): JSX.Element | null {
  if (trading === null || trading.state === 'ACTIVE') return null;
  return <p className="why-trading" role="note">Trading was <b>{trading.state}</b> when this bar came: {trading.reason} <span className="muted">({trading.actor})</span></p>;
}

function Tabs({ story, chosen, choose }: { story: BarStory; chosen: string; choose: (id: string) => void }): JSX.Element | null {
  const tabs = [...story.strategies.map(({ explained, verdict }) => ({ id: explained.strategyId, name: explained.name, tone: VERDICT_TONES[verdict], word: VERDICT_WORDS[verdict] })),
    ...(story.others.length > 0 ? [{ id: OTHERS, name: 'Other orders', tone: 'busy' as const, word: count(story.others.length) }] : [])];
  if (tabs.length < 2) return null;
  const move = (step: number): void => {
    const at = tabs.findIndex(({ id }) => id === chosen);
    const next = tabs[(at + step + tabs.length) % tabs.length];
    if (next === undefined) return;
    choose(next.id);
    document.getElementById(`why-tab-${next.id}`)?.focus();
  };
  return (
    <div className="why-tabs" role="tablist" aria-label="Strategies">
      {tabs.map(({ id, name, tone, word }) => (
        <UnstyledButton
          key={id} id={`why-tab-${id}`} role="tab" aria-selected={id === chosen} tabIndex={id === chosen ? 0 : -1} className={id === chosen ? 'chosen' : ''} onClick={() => choose(id)}
          onKeyDown={(event) => (event.key === 'ArrowRight' || event.key === 'ArrowDown' ? move(1) : event.key === 'ArrowLeft' || event.key === 'ArrowUp' ? move(-1) : undefined)}
        >
          <Dot tone={tone} /><span className="why-tab-name">{name}</span><small>{word}</small>
        </UnstyledButton>
      ))}
    </div>
  );
}

function Body({ story }: { story: BarStory }): JSX.Element {
  const [wanted, setWanted] = useState<string | null>(null);
  const known = [...story.strategies.map(({ explained }) => explained.strategyId), ...(story.others.length > 0 ? [OTHERS] : [])];
  const chosen = wanted !== null && known.includes(wanted) ? wanted : (firstShown(story.strategies) ?? OTHERS);
  const shown = story.strategies.find(({ explained }) => explained.strategyId === chosen);
  return (
    <>
      <Trading trading={story.trading} />
      <Tabs story={story} chosen={chosen} choose={setWanted} />
      {shown !== undefined && <Strategy story={shown} symbol={story.symbol} chart={story.timeframe} />}
      {chosen === OTHERS && story.others.length > 0 && <div className="why-story">{story.others.map((one) => <Outcome key={one.decision?.decisionId ?? one.order?.orderId} story={one} isOther />)}</div>}
      {story.strategies.length === 0 && story.others.length === 0 && <Empty title="No strategy yet">Once a strategy is deployed, every bar says here what it made of it.</Empty>}
      {story.strategiesLeftOut > 0 && <p className="muted why-small">{count(story.strategiesLeftOut)} more strategies are not shown: those that watch and speak come first.</p>}
    </>
  );
}

/** From when to when, in New York. */
function spanWords({ openTime, closeTime, timeframe }: Pick<BarStory, 'openTime' | 'closeTime' | 'timeframe'>): string {
  return isIntraday(timeframe) ? `${marketWeekday(openTime)} to ${marketTime(closeTime).slice(0, 5)}` : marketWeekday(openTime).replace(/,? \d\d:\d\d$/, '');
}

/** The card; nothing while no bar was clicked. */
export function WhyCard(): JSX.Element | null {
  const symbol = useSelection((now) => now.symbol);
  const timeframe = useSelection((now) => now.timeframe);
  const chosen = useSelection((now) => now.chosen);
  const revision = useSelection((now) => now.revision);
  const isReplaying = useSelection((now) => now.isReplaying);
  const isAsked = symbol !== null && chosen !== null;
  const query = useRoute('explain', ['explain', symbol, timeframe, chosen, revision], { symbol: symbol ?? 'NONE', timeframe, openTime: chosen ?? 0 }, { isEnabled: isAsked && !isReplaying, everyMs: askAgainMs });
  if (!isAsked) return null;
  // The answer before this one is kept while the next one is asked for: it is of another bar.
  const story = query.data?.openTime === chosen && query.data.symbol === symbol && query.data.timeframe === timeframe ? query.data : undefined;
  return (
    <section className="why-card" aria-label="Why did it trade, or not">
      <header className="why-head">
        <div><h2>Why did it trade, or not?</h2><p className="muted num">{symbol}{story !== undefined && ` · ${spanWords(story)} · ${timeframe}`}</p></div>
        <Tooltip label="Let go of the bar (Esc)"><ActionIcon variant="subtle" color="gray" size="sm" aria-label="Close" onClick={() => chooseBar(null)}><IconX size={14} /></ActionIcon></Tooltip>
      </header>
      {isReplaying ? <Empty title="Not during a replay">The story of a bar tells what came after it. End the replay to read it.</Empty> : story !== undefined ? <Body story={story} /> : query.error !== null ? <Failure error={query.error} retry={() => void query.refetch()} /> : <SkeletonRows count={7} />}
    </section>
  );
}
