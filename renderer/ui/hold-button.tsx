/** A button that must be held: for acts that must not happen by accident. Works with mouse, touch and keyboard. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { JSX, KeyboardEvent, ReactNode } from 'react';

/** How long to hold. */
export const HOLD_MS = 900;

/** Starts and stops a hold; `onHeld` runs once when it was held long enough. */
export function useHold(onHeld: () => void): { isHeld: boolean; begin(): void; end(): void } {
  const [isHeld, setHeld] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const act = useRef(onHeld);
  useEffect(() => {
    act.current = onHeld;
  }, [onHeld]);
  const end = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = undefined;
    setHeld(false);
  }, []);
  const begin = useCallback(() => {
    if (timer.current !== undefined) return;
    setHeld(true);
    timer.current = setTimeout(() => {
      end();
      act.current();
    }, HOLD_MS);
  }, [end]);
  useEffect(() => end, [end]);
  return { isHeld, begin, end };
}

/** The button; `isHeldElsewhere` shows the progress of its keyboard shortcut. */
export function HoldButton({ children, onHeld, label, isHeldElsewhere = false, className }: { children: ReactNode; onHeld: () => void; label: string; isHeldElsewhere?: boolean; className?: string }): JSX.Element {
  const hold = useHold(onHeld);
  const onKeyDown = (event: KeyboardEvent): void => {
    if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) hold.begin();
  };
  return (
    <button type="button" className={`hold-button ${className ?? ''} ${hold.isHeld || isHeldElsewhere ? 'holding' : ''}`} aria-label={label} title={label} onPointerDown={hold.begin} onPointerUp={hold.end} onPointerLeave={hold.end} onPointerCancel={hold.end} onKeyDown={onKeyDown} onKeyUp={hold.end} onBlur={hold.end}>
      <span className="hold-fill" style={{ transitionDuration: `${HOLD_MS}ms` }} aria-hidden />
      <span className="hold-text">{children}</span>
    </button>
  );
}
