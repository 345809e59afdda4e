/** The rules of a back-test where nobody asked for others. */
import type { AccountRules, Commission, FillRules } from './types.ts';

/** No commission: the broker takes none. */
export const NO_COMMISSION: Commission = { perOrder: 0, perShare: 0, percent: 0, minimum: 0 };
/** Next open, through, the worse of what cannot be known, no cap on volume. */
export const STRICT_FILLS: FillRules = { marketAt: 'next_open', limit: 'through', intrabar: 'pessimistic', volumeCap: null };
/** $100,000 in a cash account. */
export const CASH_ACCOUNT: AccountRules = { cash: 100_000, multiplier: 1, canShort: false, borrowPercent: 0, marginInterestPercent: 0 };
