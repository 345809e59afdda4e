/** The account's own frame, against which the limits of one strategy are read. */
import { useMemo } from 'react';
import { useAccount, useRoute } from '../../../data/queries.ts';
import type { AccountFrame } from './deploy-draft.ts';

/** Equity and limits of the account in dollars; null until they are known. */
export function useAccountFrame(): AccountFrame | null {
  const equity = useAccount().data?.equity;
  const limits = useRoute('tradingState', ['tradingState'], {}).data?.limits;
  return useMemo(() => (equity === undefined || limits === undefined ? null : { equity: Number(equity), maxDailyLoss: Number(limits.maxDailyLoss), maxPositionNotional: Number(limits.maxPositionNotional), maxGrossExposure: Number(limits.maxGrossExposure), maxOrdersPerDay: limits.maxOrdersPerDay }), [equity, limits]);
}
