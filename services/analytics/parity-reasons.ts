/** Why a day and its replay differ, in words, by what the book knows. What is not known is said so. */
import { isPartOf, type ParityReasons, type ParityTrade } from '#app/analytics/parity.ts';
import { toNewYork } from '#app/market/nyse-zone.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { lateBars, type Correction } from './parity-bars.ts';
import type { LiveDay } from './parity-live.ts';
import type { DayPlan } from './parity-plan.ts';
import { originOf, type Replayed } from './parity-replay.ts';

/** What the reasons are found in. */
export type Known = { readonly plan: DayPlan; readonly live: LiveDay; readonly replayed: Replayed; readonly corrections: readonly Correction[] };

const UNKNOWN = 'Nothing in the book explains it: the program may have been changed since, or the data were others.';

/** The exchange's clock: "10:31". */
function clock(at: number): string {
  const { hour, minute } = toNewYork(at as EpochMs);
  return `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`;
}

const shares = (qty: number): string => String(Number(qty.toFixed(9)));

class Reasons implements ParityReasons {
  readonly #known: Known;
  readonly #late: ReadonlyMap<string, readonly number[]>;
  /** When each bar was seen first, wall clock, by symbol and open. */
  readonly #seen = new Map<string, number>();
  /** Trades that one side alone has, by symbol: what comes later follows on them. */
  readonly #lonely: ReadonlyMap<string, number>;
  /** The first order of each symbol that live filled in part: what it held since is less. */
  readonly #partial: ReadonlyMap<string, number>;

  constructor(known: Known) {
    const { live, replayed, corrections } = known;
    this.#known = known;
    this.#late = lateBars(replayed.moments, corrections);
    for (const { openTime, bars } of replayed.moments) for (const { symbol, seenAt } of bars) this.#seen.set(`${symbol} ${openTime}`, seenAt);
    for (const { symbol, openTime, seenAt } of corrections) if (seenAt !== null) this.#seen.set(`${symbol} ${openTime}`, seenAt);
    const [ours, theirs] = [new Set(live.trades.map(({ key }) => key)), new Set(replayed.trades.map(({ key }) => key))];
    const lonely = new Map<string, number>();
    for (const trade of [...live.trades.filter(({ key }) => !theirs.has(key)), ...replayed.trades.filter(({ key }) => !ours.has(key))]) lonely.set(trade.symbol, Math.min(trade.at, lonely.get(trade.symbol) ?? Infinity));
    this.#lonely = lonely;
    const whole = new Map(replayed.trades.map((trade) => [trade.key, trade]));
    const partial = new Map<string, number>();
    for (const trade of live.trades) {
      const other = whole.get(trade.key);
      if (other !== undefined && isPartOf(trade, other)) partial.set(trade.symbol, Math.min(trade.at, partial.get(trade.symbol) ?? Infinity));
    }
    this.#partial = partial;
  }

