/** Where the window opens: where it was, if that place can still be seen. */
import type { Rectangle } from 'electron';

/** Where the window was, in device-independent pixels. */
export type WindowPlace = Rectangle & { readonly isMaximized: boolean };

/** Where the window opens; without x and y the system centres it. */
export type WindowBounds = { readonly x?: number; readonly y?: number; readonly width: number; readonly height: number };

/** The first size, and the least one at which every page can be used. */
export const FIRST_SIZE = { width: 1_360, height: 860 } as const;
/** The least size. */
export const LEAST_SIZE = { width: 900, height: 600 } as const;
/** As much of the window's top as a hand needs to drag it back. */
const GRIP = { width: 120, height: 40 } as const;

function overlap(a: Rectangle, b: Rectangle): { width: number; height: number } {
  return { width: Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x), height: Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y) };
}

/** The bounds to open with. `screens` are the work areas, the primary one first; never empty on a real computer. */
export function restoredBounds(place: WindowPlace | null, screens: readonly Rectangle[]): WindowBounds {
  const primary = screens[0];
  const fit = (wanted: { width: number; height: number }, screen: Rectangle | undefined): { width: number; height: number } => ({
    width: Math.max(LEAST_SIZE.width, Math.min(wanted.width, screen?.width ?? wanted.width)),
    height: Math.max(LEAST_SIZE.height, Math.min(wanted.height, screen?.height ?? wanted.height)),
  });
  if (place === null) return fit(FIRST_SIZE, primary);
  const top: Rectangle = { x: place.x, y: place.y, width: place.width, height: GRIP.height };
  const home = screens.find((screen) => {
    const seen = overlap(top, screen);
    return seen.width >= GRIP.width && seen.height >= GRIP.height;
  });
  // Its screen is gone (an undocked laptop): the size may still be right, the place is not.
  if (home === undefined) return fit(place, primary);
  const size = fit(place, home);
  // A size that had to shrink must not shrink out of sight.
  return { x: Math.max(place.x, home.x - size.width + GRIP.width), y: place.y, ...size };
}
