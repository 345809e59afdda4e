/** Which market runs, so that nobody deploys into another one than he thinks; and how a version gets into the next. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, UnstyledButton } from '@mantine/core';
import { useMode } from '../../../data/stack.ts';
import { openSheet } from '../../../frame/panels.ts';
import { hasShell } from '../../../shell/bridge.ts';
import { MARKETS } from './gate-words.ts';

/** The banner. `isWayShown`: the way to the next market is unfolded, by whoever asked for it. */
export function MarketBanner({ isWayShown, onWay }: { isWayShown: boolean; onWay: (isShown: boolean) => void }): JSX.Element {
  const mode = useMode();
  const { name, money, way, wayName } = MARKETS[mode];
  return (
    <section className={`dp-market ${mode}`} aria-label={`Market: ${name}`}>
      <header><span className={`mode-mark ${mode}`}>{name.toUpperCase()}</span><p><strong>{name} runs now.</strong> {money}</p><UnstyledButton className="link" aria-expanded={isWayShown} onClick={() => onWay(!isWayShown)}>{wayName}</UnstyledButton></header>
      {isWayShown && <div className="dp-way"><p>{way}</p>{hasShell && <Button size="compact-sm" variant="default" onClick={() => openSheet({ kind: 'application', section: 'market' })}>Change the market…</Button>}</div>}
    </section>
  );
}

/** Whether the way is shown: closed at first. */
export function useWay(): readonly [boolean, (isShown: boolean) => void] {
  return useState(false);
}
