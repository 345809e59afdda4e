/** One setting: what it is called and does, its control, its default, where it comes from, what is wrong, and the way back. */
import type { JSX, ReactNode } from 'react';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconArrowBackUp, IconLock } from '@tabler/icons-react';

/** What a row shows. `fallback`: the default in words; null = there is none. `counts`: when a change does. `locked`: where it is set instead, when that wins. `undo`: takes the change back; null = nothing was changed. */
export type RowFacts = {
  readonly title: string; readonly effect: ReactNode; readonly fallback: string | null; readonly problem?: string | null; readonly locked?: string | null; readonly pending?: boolean; readonly counts?: string; readonly undo: (() => void) | null; readonly note?: ReactNode;
};

/** A file by its name: its folder stands on hover. */
const shortPlace = (place: string): string => place.replace(/^.*[\\/](?=[^\\/]+$)/, '');

/** The row. */
export function SettingRow({ title, effect, fallback, problem = null, locked = null, pending = false, counts, undo, note, children }: RowFacts & { children: ReactNode }): JSX.Element {
  const state = problem !== null ? 'wrong' : undo !== null ? 'changed' : '';
  return (
    <div className={`se-row ${state}`}>
      <div className="se-words">
        <strong>{title}{pending && <Tooltip label="Saved, and counts at the next start of everything"><span className="tag warn">waits for a start</span></Tooltip>}</strong>
        <p className="muted">{effect}</p>
        {note}
      </div>
      <div className="se-control">
        {children}
        <div className="se-under">
          {problem !== null ? <span className="loss-text" role="alert">{problem}</span>
            : locked !== null ? <span className="muted" title={locked}><IconLock size={12} aria-hidden /> Set in {shortPlace(locked)}, which wins</span>
              : fallback !== null && <span className="muted">Default {fallback}{counts === undefined ? '' : ` · ${counts}`}</span>}
        </div>
      </div>
      <div className="se-undo">{undo !== null && <Tooltip label="Take this change back"><ActionIcon size="sm" variant="subtle" color="gray" onClick={undo} aria-label={`Take back the change of ${title}`}><IconArrowBackUp size={14} /></ActionIcon></Tooltip>}</div>
    </div>
  );
}
