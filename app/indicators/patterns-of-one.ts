/** Candle patterns of one candle (four of them look at the candle before for the place). Examples: open/high/low/close after thirteen candles of 100/102/99/101. */
import { body, bottom, colour, gapsDown, gapsUp, isDoji, isLong, isWhite, lowerShadow, near, pattern, slight, upperShadow, usualBody, type Candle } from './candles.ts';

const flag = (is: boolean, value = 100): number => (is ? value : 0);

/** Doji: body of at most a tenth of the mean range of ten bars: 100. `101/102/100/101`: 100. */
export const CDLDOJI = pattern({ id: 'CDLDOJI', title: 'Doji', formula: 'body ≤ 0.1 × mean range of 10 bars', bars: 10 }, (now) => flag(isDoji(now)));

/** Dragonfly doji: doji without upper and with a lower shadow: 100. `101/101/98/101`: 100. */
export const CDLDRAGONFLYDOJI = pattern({ id: 'CDLDRAGONFLYDOJI', title: 'Dragonfly doji', formula: 'doji, upper shadow very short, lower not', bars: 10 }, (now) => flag(isDoji(now) && upperShadow(now) < slight(now) && lowerShadow(now) > slight(now)));

/** Gravestone doji: doji with an upper and without lower shadow: 100. `101/104/101/101`: 100. */
export const CDLGRAVESTONEDOJI = pattern({ id: 'CDLGRAVESTONEDOJI', title: 'Gravestone doji', formula: 'doji, lower shadow very short, upper not', bars: 10 }, (now) => flag(isDoji(now) && lowerShadow(now) < slight(now) && upperShadow(now) > slight(now)));

/** Long-legged doji: doji with a shadow longer than its body: 100. `101/103/99/101`: 100. */
export const CDLLONGLEGGEDDOJI = pattern({ id: 'CDLLONGLEGGEDDOJI', title: 'Long-legged doji', formula: 'doji, a shadow longer than the body', bars: 10 }, (now) => flag(isDoji(now) && (lowerShadow(now) > body(now) || upperShadow(now) > body(now))));

/** Small body with a lower shadow longer than it and next to no upper one. */
const hangs = (now: Candle): boolean => body(now) < usualBody(now) && lowerShadow(now) > body(now) && upperShadow(now) < slight(now);
/** Small body with an upper shadow longer than it and next to no lower one. */
const stands = (now: Candle): boolean => body(now) < usualBody(now) && upperShadow(now) > body(now) && lowerShadow(now) < slight(now);

/** Hammer: small body, long lower shadow, no upper one, at or near the low of the bar before: 100. `99/99.5/96/99.4`: 100. */
export const CDLHAMMER = pattern({ id: 'CDLHAMMER', title: 'Hammer', formula: 'short body, long lower and very short upper shadow, body at or near the previous low', bars: 11 }, (now, one) => flag(hangs(now) && bottom(now) <= one.low + near(one)));

/** Hanging man: the hammer's candle at or near the high of the bar before: -100. `101.6/102.1/98/102`: -100. */
export const CDLHANGINGMAN = pattern({ id: 'CDLHANGINGMAN', title: 'Hanging man', formula: 'short body, long lower and very short upper shadow, body at or near the previous high', bars: 11 }, (now, one) => flag(hangs(now) && bottom(now) >= one.high - near(one), -100));

/** Inverted hammer: small body, long upper shadow, no lower one, gapped down: 100. `99/102/98.9/99.4`: 100. */
export const CDLINVERTEDHAMMER = pattern({ id: 'CDLINVERTEDHAMMER', title: 'Inverted hammer', formula: 'short body, long upper and very short lower shadow, body gapped down', bars: 11 }, (now, one) => flag(stands(now) && gapsDown(now, one)));

/** Shooting star: the inverted hammer's candle gapped up: -100. `101.5/104/101.4/101.9`: -100. */
export const CDLSHOOTINGSTAR = pattern({ id: 'CDLSHOOTINGSTAR', title: 'Shooting star', formula: 'short body, long upper and very short lower shadow, body gapped up', bars: 11 }, (now, one) => flag(stands(now) && gapsUp(now, one), -100));

/** Marubozu: long body without shadows: 100 white, -100 black. `100/103.1/99.9/103`: 100. */
export const CDLMARUBOZU = pattern({ id: 'CDLMARUBOZU', title: 'Marubozu', formula: 'long body, both shadows very short', bars: 10 }, (now) => flag(isLong(now) && upperShadow(now) < slight(now) && lowerShadow(now) < slight(now), 100 * colour(now)));

/** Closing marubozu: long body without a shadow at the close: 100 white, -100 black. `100/103.1/98/103`: 100. */
export const CDLCLOSINGMARUBOZU = pattern({ id: 'CDLCLOSINGMARUBOZU', title: 'Closing marubozu', formula: 'long body, very short shadow at the close', bars: 10 }, (now) => flag(isLong(now) && (isWhite(now) ? upperShadow(now) : lowerShadow(now)) < slight(now), 100 * colour(now)));

/** Belt hold: long body without a shadow at the open: 100 white, -100 black. `100/105/99.9/103`: 100. */
export const CDLBELTHOLD = pattern({ id: 'CDLBELTHOLD', title: 'Belt hold', formula: 'long body, very short shadow at the open', bars: 10 }, (now) => flag(isLong(now) && (isWhite(now) ? lowerShadow(now) : upperShadow(now)) < slight(now), 100 * colour(now)));

/** Spinning top: small body with two shadows longer than it: 100 white, -100 black. `100/101.5/99/100.5`: 100. */
export const CDLSPINNINGTOP = pattern({ id: 'CDLSPINNINGTOP', title: 'Spinning top', formula: 'short body, both shadows longer than it', bars: 10 }, (now) => flag(body(now) < usualBody(now) && upperShadow(now) > body(now) && lowerShadow(now) > body(now), 100 * colour(now)));
