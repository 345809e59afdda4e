/** What the risk rules denied in a run, in words: how many entries by which rule, and what to do. Pure. */
import type { BacktestResult } from '#app/contracts/backtest.ts';
import type { DenialCode, RiskLimits } from '#app/domain/limits.ts';
import { count, counted, money } from '../../../ui/format.ts';

/** One rule that denied. `why`: continues "... were denied: ". */
export type DeniedBy = { readonly code: string; readonly times: number; readonly why: string };
/** What was denied. `opened`: positions that were opened all the same; `rest`: rules beside the first; `fitting`: a size of an entry (percent of equity) that would pass, null when another size does not help. */
export type Denials = { readonly times: number; readonly opened: number; readonly headline: string; readonly first: DeniedBy; readonly rest: readonly DeniedBy[]; readonly remedy: string; readonly fitting: number | null; /** So few that they change nothing of the verdict: told, not put before it. */ readonly isMinor: boolean };

type Told = Pick<BacktestResult, 'denied' | 'roundTrips' | 'openPositions' | 'startEquity' | 'equity'> & { readonly strategy: Pick<BacktestResult['strategy'], 'sizing'> };

/** Nothing was withheld by these: there was nothing to do. */
const NOTHING_TO_DO: ReadonlySet<string> = new Set<DenialCode>(['NOTHING_TO_EXIT', 'EXIT_PENDING', 'TARGET_ALREADY_HELD', 'ORDER_NOT_REPLACEABLE']);
/** Orders that close something can be denied by these too. */
const OF_ANY_ORDER: ReadonlySet<string> = new Set<DenialCode>(['ORDER_TERMS_INVALID', 'SUB_PENNY', 'PRICE_COLLAR_EXCEEDED', 'STOP_WRONG_SIDE', 'OPPOSITE_ORDER_OPEN', 'PRICE_MISSING', 'SYMBOL_NOT_TRADABLE']);
/** What a new project begins with, and the largest size that is proposed. */
const USUAL_PERCENT = 5;
/** Denied ones among all that were wanted, at most, for them to be minor. */
const MINOR_PART = 0.02;

const dollars = (text: string | number): string => `${money(text, { decimals: 0 })} USD`;

function whyOf(code: string, limits: RiskLimits | null): string {
  const limit = (name: 'maxOrderNotional' | 'maxPositionNotional' | 'maxGrossExposure' | 'maxNetExposure' | 'maxDailyLoss'): string => (limits === null ? '' : ` of ${dollars(limits[name])}`);
  const words: Readonly<Partial<Record<DenialCode, string>>> = {
    ORDER_NOTIONAL_EXCEEDED: `order larger than your limit${limit('maxOrderNotional')}`, ORDER_QUANTITY_EXCEEDED: `more shares than your limit${limits === null ? '' : ` of ${count(Number(limits.maxOrderQty))}`}`,
    POSITION_NOTIONAL_EXCEEDED: `position larger than your limit${limit('maxPositionNotional')}`, GROSS_EXPOSURE_EXCEEDED: `all positions together above your limit${limit('maxGrossExposure')}`,
    NET_EXPOSURE_EXCEEDED: `long less short above your limit${limit('maxNetExposure')}`, STRATEGY_NOTIONAL_EXCEEDED: "above the strategy's own limit", SHORT_NOT_ALLOWED: 'short positions are switched off in your limits',
    BUYING_POWER_EXCEEDED: 'not enough money was left', MARGIN_HEADROOM_EXCEEDED: 'too little equity would have stayed above the maintenance margin', QUANTITY_ZERO: 'the size of an entry came to no share at all',
    ORDERS_PER_DAY_EXCEEDED: 'the entries of the day were used up', STRATEGY_ORDERS_PER_DAY_EXCEEDED: "the strategy's entries of the day were used up", DAILY_LOSS_EXCEEDED: `the day had lost your limit${limit('maxDailyLoss')} already`,
    PRICE_COLLAR_EXCEEDED: 'price too far from the market', STOP_WRONG_SIDE: 'stop on the wrong side of the price', OPPOSITE_ORDER_OPEN: 'an order on the other side was open', SUB_PENNY: 'price with parts of a cent', ORDER_TERMS_INVALID: 'terms that no broker takes',
  };
  return words[code as DenialCode] ?? (code.startsWith('VENUE_') ? `refused as the broker would (code ${code.slice('VENUE_'.length)})` : code.replaceAll('_', ' ').toLowerCase());
}

