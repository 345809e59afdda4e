/** The last runs of a flow as small bars: height by duration, colour and shape by state; hovering tells, a click opens. */
import { useState } from 'react';
import type { JSX, MouseEvent } from 'react';
import { Tooltip } from '@mantine/core';
import type { DeploymentView } from '#app/contracts/flows.ts';
import { openSheet } from '../../frame/panels.ts';
import { marketDayTime, zoneName } from '../../ui/format.ts';
import { barHeight } from './fleet.ts';
import { duration, RUN_TONES, STATE_WORDS } from './run-words.ts';

/** How many runs there is room for: as many as a deployment tells. */
const BARS = 30;
const BAR_PX = 3;
const STEP_PX = 5;
const HEIGHT_PX = 20;

/** The bars, newest on the right; their room is reserved. */
export function StateBars({ recent, flow }: { recent: DeploymentView['recent']; flow: string }): JSX.Element {
  const [hovered, setHovered] = useState<number | null>(null);
  const runs = recent.slice(-BARS);
  const longest = Math.max(0, ...runs.map((run) => run.tookMs ?? 0));
  const offset = BARS - runs.length;
  const indexAt = (event: MouseEvent<SVGSVGElement>): number => Math.floor((event.clientX - event.currentTarget.getBoundingClientRect().left) / STEP_PX) - offset;
  const run = hovered === null ? undefined : runs[hovered];
  const completed = runs.filter((one) => one.state === 'COMPLETED').length;
  return (
    <Tooltip.Floating disabled={!run} multiline label={run ? `${STATE_WORDS[run.state]}, took ${duration(run.tookMs)}\n${marketDayTime(run.at)} ${zoneName()}` : ''} style={{ whiteSpace: 'pre-line' }}>
      <svg className="state-bars" width={BARS * STEP_PX} height={HEIGHT_PX} role="img" aria-label={runs.length === 0 ? `${flow} has not ended a run yet` : `Last ${runs.length} runs of ${flow}: ${completed} completed`} onMouseMove={(event) => setHovered(indexAt(event))} onMouseLeave={() => setHovered(null)} onClick={(event) => {
        const clicked = runs[indexAt(event)];
        if (!clicked) return;
        event.stopPropagation();
        openSheet({ kind: 'run', runId: clicked.runId });
      }}>
        <line x1={0} x2={BARS * STEP_PX - 2} y1={HEIGHT_PX - 0.5} y2={HEIGHT_PX - 0.5} className="state-bars-ground" />
        {runs.map((one, n) => {
          const height = Math.round(barHeight(one.tookMs, longest) * (HEIGHT_PX - 3));
          return <rect key={one.runId} x={(offset + n) * STEP_PX} y={HEIGHT_PX - 1 - height} width={BAR_PX} height={height} rx={1} className={`bar ${RUN_TONES[one.state]} ${n === hovered ? 'hovered' : ''}`} />;
        })}
      </svg>
    </Tooltip.Floating>
  );
}
