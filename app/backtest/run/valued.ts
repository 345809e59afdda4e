/** What a run holds, added up in whole numbers: the live rules ask for these sums at each decision, and decimals would take longer than everything else. */
import type { Money } from '#app/domain/numeric.ts';
import type { Valued } from '#app/risk/book.ts';
import type { Core } from './core.ts';
import { exactly, MICRO, microOf, NANO, valueOf, type Amount } from './units.ts';

const amount: Amount = { micro: 0, sub: 0 };

const dollars = (micro: number, sub: number): Money => (sub === 0 ? exactly(micro, MICRO) : exactly(micro, MICRO).plus(exactly(sub, NANO))) as Money;

/**
 * Everything that is held at the newest closes, or (`isEarlier`) at those before the bars of this moment; each position to the billionth of a dollar, as `notional` of the ledger has it. Null where a
 * sum is too large to be exact.
 */
export function valued({ markets }: { readonly markets: readonly Pick<Core['markets'][number], 'qty' | 'cursor' | 'view' | 'bars'>[] }, isEarlier: boolean): Valued | null {
  const sum = { value: 0, valueSub: 0, size: 0, sizeSub: 0 };
  for (const { qty, cursor: { i }, view, bars } of markets) {
    if (qty === 0) continue;
    const price = microOf(bars.close[isEarlier && view.hasBar && i > 0 ? i - 1 : i] ?? NaN);
    if (!Number.isInteger(qty) || !Number.isInteger(price)) return null;
    valueOf(Math.abs(qty), price, amount);
    const sign = Math.sign(qty);
    sum.value += sign * amount.micro;
    sum.valueSub += sign * amount.sub;
    sum.size += amount.micro;
    sum.sizeSub += amount.sub;
  }
  if (sum.size > Number.MAX_SAFE_INTEGER) return null;
  return { value: dollars(sum.value, sum.valueSub), size: dollars(sum.size, sum.sizeSub) };
}
