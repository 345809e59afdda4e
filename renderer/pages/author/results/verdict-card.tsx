/** Whether to believe a run, before anything else: the belief as words, sign and colour, then the reasons by weight with what would help. */
import { useState } from 'react';
import type { JSX, ReactNode } from 'react';
import { Skeleton } from '@mantine/core';
import { IconAlertTriangle, IconCircleCheck, IconCircleX, IconHelpCircle } from '@tabler/icons-react';
import type { BacktestResult } from '#app/contracts/backtest.ts';
import { BELIEFS, GRADES, headlineOf } from './verdict-words.ts';
import type { Tone } from './verdict-words.ts';

const ICONS = { good: IconCircleCheck, warn: IconAlertTriangle, bad: IconCircleX, idle: IconHelpCircle } as const;
/** Reasons that are shown before somebody asks for all. */
const FIRST_REASONS = 2;

/** The sign of a tone; the word stands beside it. */
export function ToneIcon({ tone, size = 16 }: { tone: Tone; size?: number }): JSX.Element {
  const Icon = ICONS[tone];
  return <Icon size={size} className={`rs-tone ${tone}`} aria-hidden />;
}

/** The frame of a judgement. `first`: what must be read before it. */
export function Judgement({ tone, title, headline, first, children }: { tone: Tone; title: string; headline: string; first?: ReactNode; children?: ReactNode }): JSX.Element {
  return (
    <section className={`rs-verdict ${tone}`} aria-label="Verdict">
      {first}
      <header><ToneIcon tone={tone} size={22} /><div><h2>{title}</h2>{headline !== '' && <p>{headline}</p>}</div></header>
      {children}
    </section>
  );
}

/** The verdict of a run; its place is kept while it is worked out. `denied`: what stands above all of it; `untried`: why there is nothing to judge, null when there is. */
export function VerdictCard({ verdict, isComing, denied, untried = null }: { verdict: BacktestResult['verdict']; isComing: boolean; denied?: ReactNode; untried?: string | null }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  if (untried !== null && !isComing && verdict !== null) return <Judgement tone="idle" title="Nothing was tried" headline={untried} first={denied} />;
  if (verdict === null) {
    return isComing
      ? <section className="rs-verdict idle rs-coming" aria-label="Verdict" aria-busy>{denied}<header><ToneIcon tone="idle" size={22} /><div><h2>Statistics are being worked out</h2><p>Whether to believe it follows in a moment: it is run again with its future taken away, with noise, and beside its parameters.</p></div></header><div className="rs-reasons" aria-hidden><Skeleton height={11} width="72%" /><Skeleton height={11} width="54%" /><Skeleton height={11} width="66%" /></div></section>
      : <Judgement tone="idle" title="No verdict" headline="There were no bars, so there is nothing to judge." />;
  }
  const { belief, headline, reasons } = verdict;
  const shown = isOpen ? reasons : reasons.slice(0, FIRST_REASONS);
  const words = headlineOf(headline);
  return (
    <Judgement tone={BELIEFS[belief].tone} title={BELIEFS[belief].words} headline={words === reasons[0]?.finding ? '' : words} first={denied}>
      <ul className="rs-reasons">
        {shown.map(({ grade, finding, remedy }) => (
          <li key={finding}>
            <ToneIcon tone={GRADES[grade].tone} />
            <div><p><span className="rs-grade">{GRADES[grade].words}:</span> {finding}</p>{remedy !== '' && grade !== 'good' && <p className="muted">Would help: {remedy.slice(0, 1).toLowerCase()}{remedy.slice(1)}</p>}</div>
          </li>
        ))}
      </ul>
      {reasons.length > FIRST_REASONS && <button type="button" className="link-button rs-more" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{isOpen ? 'Show the weightiest only' : `Show all ${reasons.length} reasons`}</button>}
    </Judgement>
  );
}
