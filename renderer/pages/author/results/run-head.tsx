/** What a run was: version, symbols, days, settings, time taken; and whether its code or its bars are still the same. */
import type { JSX } from 'react';
import { Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import type { BacktestDetail } from '#app/contracts/studio.ts';
import type { Timeframe } from '#app/domain/time.ts';
import { MarketTime } from '../../../ui/kit.tsx';
import { money } from '../../../ui/format.ts';
import { useRunTarget } from './run-target.ts';
import { barsChange, codeChange, spanWords, symbolWords, tookWords } from './run-words.ts';
import { useGo } from './runs.ts';
import { useStored } from './stored.ts';

/** The head. */
export function RunHead({ detail }: { detail: BacktestDetail }): JSX.Element {
  const { view } = detail;
  const target = useRunTarget();
  const go = useGo();
  const { project } = view;
  const change = target === null || target.projectId !== project?.projectId ? null : codeChange(view, target.base, target.isDirty);
  const took = tookWords(view);
  const stored = useStored(view.symbols, view.timeframe as Timeframe);
  const newer = barsChange(view, detail.request, stored.days?.last ?? null);
  const isOther = project !== null && target !== null && project.version !== target.base.version;
  return (
    <header className="rs-head">
      <p>
        {project !== null && <button type="button" className="rs-version" title={`Open the code of version ${project.version}`} onClick={() => go({ project: project.projectId, version: project.version })}>v{project.version}</button>}
        <Tooltip label={view.symbols.join(', ')} multiline w={320} disabled={view.symbols.length <= 3}><strong>{symbolWords(view.symbols)}</strong></Tooltip>
        <span>{view.timeframe}</span><span className="num">{spanWords(view, detail.request)}</span><span className="num">{money(view.startEquity, { decimals: 0 })} USD</span>
      </p>
      <p className="muted"><MarketTime at={view.startedAt} withDay />{took === '' ? '' : ` · ${took}`}{detail.request['desk'] === 'plain' ? ' · orders by sizing alone, without the live risk rules' : ''}</p>
      {newer !== null && <p className="muted">{newer}</p>}
      {change !== null && <p className="rs-changed"><IconAlertTriangle size={14} aria-hidden /> {change}{isOther && project !== null && <button type="button" className="link-button" onClick={() => go({ version: project.version })}>Show version {project.version}</button>}</p>}
    </header>
  );
}
