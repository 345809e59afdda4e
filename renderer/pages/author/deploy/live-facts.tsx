/** The figures of a deployment: what it made first, then what became of its signals, then how it stands and what it costs. */
import type { JSX, ReactNode } from 'react';
import type { DeploymentCard } from '#app/contracts/deploy.ts';
import { useAge } from '../../../data/clock.ts';
import { MarketTime, Pnl } from '../../../ui/kit.tsx';
import { age, bothZones, bytes, count, counted, latency } from '../../../ui/format.ts';
import { ParityMark } from './live-card.tsx';
import { STATE_WORDS } from './live-words.ts';

function Tile({ label, note, children }: { label: string; note: string; children: ReactNode }): JSX.Element {
  return <div><dt>{label} <small>USD</small></dt><dd>{children}</dd><dd className="dp-tile-note">{note}</dd></div>;
}

/** What it wanted, and how risk has answered: in words, and as a track in two parts. Risk also decides what a person closed for it, so that its decisions may be more than the signals. */
function Decided({ card }: { card: DeploymentCard }): JSX.Element {
  const decided = card.approved + card.denied;
  return (
    <p className="dp-decided">
      <span className="num">{counted(card.signals, 'signal')} · {counted(card.fills, 'fill')}</span>
      <span className="dp-decided-track" aria-hidden>{decided > 0 && <i style={{ width: `${(100 * card.approved) / decided}%` }} />}{card.denied > 0 && <i className="denied" style={{ width: `${(100 * card.denied) / decided}%` }} />}</span>
      <span className="num"><span className="muted">Risk:</span> {count(card.approved)} approved · <span className={card.denied > 0 ? 'loss-text' : ''}>{count(card.denied)} denied</span></span>
    </p>
  );
}

/** Seconds and minutes on the user's own clock: the market's may run at another pace. */
function StandsFor({ card }: { card: DeploymentCard }): JSX.Element {
  const forMs = useAge(card.since);
  return <div><dt>{STATE_WORDS[card.state].word} for</dt><dd className="num" title={bothZones(card.since)}>{age(forMs)}</dd></div>;
}

/** The block. */
export function LiveFacts({ card }: { card: DeploymentCard }): JSX.Element {
  const { resource } = card;
  const isInside = resource !== null && !resource.isOwnProcess;
  return (
    <section className="dp-hero" aria-label="Figures">
      <dl className="dp-tiles">
        <Tile label="Today" note="this session"><Pnl value={card.todayPnl} /></Tile>
        <Tile label="Realized" note="of what it closed"><Pnl value={card.realizedPnl} /></Tile>
        <Tile label="Open" note={card.openPositions === 0 ? 'it holds nothing' : `in ${counted(card.openPositions, 'position')}`}><Pnl value={card.openPnl} /></Tile>
      </dl>
      <Decided card={card} />
      <dl className="dp-facts">
        <div><dt>Last bar</dt><dd><MarketTime at={card.lastBarAt} withDay /></dd></div>
        <StandsFor card={card} />
        <div><dt>Errors</dt><dd className={card.errors > 0 ? 'num warn-text' : 'num'}>{count(card.errors)}{card.errorsInARow > 0 && `, ${count(card.errorsInARow)} in a row`}</dd></div>
        <div><dt>Parity</dt><dd><ParityMark parity={card.parity} /></dd></div>
        <div><dt>Process</dt><dd className="num">{isInside ? 'inside the engine' : resource === null ? <span className="muted">none now</span> : `${resource.cpuPercent === null ? '–' : resource.cpuPercent.toFixed(1)} % CPU · ${bytes(resource.memoryBytes)}`}</dd></div>
        <div><dt>A bar takes</dt><dd className="num" title="Mean of the last hundred, and the longest">{latency(resource?.msPerBar ?? null)}{resource !== null && resource.worstMsPerBar !== null && <small className="muted"> at most {latency(resource.worstMsPerBar)}</small>}</dd></div>
      </dl>
    </section>
  );
}
