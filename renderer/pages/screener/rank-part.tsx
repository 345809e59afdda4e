/** What the found symbols are ordered by. */
import { useState } from 'react';
import type { JSX } from 'react';
import { ActionIcon, SegmentedControl, Tooltip } from '@mantine/core';
import { IconPencil, IconPlus, IconX } from '@tabler/icons-react';
import { FormulaField } from './formula-field.tsx';
import { changeDraft, useDraft } from './page-state.ts';
import { checkFormula } from './checks.ts';
import { sentenceOf } from './words.ts';

/** Ranks that people ask for, without writing anything. */
const COMMON = [{ name: 'Money traded', formula: 'dollar_volume' }, { name: 'Change', formula: 'change(1)' }, { name: 'Change over 20 bars', formula: 'change(20)' }, { name: 'Volatility', formula: 'volatility(20)' }] as const;

function RankEditor({ formula, direction, close }: { formula: string; direction: 'asc' | 'desc'; close: () => void }): JSX.Element {
  const change = (part: { formula?: string; direction?: 'asc' | 'desc' }): void => changeDraft((now) => ({ ...now, rank: { formula, direction, ...part } }));
  return (
    <div className="line-editor">
      <FormulaField value={formula} wanted="number" label="Formula of the rank" placeholder="dollar_volume" isFirst change={(text) => change({ formula: text })} done={close} />
      <div className="day-picks">{COMMON.map((one) => <button key={one.formula} type="button" className={one.formula === formula ? 'chip chosen' : 'chip'} onClick={() => change({ formula: one.formula })}>{one.name}</button>)}</div>
      <SegmentedControl size="xs" fullWidth aria-label="Direction of the rank" value={direction} onChange={(next) => change({ direction: next })} data={[{ value: 'desc', label: 'Largest first' }, { value: 'asc', label: 'Smallest first' }]} />
    </div>
  );
}

/** The part of the left column. */
export function RankPart(): JSX.Element {
  const { rank } = useDraft();
  const [isOpen, setOpen] = useState(false);
  const isWrong = rank !== null && checkFormula(rank.formula, 'number').fault !== null;
  return (
    <section className="side-part" aria-label="Rank">
      <header>
        <h2 className="side-title">Ranked by</h2>
        {rank === null && <Tooltip label="Rank by something"><ActionIcon size="sm" variant="subtle" color="gray" aria-label="Add a rank" onClick={() => { changeDraft((now) => ({ ...now, rank: { formula: 'dollar_volume', direction: 'desc' } })); setOpen(true); }}><IconPlus size={14} /></ActionIcon></Tooltip>}
      </header>
      {rank === null ? <p className="muted side-note">By symbol, A to Z.</p> : (
        <div className={`filter-line ${isWrong ? 'wrong' : ''}`}>
          <button type="button" className="filter-words" aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>{sentenceOf(rank.formula)}, <span className="muted">{rank.direction === 'desc' ? 'largest first' : 'smallest first'}</span></button>
          <span className="line-buttons">
            <ActionIcon size="sm" variant="subtle" color="gray" aria-label="Edit the rank" onClick={() => setOpen(!isOpen)}><IconPencil size={13} /></ActionIcon>
            <ActionIcon size="sm" variant="subtle" color="gray" aria-label="Remove the rank" onClick={() => { changeDraft((now) => ({ ...now, rank: null })); setOpen(false); }}><IconX size={13} /></ActionIcon>
          </span>
        </div>
      )}
      {rank !== null && isOpen && <RankEditor {...rank} close={() => setOpen(false)} />}
    </section>
  );
}
