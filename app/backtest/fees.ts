/** Regulatory fees on sells, by the date from which a rate counts. */
import { ceilToCent, Decimal, ZERO_MONEY, type Money, type Price, type Quantity } from '#app/domain/numeric.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';

/** One period's rates. `secPerDollar` on proceeds; `tafPerShare` on shares, at most `tafCap` dollars an execution. Exact text. */
export type FeeRate = { readonly effectiveFrom: EpochMs; readonly secPerDollar: string; readonly tafPerShare: string; readonly tafCap: string };
/** Rates in ascending order of their date; before the first nothing is charged. */
export type FeeSchedule = readonly FeeRate[];

const utc = (days: number): EpochMs => (days * 86_400_000) as EpochMs;

/**
 * SEC section 31 and FINRA trading activity fees (SEC fee advisory 2026-2, SR-FINRA-2024-019).
 * Day numbers since 1970: 20089 = 2025-01-01, 20222 = 2025-05-14, 20454 = 2026-01-01, 20547 = 2026-04-04, 20819 = 2027-01-01.
 */
export const US_SELL_FEES: FeeSchedule = [
  { effectiveFrom: utc(20_089), secPerDollar: '0.0000278', tafPerShare: '0.000166', tafCap: '8.30' },
  { effectiveFrom: utc(20_222), secPerDollar: '0', tafPerShare: '0.000166', tafCap: '8.30' },
  { effectiveFrom: utc(20_454), secPerDollar: '0', tafPerShare: '0.000195', tafCap: '9.79' },
  { effectiveFrom: utc(20_547), secPerDollar: '0.0000206', tafPerShare: '0.000195', tafCap: '9.79' },
  { effectiveFrom: utc(20_819), secPerDollar: '0.0000206', tafPerShare: '0.000232', tafCap: '11.61' },
];

type Sale = { readonly side: Side; readonly qty: Quantity; readonly price: Price; readonly at: EpochMs };
const NO_FEES = { sec: ZERO_MONEY, taf: ZERO_MONEY } as const;

/** The two fees of one execution in dollars, not yet rounded: the SEC's on proceeds, FINRA's on shares (capped for each execution). Buys are free. */
export function rawFeesOf(schedule: FeeSchedule | null, fill: Sale): { readonly sec: Decimal; readonly taf: Decimal } {
  if (schedule === null || fill.side === 'buy') return NO_FEES;
  const rate = schedule.filter((candidate) => candidate.effectiveFrom <= fill.at).at(-1);
  if (!rate) return NO_FEES;
  return { sec: fill.qty.times(fill.price).times(rate.secPerDollar), taf: Decimal.min(fill.qty.times(rate.tafPerShare), rate.tafCap) };
}

/**
 * Fee of one execution in dollars; each of the two fees is rounded up to the cent.
 * Selling 1,000 shares at $50 on 2026-05-01: 50,000 x 0.0000206 = 1.03 and 1,000 x 0.000195 = 0.20 (0.195 rounded up), together $1.23.
 */
export function feeOf(schedule: FeeSchedule | null, fill: Sale): Money {
  const { sec, taf } = rawFeesOf(schedule, fill);
  return ceilToCent(sec).plus(ceilToCent(taf)) as Money;
}
