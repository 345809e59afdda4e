/** What the desktop shell said last: pushed by it, asked for again when it is silent. Null for ever in a browser. */
import type { ShellStatus } from '#app/contracts/shell.ts';
import { createStore, useStore } from '../data/external-store.ts';
import { useNow } from '../data/clock.ts';
import { hasShell, onShell, shellCall } from './bridge.ts';

/** The last word and when it came, by this computer's clock; `error` = why there is none. */
export type ShellNews = { readonly status: ShellStatus | null; readonly heardAt: number | null; readonly error: string | null };

/** While anything runs the shell speaks every two seconds; after this long it is asked. */
const SILENT_AFTER_MS = 5_000;
const ASK_EVERY_MS = 2_500;
/** A window whose shell said nothing for this long, though asked, says so. */
const DEAF_AFTER_MS = 10_000;
const OVERTAKEN_MS = 5_000;

const news = createStore<ShellNews>({ status: null, heardAt: null, error: null });

function hear(status: ShellStatus): void {
  const olderMs = (news.get().status?.at ?? 0) - status.at;
  // An answer may arrive after a push that is newer than it. Much older, and it is the computer's clock that was set back.
  if (olderMs > 0 && olderMs < OVERTAKEN_MS) return;
  news.set({ status, heardAt: Date.now(), error: null });
}

async function ask(): Promise<void> {
  try {
    hear(await shellCall('status', {}));
  } catch (error) {
    news.update((now) => ({ ...now, error: error instanceof Error ? error.message : String(error) }));
  }
}

if (hasShell) {
  onShell('status', hear);
  void ask();
  setInterval(() => {
    if (Date.now() - (news.get().heardAt ?? 0) > SILENT_AFTER_MS) void ask();
  }, ASK_EVERY_MS);
}

/** Asks at once, after an act whose effect should show. */
export function refreshShellStatus(): void {
  if (hasShell) void ask();
}
/** What the shell said last; null in a browser and before its first word. */
export function useShellStatus(): ShellStatus | null {
  return useStore(news, (now) => now.status);
}
/** A part of what the shell said last; the part must keep its identity while it does not change. */
export function useShellPart<P>(select: (status: ShellStatus | null) => P): P {
  return useStore(news, (now) => select(now.status));
}
/** Why nothing was heard yet, if the shell could not be asked. */
export function useShellError(): string | null {
  return useStore(news, (now) => (now.status === null ? now.error : null));
}
/** Milliseconds since the shell's last word when that is too long ago; null while it speaks, and in a browser. */
export function useShellSilence(): number | null {
  const now = useNow();
  const heardAt = useStore(news, (state) => state.heardAt);
  return hasShell && heardAt !== null && now - heardAt > DEAF_AFTER_MS ? now - heardAt : null;
}
