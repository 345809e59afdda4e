/** Speed and strength of a movement. */
import type { AnyIndicator } from '../indicator.ts';
import { APO, MACD, PPO } from '../macd.ts';
import { AO, BOP, CCI, CMO, ULTOSC } from '../oscillators.ts';
import { COPPOCK, DPO, KST, MOM, ROC, ROCP, ROCR } from '../rate-of-change.ts';
import { RSI } from '../rsi.ts';
import { CRSI, FISHER, TRIX, TSI } from '../smoothed-momentum.ts';
import { STOCH, STOCHF, STOCHRSI, WILLR } from '../stochastic.ts';

/** All of them. */
export const MOMENTUM: readonly AnyIndicator[] = [RSI, MACD, PPO, APO, STOCH, STOCHF, STOCHRSI, WILLR, CCI, CMO, ROC, ROCP, ROCR, MOM, TRIX, TSI, ULTOSC, BOP, AO, KST, COPPOCK, DPO, FISHER, CRSI];
