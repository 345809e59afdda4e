/** Start, pause and stop: stopping asks what becomes of what is held. Where real money is at stake, what sends orders is held. */
import { useState } from 'react';
import type { JSX } from 'react';
import { Button, Radio, TextInput } from '@mantine/core';
import { IconPlayerPause, IconPlayerPlay, IconPlayerStop } from '@tabler/icons-react';
import type { DeploymentCard, DeploymentLive } from '#app/contracts/deploy.ts';
import { newKey } from '../../../data/client.ts';
import { useAction } from '../../../data/queries.ts';
import { Failure, Pnl } from '../../../ui/kit.tsx';
import { price, quantity } from '../../../ui/format.ts';
import { HoldButton } from '../../../ui/hold-button.tsx';
import { AFTER_CHANGE } from './deploy-queries.ts';
import { stopWords } from './live-words.ts';

type Positions = DeploymentLive['positions'];

function Held({ positions }: { positions: Positions }): JSX.Element | null {
  if (positions.length === 0) return null;
  return <ul className="dp-held">{positions.map((row) => <li key={row.symbol}><strong>{row.symbol}</strong><span className="num">{quantity(row.qty)} × {price(row.avgPrice)}</span><Pnl value={row.openPnl} /></li>)}</ul>;
}

/** What becomes of what it holds. */
function StopPanel({ card, positions, close, onStopped }: { card: DeploymentCard; positions: Positions; close: () => void; onStopped: (words: string) => void }): JSX.Element {
  const [choice, setChoice] = useState<'keep' | 'flatten' | null>(positions.length === 0 ? 'flatten' : null);
  const [reason, setReason] = useState('');
  const stop = useAction('stopStrategy', [...AFTER_CHANGE, ['positions'], ['orders']]);
  const send = (): void => {
    if (choice === null) return;
    stop.mutate({ strategyId: card.strategyId, positions: choice, reason, idempotencyKey: newKey() }, { onSuccess: ({ words }) => { onStopped(words); close(); } });
  };
  const isSelling = choice === 'flatten' && positions.length > 0;
  return (
    <section className="dp-stop" role="alertdialog" aria-label={`Stop ${card.name}`}>
      <h4>Stop {card.name}?</h4>
      {positions.length > 0 && <p>It holds this, as its own share:</p>}
      <Held positions={positions} />
      <Radio.Group value={choice ?? ''} onChange={(value) => setChoice(value === 'flatten' ? 'flatten' : 'keep')} aria-label="What becomes of it">
        <div className="dp-stop-choices"><Radio size="xs" value="keep" label={positions.length === 0 ? 'Leave its orders' : 'Keep it'} description={stopWords(positions, 'keep')} /><Radio size="xs" value="flatten" label={positions.length === 0 ? 'Cancel its orders' : 'Close it now'} description={stopWords(positions, 'flatten')} /></div>
      </Radio.Group>
      <TextInput size="xs" label="Reason" description="Optional; it stands in the audit log" value={reason} maxLength={200} onChange={(event) => setReason(event.currentTarget.value)} inputWrapperOrder={['label', 'input', 'description']} />
      {stop.error !== null && <Failure error={stop.error} />}
      <div className="dp-stop-go">
        <Button size="compact-md" variant="default" onClick={close} disabled={stop.isPending}>Back</Button>
        {card.mode === 'live' && choice !== null && !stop.isPending
          ? <HoldButton className="dp-hold" label={isSelling ? 'Hold to stop and close what it holds' : 'Hold to stop'} onHeld={send}>{isSelling ? 'Hold to stop and close' : 'Hold to stop'}</HoldButton>
          : <Button size="compact-md" color="red" disabled={choice === null} loading={stop.isPending} onClick={send}>{choice === null ? 'Choose first' : isSelling ? 'Stop and close' : 'Stop'}</Button>}
      </div>
    </section>
  );
}

/** The buttons that the state allows. */
export function LiveControls({ card, positions }: { card: DeploymentCard; positions: Positions }): JSX.Element {
  const [isStopping, setStopping] = useState(false);
  const [told, setTold] = useState<string | null>(null);
  const start = useAction('startStrategy', AFTER_CHANGE);
  const pause = useAction('pauseStrategy', AFTER_CHANGE);
  const canStart = card.state === 'paused' || card.state === 'stopped' || card.state === 'failed';
  const send = (): void => { setTold(null); start.mutate({ strategyId: card.strategyId, idempotencyKey: newKey() }); };
  const error = start.error ?? pause.error;
  return (
    <>
      <div className="dp-controls" role="group" aria-label="Control">
        {canStart && (card.mode === 'live' && !start.isPending
          ? <HoldButton className="dp-hold small" label={`Hold to start ${card.name} with real money`} onHeld={send}>Hold to start</HoldButton>
          : <Button size="compact-md" leftSection={<IconPlayerPlay size={14} />} loading={start.isPending} onClick={send}>Start</Button>)}
        {!canStart && <Button size="compact-md" variant="default" leftSection={<IconPlayerPause size={14} />} loading={pause.isPending} onClick={() => { setTold(null); pause.mutate({ strategyId: card.strategyId, reason: '', idempotencyKey: newKey() }); }}>Pause</Button>}
        {card.state !== 'stopped' && <Button size="compact-md" variant="default" leftSection={<IconPlayerStop size={14} />} aria-expanded={isStopping} onClick={() => setStopping(!isStopping)}>Stop…</Button>}
      </div>
      {error !== null && <Failure error={error} />}
      {told !== null && <p className="dp-told" role="status">{told}</p>}
      {isStopping && <StopPanel card={card} positions={positions} close={() => setStopping(false)} onStopped={setTold} />}
    </>
  );
}
