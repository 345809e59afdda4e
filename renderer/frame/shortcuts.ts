/** The keyboard: two-key jumps, the palette, and the held HALT. */
import { useEffect, useRef } from 'react';
import { JUMPS } from './pages.ts';
import type { PagePath } from './pages.ts';
import { closeSheet, isSheetOpen, setPalette } from './panels.ts';

const JUMP_WITHIN_MS = 1_200;

/** Does the key belong to a field that is being written in? */
export function isTyping(target: EventTarget | null): boolean {
  if (target instanceof HTMLInputElement) return !['checkbox', 'radio', 'button', 'submit', 'reset', 'file'].includes(target.type);
  return target instanceof HTMLElement && (target.isContentEditable || ['TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** The keys of the page that is shown; true = the key was one of them. */
export type PageKeys = (event: KeyboardEvent) => boolean;
let pageKeys: PageKeys | null = null;

/** Gives the page keys of its own while it is shown. They come after the frame's two-key jumps and before its single keys, and rest while a sheet is open or a field is written in. */
export function usePageKeys(keys: PageKeys): void {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const mine: PageKeys = (event) => latest.current(event);
    pageKeys = mine;
    return () => {
      if (pageKeys === mine) pageKeys = null;
    };
  }, []);
}

/** What the keys do. `halt` = Shift+H held. */
export type ShortcutActions = { go(path: PagePath): void; order(): void; settings(): void; halt: { begin(): void; end(): void } };

/** Listens while the frame is shown. */
export function useShortcuts(actions: ShortcutActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    // Not 0: the page's clock begins at 0, so a key in its first second would count as the second of a jump.
    let leaderAt = -Infinity;
    const down = (event: KeyboardEvent): void => {
      const key = event.key.toLowerCase();
      if ((event.ctrlKey || event.metaKey) && key === 'k') {
        event.preventDefault();
        setPalette(true);
        return;
      }
      if ((event.ctrlKey || event.metaKey) && key === ',') {
        event.preventDefault();
        latest.current.settings();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.shiftKey && key === 'h') {
        if (!event.repeat) latest.current.halt.begin();
        return;
      }
      const jump = performance.now() - leaderAt < JUMP_WITHIN_MS ? JUMPS.get(key) : undefined;
      leaderAt = -Infinity;
      if (jump) latest.current.go(jump);
      else if (key === 'g') leaderAt = performance.now();
      else if (!isSheetOpen() && pageKeys?.(event)) event.preventDefault();
      else if (key === '/') {
        event.preventDefault();
        setPalette(true);
      } else if (key === 'b') latest.current.order();
      else if (key === 'escape') closeSheet();
    };
    const up = (event: KeyboardEvent): void => {
      if (event.key.toLowerCase() === 'h' || event.key === 'Shift') latest.current.halt.end();
    };
    const lost = (): void => latest.current.halt.end();
    addEventListener('keydown', down);
    addEventListener('keyup', up);
    addEventListener('blur', lost);
    return () => {
      removeEventListener('keydown', down);
      removeEventListener('keyup', up);
      removeEventListener('blur', lost);
    };
  }, []);
}
