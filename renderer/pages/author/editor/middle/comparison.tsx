/** Two states of the files beside each other, file by file. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { Empty } from '../../../../ui/kit.tsx';
import { changesBetween, textOf } from '../files.ts';
import { LazyDiffView } from '../lazy.tsx';
import { changeSession } from '../session.ts';
import type { Comparison } from '../session.ts';

const KINDS = { same: '', changed: 'changed', added: 'new', removed: 'gone' } as const;

/** The comparison, in place of the editor. */
export function ComparisonView({ comparison: { left, right } }: { comparison: Comparison }): JSX.Element {
  const changes = changesBetween(left.files, right.files);
  const different = changes.filter(({ kind }) => kind !== 'same');
  const [picked, setPicked] = useState<string | null>(null);
  const path = different.find((one) => one.path === picked)?.path ?? different[0]?.path ?? null;
  const close = (): void => changeSession({ comparison: null });
  return (
    <section className="ed-compare" aria-label={`${left.title} beside ${right.title}`} onKeyDown={(event) => { if (event.key === 'Escape') close(); }}>
      <header>
        <strong>{left.title}</strong><span className="muted">→</span><strong>{right.title}</strong>
        <div className="ed-compare-files">{different.map((one) => <button key={one.path} type="button" className={one.path === path ? 'chip chosen' : 'chip'} onClick={() => setPicked(one.path)}>{one.path} <small className="muted">{KINDS[one.kind]}</small></button>)}</div>
        <Button size="compact-xs" variant="default" leftSection={<IconX size={12} />} onClick={close}>Back to the editor</Button>
      </header>
      {path === null ? <Empty title="Nothing differs">Both hold the same files with the same text.</Empty> : <LazyDiffView key={path} before={textOf(left.files, path) ?? ''} after={textOf(right.files, path) ?? ''} label={`${path}: ${left.title} beside ${right.title}`} />}
    </section>
  );
}