/** The limit on the dollars of one entry that a rule holds to; null: it holds to something else. */
function limitOf(code: string, limits: RiskLimits | null): number | null {
  if (limits === null) return null;
  return code === 'ORDER_NOTIONAL_EXCEEDED' ? Number(limits.maxOrderNotional) : code === 'POSITION_NOTIONAL_EXCEEDED' ? Number(limits.maxPositionNotional) : null;
}

/** The size of an entry in percent of equity; null: it is measured otherwise. */
function percentOf(sizing: unknown): number | null {
  if (typeof sizing !== 'object' || sizing === null || !('method' in sizing) || sizing.method !== 'percent_of_equity' || !('percent' in sizing)) return null;
  const percent = Number(sizing.percent);
  return Number.isFinite(percent) ? percent : null;
}

const BY_ITSELF: Readonly<Partial<Record<DenialCode, string>>> = {
  QUANTITY_ZERO: 'Take a larger size of an entry or more capital: one share costs more than an entry may.', SHORT_NOT_ALLOWED: 'Allow short positions in the limits, or run it without the risk rules to see what the idea alone does.',
  BUYING_POWER_EXCEEDED: 'Take a smaller size of an entry, more capital, or fewer symbols at once.', GROSS_EXPOSURE_EXCEEDED: 'Take a smaller size of an entry or fewer symbols at once, or change the limit.',
  ORDERS_PER_DAY_EXCEEDED: 'Trade less often, or change the limit.', DAILY_LOSS_EXCEEDED: 'After that day the rules let entries pass again: live it would be the same. Risk less on an entry, or change the limit.',
};

function remedyOf(first: DeniedBy, told: Told, limits: RiskLimits | null): { readonly remedy: string; readonly fitting: number | null } {
  const [limit, percent] = [limitOf(first.code, limits), percentOf(told.strategy.sizing)];
  if (limit === null) return { fitting: null, remedy: BY_ITSELF[first.code as DenialCode] ?? 'The Bars tab shows each of them with what was asked for. Change the settings, the strategy, or the limits.' };
  const peak = told.equity.reduce((most, [, value]) => Math.max(most, value), Number(told.startEquity));
  const most = (limit / peak) * 100;
  if (percent === null || percent <= most) return { fitting: null, remedy: 'The strategy itself asks for more than that: let it ask for smaller weights, take less capital, or change the limit.' };
  const fitting = Math.min(USUAL_PERCENT, Math.floor(most * 10) / 10);
  return { fitting: fitting > 0 ? fitting : null, remedy: `An entry of ${percent} % of ${dollars(told.startEquity)} is ${dollars((percent / 100) * Number(told.startEquity))}. Take a smaller size of an entry, or change the limit.` };
}

/** Why a run that opened no position can be judged by nobody, in words; null when it opened one. */
export function untriedWords(told: Pick<BacktestResult, 'roundTrips' | 'openPositions' | 'signals'>, denials: Denials | null): string | null {
  if (told.roundTrips.length + told.openPositions.length > 0) return null;
  const why = denials !== null ? `${denials.headline}` : told.signals === 0 ? 'The strategy raised no signal' : `It raised ${counted(told.signals, 'signal')}, and none became a trade`;
  const next = denials !== null ? 'Once entries pass, it can be judged.' : told.signals === 0 ? 'The Bars tab shows which of its conditions were not met.' : 'The Bars tab shows what became of each.';
  return `${why}. No money was at risk for one day, so whether the idea is any good stays open. ${next}`;
}

/** What was denied; null when nothing was. `limits`: in force now. */
export function denialsOf(told: Told, limits: RiskLimits | null): Denials | null {
  const rows = Object.entries(told.denied).filter(([code, times]) => times > 0 && !NOTHING_TO_DO.has(code)).sort(([, a], [, b]) => b - a).map(([code, times]): DeniedBy => ({ code, times, why: whyOf(code, limits) }));
  const [first, ...rest] = rows;
  if (first === undefined) return null;
  const times = rows.reduce((sum, row) => sum + row.times, 0);
  const opened = told.roundTrips.length + told.openPositions.length;
  const noun = rows.some(({ code }) => OF_ANY_ORDER.has(code) || code.startsWith('VENUE_')) ? 'order' : 'entry';
  const many = noun === 'entry' ? (times === 1 ? '1 entry' : `${count(times)} entries`) : counted(times, 'order');
  const headline = opened === 0 ? `${times === 1 ? `The only ${noun} was` : `All ${many} were`} denied` : `${many} ${times === 1 ? 'was' : 'were'} denied, ${counted(opened, 'position')} opened`;
  return { times, opened, isMinor: times <= MINOR_PART * (times + opened), headline, first, rest, ...remedyOf(first, told, limits) };
}
