/** The controls of a replay: step, play, speed, another day, back to the present. */
import { useEffect } from 'react';
import type { JSX } from 'react';
import { ActionIcon, Button, SegmentedControl } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerSkipBack, IconPlayerSkipForward, IconX } from '@tabler/icons-react';
import type { BarColumns } from '#app/domain/bar-columns.ts';
import { marketDay, marketWeekday } from '../../ui/format.ts';
import { dayStart } from './raw-prices.ts';
import { changeReplay, endReplay, REPLAY_SPEEDS, replayNow, useReplay } from './replay.ts';
import { barOf, indexAt } from './series.ts';

/** Goes on by some bars; stops at the newest. `bars`: all that are loaded. */
export function stepReplay(bars: BarColumns, step: number): void {
  const now = replayNow();
  if (now === null) return;
  const last = bars.time.length - 1;
  const at = Math.max(0, Math.min(last, barOf(bars.time, now.at) + step));
  changeReplay({ at: bars.time[at] ?? now.at, ...(at === last ? { isPlaying: false } : {}) });
}

/** The bar. `bars`: all that are loaded. */
export function ReplayBar({ bars, isIntraday }: { bars: BarColumns; isIntraday: boolean }): JSX.Element | null {
  const replay = useReplay();
  const isPlaying = replay?.isPlaying ?? false;
  const speed = replay?.speed ?? 1;
  useEffect(() => {
    if (!isPlaying) return undefined;
    const timer = setInterval(() => stepReplay(bars, 1), 1_000 / speed);
    return () => clearInterval(timer);
  }, [isPlaying, speed, bars]);
  if (replay === null) return null;
  const left = bars.time.length - 1 - barOf(bars.time, replay.at);
  return (
    <div className="replay-bar" role="toolbar" aria-label="Replay">
      <strong>Replay</strong>
      <span className="num">{isIntraday ? marketWeekday(replay.at) : marketDay(replay.at)}</span>
      <ActionIcon variant="subtle" color="gray" aria-label="One bar back" onClick={() => stepReplay(bars, -1)}><IconPlayerSkipBack size={15} /></ActionIcon>
      <ActionIcon variant="filled" aria-label={isPlaying ? 'Pause' : 'Play'} disabled={left === 0} onClick={() => changeReplay({ isPlaying: !isPlaying })}>{isPlaying ? <IconPlayerPause size={15} /> : <IconPlayerPlay size={15} />}</ActionIcon>
      <ActionIcon variant="subtle" color="gray" aria-label="One bar on" disabled={left === 0} onClick={() => stepReplay(bars, 1)}><IconPlayerSkipForward size={15} /></ActionIcon>
      <SegmentedControl size="xs" aria-label="Bars a second" value={String(speed)} data={REPLAY_SPEEDS.map((one) => ({ value: String(one), label: `${one}/s` }))} onChange={(next) => changeReplay({ speed: REPLAY_SPEEDS.find((one) => String(one) === next) ?? 1 })} />
      <input
        type="date" aria-label="Go to a day" value={marketDay(replay.at)} min={marketDay(bars.time[0] ?? replay.at)}
        onChange={(event) => {
          const day = event.currentTarget.value;
          const at = day === '' ? undefined : bars.time[Math.min(bars.time.length - 1, indexAt(bars.time, dayStart(day)))];
          if (at !== undefined) changeReplay({ at, isPlaying: false });
        }}
      />
      <span className="muted num">{left} bars ahead, hidden</span>
      <Button size="compact-sm" variant="subtle" color="gray" leftSection={<IconX size={13} />} onClick={endReplay}>Back to now</Button>
    </div>
  );
}
