/** Indicators on the shelf of volatility. */
import { BBWIDTH, PERCENTB } from '../bbands.ts';
import { STDDEV, VAR } from '../deviation.ts';
import { GARMANKLASS, HISTVOL, PARKINSON, ROGERSSATCHELL, YANGZHANG } from '../historic-volatility.ts';
import type { AnyIndicator } from '../indicator.ts';
import { CHOP, NATR, TRANGE } from '../ranges.ts';
import { CHAIKINVOL, RVI, ULCER } from '../stress.ts';

/** All of them but the average true range. */
export const VOLATILITY: readonly AnyIndicator[] = [TRANGE, NATR, STDDEV, VAR, BBWIDTH, PERCENTB, HISTVOL, PARKINSON, GARMANKLASS, ROGERSSATCHELL, YANGZHANG, CHOP, ULCER, RVI, CHAIKINVOL];
