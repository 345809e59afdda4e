/** Arming the live account: a typed phrase, for a time; then it disarms itself. */
import { useState } from 'react';
import type { FormEvent, JSX } from 'react';
import { Button, SegmentedControl, TextInput } from '@mantine/core';
import { ARM_MINUTES, LIVE_PHRASE } from '#app/contracts/shell.ts';
import type { ShellStatus } from '#app/contracts/shell.ts';
import { useArmedUntil } from '../data/arming.ts';
import { useNow } from '../data/clock.ts';
import { useShellAction } from '../shell/shell-queries.ts';
import { bothZones, countdown } from '../ui/format.ts';
import { Section } from './setting.tsx';

type Minutes = (typeof ARM_MINUTES)[number];

function Armed({ until }: { until: number }): JSX.Element {
  const now = useNow();
  const disarm = useShellAction('disarmLive');
  return (
    <div className="arming armed">
      <div><strong>Armed</strong><span className="num arming-left" role="timer" aria-label="Time until it disarms itself" title={bothZones(until)}>{countdown(until - now)}</span></div>
      <p>Orders go to your live account. When the time is over, when you stop or the computer sleeps, it disarms itself; exits and cancels go on working.</p>
      <Button size="compact-md" variant="default" loading={disarm.isPending} onClick={() => disarm.mutate({})}>Disarm now</Button>
      {disarm.error && <p className="switch-error" role="alert">{disarm.error.message}</p>}
    </div>
  );
}

function Disarmed({ isRunning }: { isRunning: boolean }): JSX.Element {
  const [phrase, setPhrase] = useState('');
  const [minutes, setMinutes] = useState<Minutes>(ARM_MINUTES[0]);
  const arm = useShellAction('armLive');
  const isExact = phrase === LIVE_PHRASE;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isExact) arm.mutate({ phrase: LIVE_PHRASE, minutes }, { onSuccess: () => setPhrase('') });
  };
  return (
    <form className="arming" onSubmit={submit}>
      <p><strong>Disarmed.</strong> No order that opens or adds to a position reaches the live account. Exits and cancels always pass.</p>
      <TextInput label={<>To arm, type <code className="phrase">{LIVE_PHRASE}</code></>} value={phrase} onChange={(event) => setPhrase(event.currentTarget.value)} autoComplete="off" spellCheck={false} className="mono-input" disabled={!isRunning} />
      <div className="arming-time"><span>for</span><SegmentedControl value={String(minutes)} onChange={(value) => setMinutes(ARM_MINUTES.find((known) => String(known) === value) ?? ARM_MINUTES[0])} data={ARM_MINUTES.map((value) => ({ value: String(value), label: `${value / 60} h` }))} disabled={!isRunning} aria-label="For how long" /></div>
      {arm.error && <p className="switch-error" role="alert">{arm.error.message}</p>}
      <Button type="submit" size="compact-md" className="amber" disabled={!isRunning || !isExact} loading={arm.isPending}>Arm live trading</Button>
      {!isRunning && <p className="muted">It can be armed when everything runs.</p>}
    </form>
  );
}

/** The section, in the live market only. */
export function LiveSection({ status, isTarget }: { status: ShellStatus; isTarget: boolean }): JSX.Element {
  const until = useArmedUntil();
  return <Section title="Live trading" isTarget={isTarget}>{typeof until === 'number' ? <Armed until={until} /> : <Disarmed isRunning={status.phase === 'running'} />}</Section>;
}
