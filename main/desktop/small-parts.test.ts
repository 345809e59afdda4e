/** Command line, place of the window, figures in words. */
import path from 'node:path';
import type { Rectangle } from 'electron';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readArguments } from './argv.ts';
import { FIRST_SIZE, LEAST_SIZE, restoredBounds } from './window-state.ts';
import { count, dollars, gain, list, shares } from './words.ts';

const SCREEN: Rectangle = { x: 0, y: 0, width: 1_920, height: 1_040 };
const SECOND: Rectangle = { x: 1_920, y: -200, width: 2_560, height: 1_400 };

describe('the command line', () => {
  it('is read among what Chromium adds', () => {
    expect(readArguments(['mainspring.exe', '--allow-file-access', '--hidden', '--original-process-start-time=1', '--data', 'my data'], '/home/ö')).toEqual({ dataDir: path.resolve('/home/ö/my data'), isHidden: true, isQuit: false, isFromNotification: false });
    expect(readArguments(['mainspring.exe', '--quit'], '/')).toEqual({ dataDir: null, isHidden: false, isQuit: true, isFromNotification: false });
    expect(readArguments(['mainspring.exe', '-Embedding'], '/').isFromNotification).toBe(true);
    for (const argv of [['x', '--data=/a b/c'], ['x', '--data="/a b/c"'], ['x', '--data', '"/a b/c"']]) expect(readArguments(argv, '/').dataDir).toBe(path.resolve('/a b/c'));
  });

  it('takes the home for a folder that was not named', () => {
    for (const argv of [['x', '--data'], ['x', '--data', '--hidden'], ['x', '--data='], ['x', '--data=""'], ['x', '--database=1']]) expect(readArguments(argv, '/').dataDir).toBeNull();
  });
});

describe('the place of the window', () => {
  const place = (change: Partial<Rectangle>) => ({ x: 100, y: 80, width: 1_400, height: 900, isMaximized: false, ...change });

  it('is where it was', () => {
    expect(restoredBounds(place({}), [SCREEN])).toEqual({ x: 100, y: 80, width: 1_400, height: 900 });
    expect(restoredBounds(place({ x: 2_000, y: -150 }), [SCREEN, SECOND])).toMatchObject({ x: 2_000, y: -150 });
  });

  it('is in the middle when that screen is gone', () => {
    expect(restoredBounds(place({ x: 2_000, y: -150 }), [SCREEN])).toEqual({ width: 1_400, height: 900 });
    expect(restoredBounds(place({ y: -500 }), [SCREEN])).toEqual({ width: 1_400, height: 900 });
    expect(restoredBounds(place({ x: 1_850 }), [SCREEN])).toEqual({ width: 1_400, height: 900 });
  });

  it('fits the screen, the first time too', () => {
    expect(restoredBounds(null, [SCREEN])).toEqual(FIRST_SIZE);
    expect(restoredBounds(null, [{ x: 0, y: 0, width: 1_280, height: 720 }])).toEqual({ width: 1_280, height: 720 });
    expect(restoredBounds(place({ width: 5_000, height: 4_000 }), [SCREEN])).toMatchObject({ width: 1_920, height: 1_040 });
    expect(restoredBounds(place({}), [])).toEqual({ width: 1_400, height: 900 });
  });

  it('can always be seen and dragged', () => {
    const whole = fc.integer({ min: -10_000, max: 10_000 });
    const size = fc.integer({ min: 1, max: 10_000 });
    fc.assert(fc.property(fc.record({ x: whole, y: whole, width: size, height: size, isMaximized: fc.boolean() }), (where) => {
      const { x, y, width, height } = restoredBounds(where, [SCREEN, SECOND]);
      expect(width).toBeGreaterThanOrEqual(LEAST_SIZE.width);
      expect(height).toBeGreaterThanOrEqual(LEAST_SIZE.height);
      if (x === undefined || y === undefined) return;
      expect([SCREEN, SECOND].some((screen) => y >= screen.y && y < screen.y + screen.height && x < screen.x + screen.width && x + width > screen.x)).toBe(true);
    }), { numRuns: 2_000 });
  });
});

describe('figures', () => {
  it('are written for people', () => {
    expect([dollars('1234.5'), gain('12'), gain('-3.4'), gain('0'), gain('-0.001')]).toEqual(['$1,234.50', '+$12.00', '-$3.40', '$0.00', '$0.00']);
    expect([shares('1000'), shares('-0.5'), count(1, 'order'), count(0, 'order'), list(['a']), list(['a', 'b', 'c']), list([])]).toEqual(['1,000', '0.5', '1 order', '0 orders', 'a', 'a, b and c', '']);
  });
});
