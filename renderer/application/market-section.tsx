/** Which market is traded, and what changing it does, said before it is done. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Checkbox, SegmentedControl, UnstyledButton } from '@mantine/core';
import type { Mode } from '#app/contracts/config.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { ClientError } from '../data/client.ts';
import { openSheet } from '../frame/panels.ts';
import { useBrokerKeys, useShellAction } from '../shell/shell-queries.ts';
import { Section } from './setting.tsx';

const WHAT: Readonly<Record<Mode, string>> = {
  demo: 'A simulated market, broker and account on this computer. Offline, no keys, no money.',
  paper: 'Real prices, orders to Alpaca’s paper account. Simulated money.',
  live: 'Real prices, orders to your live account. Real money.',
};

/** What happens on the way from one market to another, a sentence each. Pure; exported for its test. */
export function consequences(status: Pick<ShellStatus, 'mode' | 'phase' | 'trading'>, to: Mode): string[] {
  const isRunning = status.phase === 'running' || status.phase === 'starting';
  const open = status.trading?.openOrders ?? 0;
  const positions = status.trading?.positions ?? 0;
  return [
    isRunning ? `Everything stops in order, then starts in the ${to} market. That takes a few seconds.` : `Everything starts in the ${to} market.`,
    `The ${status.mode} market keeps its own book: orders, fills and settings wait there until you come back.`,
    ...(status.mode !== 'demo' && isRunning && open + positions > 0 ? [`${open === 1 ? '1 order is' : `${open} orders are`} open and ${positions === 1 ? '1 position is' : `${positions} positions are`} held in ${status.mode}. They stay at the broker, and nothing watches them meanwhile.`] : []),
    ...(to === 'live' ? ['Orders are real and cost real money. It starts disarmed: no order that opens or adds goes out until you arm it.'] : []),
  ];
}

function Change({ status, to, done }: { status: ShellStatus; to: 'demo' | 'paper' | 'live'; done: () => void }): JSX.Element {
  const [isSure, setSure] = useState(false);
  const change = useShellAction('setMode');
  const keys = useBrokerKeys();
  const hasKeys = to === 'demo' || keys.data?.[to].isSet !== false;
  const isRefused = change.error instanceof ClientError && change.error.status === 409;
  const mustBeSure = (status.trading?.openOrders ?? 0) > 0 || isRefused;
  return (
    <div className={`change ${to}`}>
      <p>{WHAT[to]}</p>
      <ul>{consequences(status, to).map((line) => <li key={line}>{line}</li>)}</ul>
      {!hasKeys && <p className="warn-text">There are no {to} keys yet. <UnstyledButton className="link" onClick={() => openSheet({ kind: 'application', section: 'keys' })}>Enter them below</UnstyledButton>, then come back.</p>}
      {mustBeSure && <Checkbox size="xs" checked={isSure} onChange={(event) => setSure(event.currentTarget.checked)} label="Change although orders are open" />}
      {change.error && <p className="switch-error" role="alert">{change.error.message}</p>}
      <div className="shell-actions">
        <Button size="compact-md" className={to === 'live' ? 'amber' : ''} disabled={!hasKeys || (mustBeSure && !isSure)} loading={change.isPending} onClick={() => change.mutate({ mode: to, isSure }, { onSuccess: done })}>Change to {to}</Button>
        <Button size="compact-md" variant="subtle" color="gray" onClick={done}>Stay in {status.mode}</Button>
      </div>
    </div>
  );
}

/** The section. */
export function MarketSection({ status, isTarget }: { status: ShellStatus; isTarget: boolean }): JSX.Element {
  const [chosen, choose] = useState<Mode | null>(null);
  const shown = chosen ?? status.mode;
  return (
    <Section title="Market" isTarget={isTarget}>
      <SegmentedControl fullWidth size="sm" value={shown} onChange={(value) => choose(value)} data={[{ value: 'demo', label: 'Demo' }, { value: 'paper', label: 'Paper' }, { value: 'live', label: 'Live' }]} aria-label="Market" />
      {shown === status.mode ? <p className="muted">{WHAT[shown]}</p> : <Change key={shown} status={status} to={shown} done={() => choose(null)} />}
    </Section>
  );
}
