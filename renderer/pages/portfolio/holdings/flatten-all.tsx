/** Closing everything, or only cancelling: asked once more, and what risk denied is shown. */
import { useRef, useState } from 'react';
import type { JSX } from 'react';
import { Button, Popover } from '@mantine/core';
import { newKey } from '../../../data/client.ts';
import { KEYS } from '../../../data/live.ts';
import { useAction, usePositions } from '../../../data/queries.ts';
import { count, counted } from '../../../ui/format.ts';
import { Said } from './actions.tsx';

function Choices({ close }: { close: () => void }): JSX.Element {
  const positions = usePositions().data?.positions.length ?? 0;
  const flatten = useAction('flatten', [KEYS.positions, ['orders'], ['account']]);
  const cancelAll = useAction('cancelOrder', [['orders']]);
  const key = useRef(newKey());
  const send = (): void => flatten.mutate({ symbol: null, idempotencyKey: key.current }, {
    onSuccess: ({ decisions }) => {
      key.current = newKey();
      if (decisions.every((decision) => decision.outcome === 'approved')) close();
    },
  });
  return (
    <div className="stack">
      <p>Closing everything cancels all open orders and sends one market order for each of {counted(positions, 'position')}. It asks risk like any other order.</p>
      <Said decisions={flatten.data?.decisions ?? []} error={flatten.error ?? cancelAll.error} />
      <Button size="compact-md" color="red" disabled={positions === 0} loading={flatten.isPending} onClick={send}>Close all {count(positions)} positions</Button>
      <Button size="compact-md" variant="default" data-autofocus loading={cancelAll.isPending} onClick={() => cancelAll.mutate({ clientOrderId: null, idempotencyKey: newKey() }, { onSuccess: close })}>Only cancel open orders</Button>
    </div>
  );
}

/** The button and its question. */
export function FlattenAll(): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  return (
    <Popover opened={isOpen} onChange={setOpen} position="bottom-end" width={300} shadow="md" withArrow trapFocus>
      <Popover.Target><Button size="compact-sm" variant="default" onClick={() => setOpen((now) => !now)}>Flatten…</Button></Popover.Target>
      <Popover.Dropdown>{isOpen && <Choices close={() => setOpen(false)} />}</Popover.Dropdown>
    </Popover>
  );
}
