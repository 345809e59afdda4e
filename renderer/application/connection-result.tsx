/** The outcome of a connection test: one line that sums it up, what to do, the figures, and how old all of it is. */
import type { JSX } from 'react';
import { Loader } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX } from '@tabler/icons-react';
import type { KeyStatus } from '#app/contracts/broker-keys.ts';
import { FEED_WORDS, testedClockWords, verdictWords } from '#app/contracts/connection-test.ts';
import type { ConnectionTest } from '#app/contracts/connection-test.ts';
import { useAge } from '../data/clock.ts';
import { bothZones, latency, money } from '../ui/format.ts';
import { Tag } from '../ui/kit.tsx';
import { agoWords, sourceWords, staleWords, toneOf } from './connection-words.ts';

const ICONS = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX } as const;

function Fact({ name, children }: { name: string; children: string }): JSX.Element {
  return <div><dt>{name}</dt><dd className="num">{children}</dd></div>;
}

function Facts({ test: { tested, clock, feed, isStandIn } }: { test: ConnectionTest }): JSX.Element {
  return (
    <dl className="key-test-facts">
      {tested !== null && <><Fact name="Account">{`••••${tested.numberEnding}, ${tested.status}`}</Fact><Fact name="Equity">{`${money(tested.equity)} ${tested.currency}`}</Fact><Fact name="Buying power">{`${money(tested.buyingPower)} ${tested.currency}`}</Fact></>}
      {clock !== null && <><Fact name="Round trip">{latency(clock.roundTripMs)}</Fact><Fact name="Market">{clock.isMarketOpen ? 'Open' : 'Closed'}</Fact><Fact name="This computer’s clock">{testedClockWords(clock, isStandIn)}</Fact></>}
      {feed !== null && <Fact name="Market data">{FEED_WORDS[feed]}</Fact>}
    </dl>
  );
}

/** How old a test is and what it was made with: outside of what is read aloud, for the age moves each second. */
function Source({ test, stale, ageMs }: { test: ConnectionTest; stale: string | null; ageMs: number | null }): JSX.Element {
  const source = sourceWords(test);
  return <p className="key-test-source muted">{stale !== null && <Tag tone="warn">{stale}</Tag>} <span title={bothZones(test.at)}>Tested {agoWords(ageMs)}</span>{source === '' ? '' : ` with ${source}`}</p>;
}

/** The last outcome; null: none yet. While a test runs the one before stays, grey; old ones, and those of keys that are no longer kept, are grey and say so. */
export function ConnectionResult({ test, keys, isPending }: { test: ConnectionTest | null; keys: KeyStatus; isPending: boolean }): JSX.Element {
  const ageMs = useAge(test?.at ?? null);
  const stale = test === null ? null : staleWords(test, keys, test.at + (ageMs ?? 0));
  const tone = test === null ? 'good' : toneOf(test);
  const Icon = ICONS[tone];
  const isShown = test !== null || isPending;
  return (
    <div className={isShown ? `key-test ${isPending ? 'pending' : tone}${stale === null ? '' : ' stale'}` : ''}>
      {/* Always there, so that a screen reader hears what comes into it. */}
      <div role="status" aria-atomic={false}>
        {isPending && <p className="key-test-head"><Loader size={13} color="gray" aria-hidden /><strong>Asking the broker…</strong></p>}
        {!isPending && test !== null && <p className="key-test-head"><Icon size={15} aria-hidden /><strong>{verdictWords(test)}</strong></p>}
        {test !== null && test.findings.length > 0 && <ul className="key-test-findings">{test.findings.map(({ kind, problem, remedy }) => <li key={kind}><strong>{problem}.</strong> {remedy}.</li>)}</ul>}
      </div>
      {test !== null && <Source test={test} stale={stale} ageMs={ageMs} />}
      {test !== null && (test.tested !== null || test.clock !== null) && <Facts test={test} />}
    </div>
  );
}
