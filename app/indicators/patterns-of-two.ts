/** Candle patterns of two candles. Examples: open/high/low/close after thirteen candles of 100/102/99/101. */
import { body, colour, insideness, isDoji, isLong, isShort, isWhite, lowerShadow, pattern, slight, upperShadow, type Candle } from './candles.ts';

const flag = (is: boolean, value = 100): number => (is ? value : 0);
/** A flag against the direction of a candle (0 stays 0, never -0). */
const against = (value: number, candle: Candle): number => (isWhite(candle) ? 0 - value : value);

/** Engulfing: a body that reaches beyond both ends of one of the other colour: 100 white, -100 black; 80 and -80 when one end is the same price. `102/102.5/98/99`: -100. */
export const CDLENGULFING = pattern({ id: 'CDLENGULFING', title: 'Engulfing', formula: 'body beyond both ends of the previous one, other colour', bars: 2 }, (now, one) => {
  const isBody = colour(now) !== colour(one) && body(now) > body(one);
  return isBody ? against(insideness(one, now), one) : 0;
});

/** Harami: a short body inside the long one before: 100 after a black, -100 after a white one; 80 and -80 when an end is the same price. `103/103.5/99.5/100, 101/102/100.5/101.5`: 100. */
export const CDLHARAMI = pattern({ id: 'CDLHARAMI', title: 'Harami', formula: 'long body, then a short one inside it', bars: 11 }, (now, one) => (isLong(one) && isShort(now) ? against(insideness(now, one), one) : 0));

/** Harami cross: a doji inside the long body before: 100 after a black, -100 after a white one; 80 and -80 when an end is the same price. `103/103.5/99.5/100, 101/102/100.5/101`: 100. */
export const CDLHARAMICROSS = pattern({ id: 'CDLHARAMICROSS', title: 'Harami cross', formula: 'long body, then a doji inside it', bars: 11 }, (now, one) => (isLong(one) && isDoji(now) ? against(insideness(now, one), one) : 0));

/** Piercing line: long black, then a long white that opens below its low and closes above its middle, inside the body: 100. `103/103.5/99.5/100, 99/102.5/98.5/102`: 100. */
export const CDLPIERCING = pattern({ id: 'CDLPIERCING', title: 'Piercing line', formula: 'long black, then long white from below its low to above its middle', bars: 11 }, (now, one) =>
  flag(!isWhite(one) && isLong(one) && isWhite(now) && isLong(now) && now.open < one.low && now.close < one.open && now.close > one.close + body(one) / 2));

/** Dark cloud cover: long white, then a black that opens above its high and closes below its middle, inside the body: -100. `100/103.5/99.5/103, 104/104.5/100.5/101`: -100. */
export const CDLDARKCLOUDCOVER = pattern({ id: 'CDLDARKCLOUDCOVER', title: 'Dark cloud cover', formula: 'long white, then black from above its high to below its middle', bars: 11 }, (now, one) =>
  flag(isWhite(one) && isLong(one) && !isWhite(now) && now.open > one.high && now.close > one.open && now.close < one.close - body(one) / 2, -100));

const isMarubozu = (candle: Candle): boolean => isLong(candle) && upperShadow(candle) < slight(candle) && lowerShadow(candle) < slight(candle);

/** Kicking: a marubozu, then one of the other colour beyond a gap: 100 up, -100 down. `103/103.1/99.9/100, 104/107.1/103.9/107`: 100. */
export const CDLKICKING = pattern({ id: 'CDLKICKING', title: 'Kicking', formula: 'marubozu, then one of the other colour beyond a gap', bars: 11 }, (now, one) =>
  flag(isMarubozu(one) && isMarubozu(now) && colour(one) !== colour(now) && (isWhite(now) ? now.low > one.high : now.high < one.low), 100 * colour(now)));

/** Inside bar: a range strictly inside that of the bar before: 100. `100/101.5/99.5/101`: 100. */
export const INSIDEBAR = pattern({ id: 'INSIDEBAR', title: 'Inside bar', formula: 'high below the previous high and low above the previous low', bars: 1 }, (now, one) => flag(now.high < one.high && now.low > one.low));

/** Outside bar: a range beyond both ends of that of the bar before: 100 closed up, -100 closed down. `101/103/98/99`: -100. */
export const OUTSIDEBAR = pattern({ id: 'OUTSIDEBAR', title: 'Outside bar', formula: 'high above the previous high and low below the previous low', bars: 1 }, (now, one) => flag(now.high > one.high && now.low < one.low, 100 * colour(now)));
