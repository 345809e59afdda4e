/** One line at the edge of a page: what was just done, and how to take it back. The page that is shown draws it. */
import { createStore, useStore } from '../data/external-store.ts';

/** How long something can be taken back. */
export const UNDO_MS = 8_000;

/** The line. `undo`: takes it back; `settle`: makes it final, when the time is over, another line comes, or the page is left. */
export type Notice = { readonly text: string; readonly undo?: () => void; readonly settle?: () => void };

const notice = createStore<Notice | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

/** The line now. */
export const useNotice = (): Notice | null => useStore(notice);

function end(): Notice | null {
  clearTimeout(timer);
  const now = notice.get();
  notice.set(null);
  return now;
}

/** Makes what was done final. */
export function settleNotice(): void {
  end()?.settle?.();
}
/** Takes back what was done. */
export function undoNotice(): void {
  end()?.undo?.();
}
/** Says what was done. */
export function tell(next: Notice): void {
  settleNotice();
  notice.set(next);
  timer = setTimeout(settleNotice, UNDO_MS);
}
