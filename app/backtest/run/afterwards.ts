/** What a reader must know of a run that has ended: where a broker would have stepped in, and what the bars did not tell. */
import { toRfc3339, type EpochMs } from '#app/domain/time.ts';
import type { Core, MarketState } from './core.ts';
import type { Curve } from './loop-one.ts';

/** Part of what is held that must be one's own (FINRA rule 4210: 25 %, brokers ask 30 %). */
const MAINTENANCE = 0.3;
/** Sessions that a symbol may end before the others without a word. */
const LATE = 5;

const dayOf = (at: number | undefined): string => toRfc3339((at ?? 0) as EpochMs).slice(0, 10);
const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** First step at which the account had less than its positions require. The run goes on there as no account could. */
function calls({ time, equity, gross }: Curve): string[] {
  for (let n = 0; n < equity.length; n += 1) {
    const [own, held] = [equity[n] ?? 0, gross[n] ?? 0];
    if (held === 0 || own >= MAINTENANCE * held) continue;
    return [`On ${dayOf(time[n])} the equity fell to ${own.toFixed(2)} dollars for positions of ${held.toFixed(2)} dollars, less than the 30 % that must be one's own: a broker would have begun to close them. What follows in this run could not have happened`];
  }
  return [];
}

/** A position in what is no longer traded is valued at its last price, which a delisting seldom pays. */
function stale({ market, bars, qty, sessions }: MarketState, end: number): string[] {
  const last = bars.time.length - 1;
  const isLate = qty !== 0 && (sessions.list[(sessions.session[last] ?? 0) + LATE]?.close ?? Infinity) < end;
  return isLate ? [`${market.symbol}: its bars end on ${dayOf(sessions.close[last])}, and what is held of it is valued at that close until the end of the run. A delisting may have paid less`] : [];
}

/** Warnings of a run by its outcome. */
export function afterwards(core: Core, curve: Curve): string[] {
  const end = curve.time[curve.time.length - 1] ?? 0;
  const { multiplier } = core.config.account;
  return [
    ...(multiplier === 1 ? [] : calls(curve)),
    ...(Number.isNaN(core.overnightCallAt) ? [] : [`On ${dayOf(core.overnightCallAt)} more than twice the equity was held over night: four times is for positions of one day alone, and a broker would have called for money`]),
    ...core.markets.flatMap((m) => [
      ...(m.detailMissing === 0 ? [] : [`${m.market.symbol}: the finer bars do not reach high and low of ${many(m.detailMissing, 'bar')} on which orders were open. Those were taken as they are, for the worse`]),
      ...stale(m, end),
    ]),
  ];
}
