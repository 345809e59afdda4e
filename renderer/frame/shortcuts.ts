/** The keyboard: two-key jumps, the palette, and the held HALT. */
import { useEffect, useRef } from 'react';
import { closeSheet, setPalette } from './panels.ts';

/** Pages by the letter after `g`. */
export const JUMPS: Readonly<Record<string, '/portfolio' | '/health'>> = { p: '/portfolio', h: '/health' };
const JUMP_WITHIN_MS = 1_200;

/** Does the key belong to a field that is being written in? */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
}

/** What the keys do. `halt` = Shift+H held. */
export type ShortcutActions = { go(path: '/portfolio' | '/health'): void; order(): void; settings(): void; halt: { begin(): void; end(): void } };

/** Listens while the frame is shown. */
export function useShortcuts(actions: ShortcutActions): void {
  const latest = useRef(actions);
  useEffect(() => {
    latest.current = actions;
  });
  useEffect(() => {
    let leaderAt = 0;
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
      const jump = performance.now() - leaderAt < JUMP_WITHIN_MS ? JUMPS[key] : undefined;
      leaderAt = 0;
      if (jump) latest.current.go(jump);
      else if (key === 'g') leaderAt = performance.now();
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
