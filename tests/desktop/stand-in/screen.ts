/** `screen`: one display of 1920 by 1080 with a task bar. */
import type { Display, Rectangle, Screen } from 'electron';

/** What a window may cover. */
export const WORK_AREA: Rectangle = { x: 0, y: 0, width: 1920, height: 1040 };

const bounds: Rectangle = { x: 0, y: 0, width: 1920, height: 1080 };
const display: Display = {
  id: 1, label: 'Stand-in', bounds, workArea: WORK_AREA, size: bounds, workAreaSize: WORK_AREA, scaleFactor: 1, rotation: 0, internal: false, detected: true, monochrome: false,
  accelerometerSupport: 'unavailable', touchSupport: 'unavailable', colorDepth: 24, colorSpace: 'srgb', depthPerComponent: 8, displayFrequency: 60, maximumCursorSize: { width: 64, height: 64 }, nativeOrigin: { x: 0, y: 0 },
};

/** Stands in for `screen`. */
export const screen = {
  getAllDisplays: () => [display],
  getPrimaryDisplay: () => display,
  getDisplayMatching: () => display,
} satisfies Pick<Screen, 'getAllDisplays' | 'getPrimaryDisplay' | 'getDisplayMatching'>;
