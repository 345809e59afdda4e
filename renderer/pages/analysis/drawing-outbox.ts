/** Drawings on their way to the book: shown at once, sent one after the other, and sent again until the book has them, also after the page was left. */
import type { QueryClient } from '@tanstack/react-query';
import type { Drawing } from '#app/contracts/charts.ts';
import { call } from '../../data/client.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { isFinal } from './use-series.ts';

/** A change of a drawing that the book does not have yet; `after` null: erased. `isRefused`: asking again would not help. */
type Unkept = { readonly symbol: string; readonly after: Drawing | null; readonly isRefused: boolean };
type Outbox = { readonly unkept: ReadonlyMap<string, Unkept>; readonly problem: string | null };
const RETRY_MS = 2_000;

const outbox = createStore<Outbox>({ unkept: new Map(), problem: null });
let isSending = false;

/** Watches what is not kept yet. */
export function useOutbox(): Outbox {
  return useStore(outbox);
}

/** The list as the user left it, whatever the book has of it already. Pure. */
export function withUnkept(kept: readonly Drawing[], symbol: string | null, unkept: Outbox['unkept']): readonly Drawing[] {
  const own = kept.filter((drawing) => drawing.symbol === symbol);
  if (unkept.size === 0) return own;
  return [...own.filter((drawing) => !unkept.has(drawing.drawingId)), ...[...unkept.values()].flatMap(({ after }) => (after?.symbol === symbol ? [after] : []))];
}

/** The book has it: the answer that the page remembers has it too, before it leaves the outbox, so that it never blinks. */
async function noteKept(client: QueryClient, id: string, sent: Unkept): Promise<void> {
  const key = ['drawings', sent.symbol];
  // A list that was asked for before may come later and not have it.
  await client.cancelQueries({ queryKey: key });
  client.setQueryData(key, (list: { drawings: Drawing[] } | undefined) => {
    const others = (list?.drawings ?? []).filter((one) => one.drawingId !== id);
    return { drawings: sent.after === null ? others : [...others, sent.after] };
  });
  outbox.update((now) => ({ unkept: new Map([...now.unkept].filter(([other, change]) => other !== id || change !== sent)), problem: [...now.unkept.values()].some((change) => change.isRefused) ? now.problem : null }));
}

async function send(client: QueryClient): Promise<void> {
  if (isSending) return;
  isSending = true;
  for (let next = first(); next !== undefined; next = first()) {
    const [id, change] = next;
    try {
      await (change.after === null ? call('deleteDrawing', { drawingId: id }) : call('saveDrawing', change.after));
      await noteKept(client, id, change);
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      const isRefused = isFinal(error);
      outbox.update((now) => ({
        unkept: isRefused ? new Map([...now.unkept].map(([other, one]) => [other, one === change ? { ...one, isRefused } : one])) : now.unkept,
        problem: isRefused ? `A drawing of ${change.symbol} is not kept: ${words}` : `Drawings of ${change.symbol} are not kept yet, it is tried again: ${words}`,
      }));
      if (!isRefused) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
  isSending = false;
}

function first(): [string, Unkept] | undefined {
  return [...outbox.get().unkept].find(([, change]) => !change.isRefused);
}

/** Keeps a drawing as it is now, or erases it (`after` null). The newest change of a drawing takes the place of those that were not sent. */
export function keepDrawing(client: QueryClient, change: { readonly id: string; readonly symbol: string; readonly after: Drawing | null }): void {
  const { id, symbol, after } = change;
  outbox.update((now) => ({ ...now, unkept: new Map([...[...now.unkept].filter(([other]) => other !== id), [id, { symbol, after, isRefused: false }]]) }));
  void send(client);
}

// Leaving with drawings that are nowhere else but on this page: the browser asks first.
if (typeof window !== 'undefined') window.addEventListener('beforeunload', (event) => { if (outbox.get().unkept.size > 0) event.preventDefault(); });
