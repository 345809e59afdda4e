/** Indicators on the shelf of statistics. */
import { AUTOCORR, BETA, CORREL, HALFLIFE } from '../association.ts';
import { ZSCORE } from '../deviation.ts';
import { KURTOSIS, MEDIAN, PERCENTRANK, SKEW } from '../distribution.ts';
import type { AnyIndicator } from '../indicator.ts';
import { LINEARREG, LINEARREG_ANGLE, LINEARREG_INTERCEPT, LINEARREG_SLOPE, RSQUARED, STDERR, TSF } from '../regression.ts';
import { MAX, MAXAGO, MIN, MINAGO } from '../window-extremes.ts';

/** All of them. */
export const STATISTICS: readonly AnyIndicator[] = [
  LINEARREG, LINEARREG_SLOPE, LINEARREG_ANGLE, LINEARREG_INTERCEPT, TSF, RSQUARED, STDERR, CORREL, BETA, ZSCORE, SKEW, KURTOSIS, MEDIAN, PERCENTRANK, MAX, MIN, MAXAGO, MINAGO, HALFLIFE, AUTOCORR,
];
