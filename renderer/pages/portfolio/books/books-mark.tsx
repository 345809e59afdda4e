/** In one glance: does our book match the broker's, and is anything left to mend? Opens the report. */
import type { JSX } from 'react';
import { Tooltip, UnstyledButton } from '@mantine/core';
import { useAge } from '../../../data/clock.ts';
import { useFindings, useReconciliations } from '../../../data/queries.ts';
import { openSheet } from '../../../frame/panels.ts';
import { Dot } from '../../../ui/kit.tsx';
import { age, count, counted } from '../../../ui/format.ts';

/** The mark; nothing while neither is known. */
export function BooksMark(): JSX.Element | null {
  const newest = useReconciliations('all').data?.reconciliations[0];
  const findings = useFindings().data?.findings;
  const since = useAge(newest?.at ?? null);
  if (newest === undefined && findings === undefined) return null;
  const found = findings?.length ?? 0;
  const isBad = findings?.some((finding) => finding.severity === 'critical') ?? false;
  const words = found > 0 ? `${count(found)} to mend` : newest === undefined ? 'not compared yet' : newest.isClean ? 'books even' : `${counted(newest.differences.length, 'difference')} at the last look`;
  const tone = isBad ? 'bad' : found > 0 ? 'warn' : newest === undefined ? 'idle' : newest.isClean ? 'good' : 'busy';
  return (
    <Tooltip label={newest === undefined ? 'Our book has not been compared with the broker’s yet' : `Compared with the broker ${age(since)} ago`}>
      <UnstyledButton className="books-mark" aria-label={`Our book and the broker’s: ${words}`} onClick={() => openSheet({ kind: 'reconciliation' })}><Dot tone={tone} /><span>{words}</span></UnstyledButton>
    </Tooltip>
  );
}
