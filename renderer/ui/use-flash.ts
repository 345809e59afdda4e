/** A cell that says "I changed" for 300 ms, at most once a second, and not at all when motion is unwanted. */
import { useEffect, useRef } from 'react';
import type { RefObject } from 'react';

const FLASH_MS = 300;
const PAUSE_MS = 1_000;

/** A ref for the element; it flashes when `value` changes after the first paint. */
export function useFlash(value: string | number | null): RefObject<HTMLSpanElement | null> {
  const element = useRef<HTMLSpanElement>(null);
  const last = useRef<{ value: string | number | null; at: number }>({ value, at: 0 });
  useEffect(() => {
    const before = last.current;
    if (before.value === value) return;
    const now = performance.now();
    const isDue = now - before.at >= PAUSE_MS && before.value !== null;
    last.current = { value, at: isDue ? now : before.at };
    if (!isDue || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
    const rose = Number(value) >= Number(before.value);
    element.current?.animate([{ backgroundColor: `color-mix(in srgb, var(${rose ? '--gain' : '--loss'}) 22%, transparent)` }, { backgroundColor: 'transparent' }], { duration: FLASH_MS, easing: 'ease-out' });
  }, [value]);
  return element;
}
