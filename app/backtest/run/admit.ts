/** Whether the broker takes an order: the checks of admission.ts of the exact venue in whole numbers, in its order, with its codes. */
import { orderTermsDefect } from './admit-terms.ts';
import type { Core, MarketState } from './core.ts';
import type { OrderTermsIn } from './order.ts';
import { bandAbove, trailingStop } from './prices.ts';
import { MICRO, NANO, toTick } from './units.ts';

/** The order is taken. */
export const OK = 0;
/** Breaks a rule of the market. */
const INVALID = 42_210_000;
/** The account may not place it. */
const FORBIDDEN = 40_310_000;

/** `reserve`: micro-dollars a share at which the order holds buying power, NaN when it only reduces a position. */
export type Admission = { readonly code: number; readonly isClosing: boolean; readonly reserve: number };

const refused = (code: number): Admission => ({ code, isClosing: false, reserve: NaN });
const SHORT_COLLAR = 1.03;
const SHORT_EQUITY = 2_000 * MICRO;
const MARGIN_EQUITY = 2_000 * MICRO;
const CLOSING_ONLY = 6;

/** Complex and trailing orders cannot be washed. */
const isExempt = (order: { readonly orderClass: string; readonly type: string }): boolean => order.orderClass !== 'simple' || order.type === 'trailing_stop';
const meetsAnyPrice = (type: string): boolean => type === 'market' || type === 'stop' || type === 'trailing_stop';

function isWash(m: MarketState, terms: OrderTermsIn): boolean {
  if (m.orders.length === 0 || isExempt(terms)) return false;
  return m.orders.some((order) => {
    if (order.side === terms.side || isExempt(order)) return false;
    if (meetsAnyPrice(terms.type) || meetsAnyPrice(order.type)) return true;
    return terms.side > 0 ? terms.limit >= order.limit : order.limit >= terms.limit;
  });
}

/** 1e-9 shares that open exits of this side hold; exits that exclude each other hold them once. */
function exiting(m: MarketState, side: number): number {
  let held = 0;
  for (const order of m.orders) if (order.side === side && order.isClosing && order.state !== 'held') held += order.leaves;
  return held;
}

/** What the account is worth at its last prices, micro-dollars. */
export type Figures = { readonly equity: number; readonly gross: number; readonly initial: number; readonly maintenance: number; readonly multiplier: 1 | 2 | 4; readonly power: number };

function maintenanceOf(value: number, shares: number, mark: number): number {
  if (value >= 0) return value * (mark < 2.5 * MICRO ? 1 : 0.3);
  const isCheap = mark < 5 * MICRO;
  return Math.max(shares * (isCheap ? 2.5 : 5) * MICRO, -value * (isCheap ? 1 : 0.3));
}

/** Micro-dollars that open orders hold back. */
export function reserved(core: Core): number {
  let sum = 0;
  for (const m of core.markets) for (const order of m.orders) if (!Number.isNaN(order.reserve)) sum += (order.leaves / NANO) * order.reserve;
  return sum;
}

/** Figures of the account, with the buying power of margin.ts of the exact venue. */
export function figuresOf(core: Core): Figures {
  const cash = core.cash + core.sub / 1_000;
  let equity = cash;
  let gross = 0;
  let maintenance = 0;
  for (const m of core.markets) {
    if (m.qty === 0) continue;
    equity += m.value;
    gross += Math.abs(m.value);
    maintenance += maintenanceOf(m.value, Math.abs(m.qty) / NANO, m.last);
  }
  const initial = gross / 2;
  const multiplier = equity < MARGIN_EQUITY ? 1 : core.config.account.multiplier;
  const free = multiplier === 1 ? cash : multiplier === 2 ? Math.max(0, equity - initial) * 2 : Math.max(0, core.lastEquity - core.lastMaintenance) * 4 - Math.max(0, gross - core.lastGross);
  return { equity, gross, initial, maintenance, multiplier, power: Math.max(0, free - reserved(core)) };
}

/** What one share may cost: the limit, or what the market asks; a short sale at least 3 % above the offer. */
function costPrice(terms: OrderTermsIn, last: number, ask: number): number {
  if (terms.side < 0) return Math.max(Number.isNaN(terms.limit) ? 0 : terms.limit, ask * SHORT_COLLAR);
  if (!Number.isNaN(terms.limit)) return terms.limit;
  if (terms.type === 'stop') return bandAbove(terms.stop);
  return terms.type === 'trailing_stop' ? trailingStop(terms, last) : ask;
}

function shortRefusal(core: Core, m: MarketState, terms: OrderTermsIn, figures: Figures): number {
  const { account } = core.config;
  if (!account.canShort || figures.multiplier === 1 || figures.equity < SHORT_EQUITY || !m.market.isShortable) return FORBIDDEN;
  return terms.qty % NANO === 0 ? OK : INVALID;
}

function costRefusal(terms: OrderTermsIn, cost: number, figures: Figures): number {
  if (terms.side > 0 && cost < MICRO) return FORBIDDEN;
  if (figures.gross > Math.max(0, figures.equity) * CLOSING_ONLY) return FORBIDDEN;
  if (figures.multiplier !== 1 && figures.equity < figures.maintenance) return FORBIDDEN;
  return cost <= figures.power ? OK : FORBIDDEN;
}

/** Takes or refuses an order at the moment the run stands at. Where the broker is not strict, its own finesses are left out, and what the account can pay is asked at the fill. */
export function admit(core: Core, m: MarketState, terms: OrderTermsIn, isAuctionShut: boolean): Admission {
  const { isBrokerStrict } = core.config;
  const { last } = m;
  const defect = orderTermsDefect(terms, { last, isStrict: isBrokerStrict, isFractionable: m.market.isFractionable, isAuctionShut });
  if (defect !== OK) return refused(defect);
  if (isBrokerStrict && isWash(m, terms)) return refused(FORBIDDEN);
  if (terms.type === 'trailing_stop' && !(trailingStop(terms, last) > 0)) return refused(INVALID);
  const isClosing = terms.side < 0 ? m.qty > 0 : m.qty < 0;
  if (terms.orderClass === 'oco' && !isClosing) return refused(INVALID);
  if (isClosing) {
    const available = Math.max(0, Math.abs(m.qty) - Math.max(0, exiting(m, terms.side)));
    return terms.qty <= available ? { code: OK, isClosing, reserve: NaN } : refused(FORBIDDEN);
  }
  if (!isBrokerStrict && terms.side > 0) return { code: OK, isClosing, reserve: NaN };
  const figures = figuresOf(core);
  const short = terms.side < 0 ? shortRefusal(core, m, terms, figures) : OK;
  if (short !== OK) return refused(short);
  if (!isBrokerStrict) return { code: OK, isClosing, reserve: NaN };
  const isInSession = core.now < (m.sessions.list[m.sessions.session[m.cursor.i] ?? 0]?.close ?? 0);
  const reserve = costPrice(terms, last, isInSession ? last : toTick(last));
  const cost = costRefusal(terms, (terms.qty / NANO) * reserve, figures);
  return cost === OK ? { code: OK, isClosing, reserve } : refused(cost);
}