  missing(trade: ParityTrade): { isDenied: boolean; reason: string } {
    const { live, replayed } = this.#known;
    const origin = originOf(trade.decisionId);
    const decision = live.decisions.get(trade.decisionId);
    if (decision?.outcome === 'denied') return { isDenied: true, reason: `Risk denied it live: ${decision.message}` };
    const order = live.orders.get(trade.decisionId);
    if (order !== undefined) return { isDenied: false, reason: `The order was sent live and did not fill: it was ${order.status.replaceAll('_', ' ')}${order.reason === null ? '' : ` (${order.reason})`}.` };
    const barTime = live.signals.get(origin)?.openTime ?? replayed.signals.find(({ signalId }) => signalId === origin)?.openTime ?? trade.at;
    return { isDenied: false, reason: this.#silence(trade, barTime) ?? this.#bars(trade.symbol, barTime) ?? this.#follows(trade) ?? `Live raised no such signal. ${UNKNOWN}` };
  }

  extra(trade: ParityTrade): { isDenied: boolean; reason: string } {
    const { live, plan, replayed } = this.#known;
    const code = replayed.denied.get(trade.decisionId);
    if (code !== undefined) return { isDenied: true, reason: this.#bars(trade.symbol, trade.at) ?? `The replay denied it (${code}): its account stood otherwise at that bar.` };
    const said = live.signals.get(originOf(trade.decisionId));
    if (said !== undefined && said.versionId !== plan.versionId) return { isDenied: false, reason: `The version was changed at ${clock(plan.changedAt ?? said.openTime)}; the replay ran ${plan.versionId} all day.` };
    return { isDenied: false, reason: this.#bars(trade.symbol, said?.openTime ?? trade.at) ?? this.#follows(trade) ?? `The replay had no such trade. ${UNKNOWN}` };
  }

  size(live: ParityTrade, replayed: ParityTrade): string {
    const { decisions } = this.#known.live;
    const part = live.qty < live.ordered - 1e-9 ? `Only ${shares(live.qty)} of ${shares(live.ordered)} shares filled live; the replay fills at the open, whole.` : null;
    if (part !== null && isPartOf(live, replayed)) return part;
    const before = this.#partial.get(live.symbol);
    if (before !== undefined && before < live.at) return `${part === null ? '' : `${part} `}It follows on the order in ${live.symbol} that filled in part at ${clock(before)}: live held less since.`;
    if (part !== null) return part;
    const equity = decisions.get(live.decisionId)?.equity ?? null;
    return `Live ordered ${shares(live.ordered)} shares${equity === null ? '' : ` on an equity of $${equity}`}, the replay ${shares(replayed.ordered)}: the account stood otherwise, after other prices or other fills.`;
  }

  time(live: ParityTrade, replayed: ParityTrade): string {
    return this.#bars(live.symbol, Math.min(live.at, replayed.at)) ?? `Live filled at ${clock(live.at)}, the replay at ${clock(replayed.at)}: the order waited at the broker.`;
  }

  /** Why live said nothing at a bar, where it could have. */
  #silence({ symbol }: ParityTrade, barTime: number): string | null {
    const { plan, live: { switchings, errors } } = this.#known;
    const seen = this.#seen.get(`${symbol} ${barTime}`) ?? null;
    const last = seen === null ? undefined : switchings.findLast(({ at }) => at <= seen);
    const next = seen === null ? undefined : switchings.find(({ at }) => at > seen);
    const isOff = last !== undefined ? !last.isEnabled : next?.isEnabled === true;
    if (isOff) return `It was switched off at that bar${last === undefined ? '' : ` (by ${last.actor})`}: a strategy that is paused raises nothing.`;
    if (seen !== null && seen < plan.versionSince) return 'This version was not deployed yet when the bar came.';
    const error = errors.find((one) => one.barTime !== null && one.barTime <= barTime && (one.symbol === null || one.symbol === symbol));
    if (error !== undefined) return `It failed live at ${clock(error.barTime ?? barTime)}: ${error.line}`;
    if (plan.changedAt !== null && barTime >= plan.changedAt) return `The version was changed at ${clock(plan.changedAt)}; the replay ran ${plan.versionId} all day.`;
    return null;
  }

  /** The newest bar up to a moment that live saw otherwise: late, or with other prices. */
  #bars(symbol: string, upTo: number): string | null {
    const { corrections, replayed } = this.#known;
    const late = (this.#late.get(symbol) ?? []).filter((openTime) => openTime <= upTo).at(-1);
    const corrected = corrections.filter((one) => one.symbol === symbol && one.openTime <= upTo).sort((a, b) => a.openTime - b.openTime).at(-1);
    if (corrected !== undefined && corrected.openTime >= (late ?? -Infinity)) {
      const now = replayed.moments.find(({ openTime }) => openTime === corrected.openTime)?.bars.find((bar) => bar.symbol === symbol)?.close ?? '?';
      return `The bar of ${clock(corrected.openTime)} was corrected after it was traded on: it closed at $${corrected.before} then, at $${now} now.`;
    }
    return late === undefined ? null : `The bar of ${clock(late)} came late, behind the one after it: live decided without it.`;
  }

  #follows({ symbol, at }: ParityTrade): string | null {
    const first = this.#lonely.get(symbol);
    return first !== undefined && first < at ? `It follows on the difference in ${symbol} at ${clock(first)}.` : null;
  }
}

/** The reasons of a day. */
export function reasonsOf(known: Known): ParityReasons {
  return new Reasons(known);
}
