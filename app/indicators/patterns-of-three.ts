/** Candle patterns of three candles, and of three after a first one. Examples: open/high/low/close after thirteen candles of 100/102/99/101. */
import { type Candle, body, bottom, colour, engulfs, far, gapsDown, gapsUp, isDoji, isInside, isLong, isShort, isWhite, lowerShadow, near, pattern, slight, top, upperShadow } from './candles.ts';

const flag = (is: boolean, value = 100): number => (is ? value : 0);
/** How far into the first body the third must close: 0.3 of it (TA-Lib's default), in whole numbers. */
const penetration = (candle: Candle): number => (3 * body(candle)) / 10;

const returnsUp = (now: Candle, two: Candle): boolean => !isWhite(two) && isWhite(now) && isLong(two) && isLong(now) && now.close > two.close + penetration(two);
const returnsDown = (now: Candle, two: Candle): boolean => isWhite(two) && !isWhite(now) && isLong(two) && isLong(now) && now.close < two.close - penetration(two);

/** Morning star: long black, a short body gapped down, a white that closes well into the first: 100. `103/103.5/99.5/100, 99/99.5/98/98.5, 99/102.5/98.8/102`: 100. */
export const CDLMORNINGSTAR = pattern({ id: 'CDLMORNINGSTAR', title: 'Morning star', formula: 'long black, short body gapped down, white that closes more than 0.3 into the first body', bars: 12 }, (now, one, two) => flag(returnsUp(now, two) && isShort(one) && gapsDown(one, two)));

/** Evening star: long white, a short body gapped up, a black that closes well into the first: -100. `100/103.5/99.5/103, 104/105/103.8/104.5, 104/104.2/100.5/101`: -100. */
export const CDLEVENINGSTAR = pattern({ id: 'CDLEVENINGSTAR', title: 'Evening star', formula: 'long white, short body gapped up, black that closes more than 0.3 into the first body', bars: 12 }, (now, one, two) => flag(returnsDown(now, two) && isShort(one) && gapsUp(one, two), -100));

/** Morning doji star: the morning star with a doji in the middle: 100. `103/103.5/99.5/100, 99/99.5/98/99, 99/102.5/98.8/102`: 100. */
export const CDLMORNINGDOJISTAR = pattern({ id: 'CDLMORNINGDOJISTAR', title: 'Morning doji star', formula: 'morning star whose middle candle is a doji', bars: 12 }, (now, one, two) => flag(returnsUp(now, two) && isDoji(one) && gapsDown(one, two)));

/** Evening doji star: the evening star with a doji in the middle: -100. `100/103.5/99.5/103, 104/105/103.8/104, 104/104.2/100.5/101`: -100. */
export const CDLEVENINGDOJISTAR = pattern({ id: 'CDLEVENINGDOJISTAR', title: 'Evening doji star', formula: 'evening star whose middle candle is a doji', bars: 12 }, (now, one, two) => flag(returnsDown(now, two) && isDoji(one) && gapsUp(one, two), -100));

/** Abandoned baby: the doji star whose doji touches neither neighbour, shadows included: 100 up, -100 down. `103/103.5/99.5/100, 98.5/99/98/98.5, 99.2/102.5/99.1/102`: 100. */
export const CDLABANDONEDBABY = pattern({ id: 'CDLABANDONEDBABY', title: 'Abandoned baby', formula: 'doji star with gaps between the shadows on both sides', bars: 12 }, (now, one, two) => {
  if (!isDoji(one)) return 0;
  if (returnsUp(now, two) && one.high < two.low && now.low > one.high) return 100;
  return flag(returnsDown(now, two) && one.low > two.high && now.high < one.low, -100);
});

const opensInAndAbove = (now: Candle, one: Candle): boolean => now.open > one.open && now.open <= one.close + near(one) && now.close > one.close && body(now) > body(one) - far(one);
const hasNoHat = (candle: Candle): boolean => isWhite(candle) && upperShadow(candle) < slight(candle);

/** Three white soldiers: rising whites without upper shadows, each opened in or near the body before, none far shorter, the last not short: 100. `100/102.1/99.5/102, 101/103.1/100.8/103, 102/104.1/101.8/104`: 100. */
export const CDL3WHITESOLDIERS = pattern({ id: 'CDL3WHITESOLDIERS', title: 'Three white soldiers', formula: 'three whites closing higher, opening in or near the body before, upper shadows very short', bars: 12 }, (now, one, two) =>
  flag(hasNoHat(two) && hasNoHat(one) && hasNoHat(now) && opensInAndAbove(one, two) && opensInAndAbove(now, one) && isLong(now)));

const hasNoFoot = (candle: Candle): boolean => !isWhite(candle) && lowerShadow(candle) < slight(candle);
const opensInAndFalls = (now: Candle, one: Candle): boolean => now.open < one.open && now.open > one.close && now.close < one.close;

/** Three black crows: after a white, falling blacks without lower shadows, each opened in the body before, the first closed below the white's high: -100. `101/101.5/98.9/99, 100/100.2/97.9/98, 99/99.2/96.9/97`: -100. */
export const CDL3BLACKCROWS = pattern({ id: 'CDL3BLACKCROWS', title: 'Three black crows', formula: 'a white, then three blacks closing lower, opening in the body before, lower shadows very short', bars: 13 }, (now, one, two, three) =>
  flag(isWhite(three) && hasNoFoot(two) && hasNoFoot(one) && hasNoFoot(now) && opensInAndFalls(one, two) && opensInAndFalls(now, one) && three.high > two.close, -100));

/** Three inside: a harami whose third candle closes beyond the open of the first: 100 up, -100 down. `103/103.5/99.5/100, 101/102/100.5/101.5, 102/104/101.5/103.5`: 100. */
export const CDL3INSIDE = pattern({ id: 'CDL3INSIDE', title: 'Three inside', formula: 'long body, short body inside it, close beyond the first open', bars: 12 }, (now, one, two) =>
  flag(isLong(two) && isShort(one) && isInside(one, two) && colour(now) !== colour(two) && (isWhite(two) ? now.close < two.open : now.close > two.open), -100 * colour(two)));

/** Three outside: an engulfing whose third candle closes further: 100 up, -100 down. `102/102.5/98/99, 99/99.5/97/98`: -100. */
export const CDL3OUTSIDE = pattern({ id: 'CDL3OUTSIDE', title: 'Three outside', formula: 'engulfing, then a close further on', bars: 3 }, (now, one, two) =>
  flag(engulfs(one, two) && (isWhite(one) ? now.close > one.close : now.close < one.close), 100 * colour(one)));

/** Tasuki gap: a gap in the direction of the second candle, and a third of about its size that closes into the gap, not through it: 100 up, -100 down. `102/103.2/101.8/103, 102.8/103/101.3/101.6`: 100. */
export const CDLTASUKIGAP = pattern({ id: 'CDLTASUKIGAP', title: 'Tasuki gap', formula: 'gap, then a candle of the other colour and like size from inside the body into the gap', bars: 7 }, (now, one, two) => {
  if (colour(now) === colour(one) || Math.abs(body(one) - body(now)) >= near(one)) return 0;
  const opensInside = now.open < top(one) && now.open > bottom(one);
  const closesIn = isWhite(one) ? gapsUp(one, two) && now.close < one.open && now.close > top(two) : gapsDown(one, two) && now.close > one.open && now.close < bottom(two);
  return flag(opensInside && closesIn, 100 * colour(one));
});
