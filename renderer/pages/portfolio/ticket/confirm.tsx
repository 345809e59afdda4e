/** In the live market nothing goes out with one press: what is sent is read back first. */
import type { JSX } from 'react';
import { Button } from '@mantine/core';

/** The question. `words`: what exactly is sent. */
export function ConfirmLive({ words, isPending, send, back }: { words: string; isPending: boolean; send: () => void; back: () => void }): JSX.Element {
  return (
    <div className="stack ticket-confirm" role="alertdialog" aria-label="Confirm the order">
      <h3>Real money: send this order?</h3>
      <p className="confirm-words">{words}</p>
      <Button color="red" type="button" loading={isPending} onClick={send} autoFocus>Send to the live account</Button>
      <Button variant="default" type="button" onClick={back} disabled={isPending}>Back</Button>
    </div>
  );
}
