/** The trading state and HALT, always in reach. Halting takes a hold; resuming takes a reason. */
import { useState } from 'react';
import type { FormEvent, JSX } from 'react';
import { Button, Popover, TextInput, Tooltip } from '@mantine/core';
import { IconHandStop, IconPlayerPlay } from '@tabler/icons-react';
import { useAction } from '../data/queries.ts';
import { newKey } from '../data/client.ts';
import { useGatewayAway, useTradingState } from '../data/stack.ts';
import { Dot } from '../ui/kit.tsx';
import { KillSwitch } from './kill-switch.tsx';
import { HoldButton } from '../ui/hold-button.tsx';

function Resume({ isNarrow }: { isNarrow: boolean }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [reason, setReason] = useState('');
  const action = useAction('setTradingState', [['tradingState']]);
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    action.mutate({ state: 'ACTIVE', reason: reason.trim(), idempotencyKey: newKey() }, { onSuccess: () => { setOpen(false); setReason(''); } });
  };
  return (
    <Popover opened={isOpen} onChange={setOpen} position="right-end" width={280} shadow="md" trapFocus withArrow>
      <Popover.Target>
        <Button size="compact-md" variant="default" fullWidth onClick={() => setOpen(true)} leftSection={isNarrow ? undefined : <IconPlayerPlay size={14} />} aria-label="Resume trading">{isNarrow ? <IconPlayerPlay size={16} /> : 'Resume'}</Button>
      </Popover.Target>
      <Popover.Dropdown>
        <form onSubmit={submit} className="stack">
          <TextInput label="Why is it right to trade again?" description="The reason is written into the audit trail" value={reason} onChange={(event) => setReason(event.currentTarget.value)} maxLength={200} data-autofocus error={action.error?.message} />
          <Button type="submit" size="compact-md" disabled={reason.trim() === ''} loading={action.isPending}>Resume trading</Button>
        </form>
      </Popover.Dropdown>
    </Popover>
  );
}

/** State and switch. `isHeldByKey` shows the progress of Shift+H. */
export function TradingSwitch({ isNarrow, isHeldByKey, halt, error, told }: { isNarrow: boolean; isHeldByKey: boolean; halt: () => void; error: string | null; told: string | null }): JSX.Element {
  const { state, why, isOld } = useTradingState();
  const isAway = useGatewayAway() !== null;
  const tone = state === 'ACTIVE' ? 'good' : state === 'REDUCING' ? 'warn' : state === 'HALTED' ? 'bad' : 'idle';
  return (
    <div className={`trading-switch ${state === 'HALTED' ? 'halted' : ''}`}>
      <Tooltip label={isOld && state !== null ? `${why}. Nobody confirms it at the moment` : why} position="right">
        <div className={isOld ? 'trading-state old' : 'trading-state'}><Dot tone={isOld ? 'idle' : tone} />{!isNarrow && <span>Trading <strong>{state ?? '–'}</strong></span>}</div>
      </Tooltip>
      {state !== 'HALTED' && (
        <HoldButton className="halt" onHeld={halt} isHeldElsewhere={isHeldByKey} label="Halt trading: hold, or hold Shift+H. No new order goes out until you resume; cancels always work">
          <IconHandStop size={16} aria-hidden />{!isNarrow && <span>HALT</span>}
        </HoldButton>
      )}
      <KillSwitch isNarrow={isNarrow} />
      {state !== null && state !== 'ACTIVE' && !isAway && <Resume isNarrow={isNarrow} />}
      {state !== null && state !== 'ACTIVE' && isAway && !isNarrow && <p className="muted switch-note">Resuming needs the gateway.</p>}
      {told !== null && state === 'HALTED' && !isNarrow && <p className="muted switch-note" role="status">{told}</p>}
      {error !== null && <p className="switch-error" role="alert">{error}</p>}
    </div>
  );
}
