/** A day run again: the strategy warmed up on the bars before it, following the book as the day began, then bar by bar by the live rules at the exact venue. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ExactFloor, type FloorFill } from '#app/backtest/exact-floor.ts';
import type { ParityTrade } from '#app/analytics/parity.ts';
import { AppError } from '#app/domain/errors.ts';
import { signalId } from '#app/domain/ids.ts';
import { addMoney, fromFloat, LEDGER_SCALE, money, notional, price, quantity, toText, type Money } from '#app/domain/numeric.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { Asset } from '#app/risk/book.ts';
import type { Wish } from '#app/strategy/context.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import type { Fill } from '#app/domain/position.ts';
import type { Side } from '#app/domain/order.ts';
import type { EpochMs } from '#app/domain/time.ts';
import { at, type Queryable } from '#chassis/db.ts';
import { heldBy, othersThan, symbolsTouched, type DayAccount } from './parity-account.ts';
import { barsBefore, barsOfDay, closesBefore, MOST_PARITY_BARS, symbolsWithBars, type DayBar, type Moments } from './parity-bars.ts';
import type { DayPlan } from './parity-plan.ts';
import { authoredSource, cellOf, houseSource, WARM_UP_FACTS, type StrategySource } from './parity-source.ts';

/** A signal of the replay. `openTime`: of its bar. */
export type ReplayedSignal = { readonly signalId: string; readonly symbol: string; readonly openTime: number; readonly target: string; readonly weight: string | null };

/** What came of it. `denied`: codes by decision; `ordered`: shares by decision; `moments`: the day's bars of its own symbols. */
export type Replayed = {
  readonly trades: readonly ParityTrade[]; readonly signals: readonly ReplayedSignal[]; readonly denied: ReadonlyMap<string, string>; readonly ordered: ReadonlyMap<string, number>; readonly bars: number; readonly moments: Moments; readonly symbols: readonly string[];
};

const numbersOf = ({ openTime, open, high, low, close, volume }: DayBar): NumericBar => ({ time: openTime, open: Number(open), high: Number(high), low: Number(low), close: Number(close), volume: Number(volume) });

/** What was last raised for each symbol before the day: what the strategy then wanted. */
async function wishesBefore(book: Queryable, { strategyId, begin }: DayPlan): Promise<ReadonlyMap<string, Wish>> {
  const rows = await book.query<{ symbol: string; target: Wish['side']; weight: number | null }>(
    `SELECT DISTINCT ON (symbol) symbol, target, weight::float8 AS weight FROM strategy_engine.strategy_signals WHERE strategy_id = $1 AND own_order IS NULL AND cancels IS NULL AND ts_market < $2 ORDER BY symbol, ts_market DESC, signal_id DESC`, [strategyId, at(begin)],
  );
  return new Map(rows.map(({ symbol, target, weight }) => [symbol, { side: target, weight }]));
}

async function assetsOf(book: Queryable, symbols: readonly string[]): Promise<ReadonlyMap<string, Asset>> {
  const rows = await book.query<Asset & { symbol: string }>('SELECT symbol, is_tradable AS "isTradable", is_fractionable AS "isFractionable", is_shortable AS "isShortable" FROM data_ingestion.symbols WHERE symbol = ANY($1::text[])', [symbols]);
  return new Map(rows.map(({ symbol, ...asset }) => [symbol, asset]));
}

/** The equity with which risk began the day; where it never asked, the account at the closes before. */
async function dayOpenEquity(book: Queryable, { day }: DayPlan, account: DayAccount, closes: ReadonlyMap<string, string>): Promise<Money> {
  const [row] = await book.query<{ equity: string }>('SELECT equity::text AS equity FROM risk_management.day_open_equity WHERE day = $1::date', [day]);
  if (row !== undefined) return money(row.equity);
  let equity = account.cash;
  for (const [symbol, { account: { qty } }] of account.books) {
    const close = closes.get(symbol);
    if (close !== undefined && !qty.isZero()) equity = addMoney(equity, notional(qty, price(close)));
  }
  return equity;
}

async function sourceOf({ files, kind, parameters, timeframe }: DayPlan): Promise<StrategySource> {
  return files === null ? houseSource(kind, parameters, timeframe) : authoredSource(files, parameters);
}

/** Bars that each symbol had since the strategy's share was entered are not in the ledger; a position from before the day counts from its begin. */
const HELD_BEFORE = 0;

/** Moments after which whoever else waits for this process has a turn: a strategy of the house answers at once, and would leave none. */
const TURN_MOMENTS = 50;

async function warmUp(book: Queryable, plan: DayPlan, { source, cells, signal }: Pick<Work, 'source' | 'cells' | 'signal'>): Promise<number> {
  const wishes = await wishesBefore(book, plan);
  let [bars, moments] = [0, 0];
  for (const symbols of cells) {
    const cell = cellOf(symbols);
    if (symbols.length * source.warmUp > MOST_PARITY_BARS) throw new AppError('INPUT_TOO_LARGE', `It warms up on more than ${MOST_PARITY_BARS} bars at once; deploy it on fewer symbols`);
    await source.open(symbols);
    for (const { openTime, bars: seen } of await barsBefore(book, plan, { symbols, timeframe: plan.timeframe, count: source.warmUp })) {
      bars += seen.length;
      moments += 1;
      if (moments % TURN_MOMENTS === 0) await nextTurn(undefined, { signal });
      await source.advance(cell, { openTime, closeTime: openTime, bars: new Map(seen.map((bar) => [bar.symbol, numbersOf(bar)])) }, 'quiet', WARM_UP_FACTS);
    }
    await source.follow(cell, wishes);
  }
  return bars;
}

/** The signal, or the person's request, behind a decision: a step that followed has its number behind it. */
export function originOf(decisionId: string): string {
  return decisionId.replace(/:r\d+$/, '');
}

/** Key of a trade: everything that came of one wish. Whether an exit was in the way first, and it needed a second step, is no difference. */
export function tradeKey(decisionId: string, role: string): string {
  return `${originOf(decisionId)}|${role}`;
}

/** An execution of either side. `ordered`: shares of its order. */
export type Execution = Omit<ParityTrade, 'key'> & { readonly role: string };

/** Executions put together by their key: shares added up, the mean price, the first moment. An order counts once, however often it filled. */
export function tradesOf(executions: readonly Execution[]): ParityTrade[] {
  const groups = new Map<string, Execution[]>();
  for (const one of executions) groups.set(tradeKey(one.decisionId, one.role), [...(groups.get(tradeKey(one.decisionId, one.role)) ?? []), one]);
  return [...groups].flatMap(([key, all]) => {
    const [first] = all;
    if (first === undefined) return [];
    const qty = all.reduce((sum, one) => sum + one.qty, 0);
    const ordered = [...new Map(all.map((one) => [one.decisionId, one.ordered])).values()].reduce((sum, one) => sum + one, 0);
    const { decisionId, symbol, side } = first;
    return [{ key, decisionId, symbol, side, qty, ordered, price: all.reduce((sum, one) => sum + one.qty * one.price, 0) / qty, at: Math.min(...all.map((one) => one.at)) }];
  });
}

function executionOf({ rootId, role, symbol, side, qty, price: at, tsMarket }: FloorFill, ordered: ReadonlyMap<string, number>): Execution {
  const decisionId = rootId.replace(/^ms-/, '');
  return { decisionId, role, symbol, side, qty: Number(qty), ordered: role === 'order' ? (ordered.get(decisionId) ?? Number(qty)) : Number(qty), price: Number(at), at: tsMarket };
}

type Given = { readonly fill: Fill; readonly at: EpochMs };

/** Executions of orders of an earlier day, and of those that a person placed for the strategy's share: they are taken over as they were, and nobody is measured by them. An expression about an order `o`, $2 = the day's begin. */
export const IS_GIVEN = `(o.source IN ('manual', 'broker') OR o.ts_market < $2)`;

async function givenFills(book: Queryable, { strategyId, begin, end }: DayPlan): Promise<Given[]> {
  const rows = await book.query<{ symbol: string; side: Side; qty: string; price: string; fee: string; at: number }>(
    `SELECT t.symbol, t.side, t.qty::text AS qty, t.price::text AS price, t.fee::text AS fee, t.ts_event AS at FROM execution.trades t JOIN execution.orders o USING (order_id)
     WHERE o.strategy_id = $1 AND t.ts_event >= $2 AND t.ts_event < $3 AND ${IS_GIVEN} ORDER BY t.ledger_seq`, [strategyId, at(begin), at(end)],
  );
  return rows.map((row) => ({ at: row.at as EpochMs, fill: { symbol: row.symbol, side: row.side, qty: quantity(row.qty), price: price(row.price), fee: money(row.fee) } }));
}

/** Runs a strategy's day again. @throws AppError INPUT_TOO_LARGE for a day of too many bars, and what its strategy throws */
export async function replayDay(book: Queryable, plan: DayPlan, account: DayAccount, signal: AbortSignal): Promise<Replayed> {
  const own = await symbolsWithBars(book, plan, plan);
  const all = [...new Set([...own, ...symbolsTouched(account)])];
  const moments = await barsOfDay(book, plan, { symbols: all, timeframe: plan.timeframe });
  const count = moments.reduce((sum, { bars }) => sum + bars.length, 0);
  if (count > MOST_PARITY_BARS) throw new AppError('INPUT_TOO_LARGE', `Its day has more than ${MOST_PARITY_BARS} bars; deploy it on fewer symbols, or on wider bars`);
  await using source = await sourceOf(plan);
  const names = plan.symbols ?? own;
  const cells = source.scope === 'portfolio' ? [names] : own.map((symbol) => [symbol]);
  if (own.length > 0) await warmUp(book, plan, { source, cells, signal });
  const closes = await closesBefore(book, plan, all);
  const denied = new Map<string, string>();
  const ordered = new Map<string, number>();
  const canShort = source.usesShorts && plan.limits.allowShort;
  const floor = new ExactFloor({
    strategyId: plan.strategyId, versionId: plan.versionId, sizing: plan.sizing, limits: plan.limits, strategyLimits: plan.own, timeframe: plan.timeframe, startingCash: toText(account.cash), slippageBps: 0, volumeCap: null, fees: null,
    account: { multiplier: canShort || plan.limits.allowMargin ? 2 : 1, canShort }, assets: await assetsOf(book, all), others: othersThan(account, plan.strategyId),
    opening: { positions: heldBy(account, plan.strategyId).map((position) => ({ ...position, barsHeld: HELD_BEFORE })), dayOpenEquity: await dayOpenEquity(book, plan, account, closes) },
    note(line) {
      const [what, id = '', ...rest] = line.split(' ');
      if (what === 'denied') denied.set(id, rest[0] ?? '');
      if (what === 'order') ordered.set(id.replace(/^ms-/, ''), Number(rest[1] ?? NaN));
    },
  });
  floor.price(closes);
  const signals = await trade(floor, { plan, source, cells, moments, signal, given: await givenFills(book, plan) });
  const mine = new Set(names);
  const ownMoments = moments.map(({ openTime, bars }) => ({ openTime, bars: bars.filter(({ symbol }) => mine.has(symbol)) })).filter(({ bars }) => bars.length > 0);
  return { trades: tradesOf(floor.fills.filter(({ tsMarket }) => tsMarket < plan.end).map((fill) => executionOf(fill, ordered))), signals, denied, ordered, bars: ownMoments.reduce((sum, { bars }) => sum + bars.length, 0), moments: ownMoments, symbols: names };
}

type Work = { readonly plan: DayPlan; readonly source: StrategySource; readonly cells: readonly (readonly string[])[]; readonly moments: Moments; readonly signal: AbortSignal; readonly given: readonly Given[] };

async function trade(floor: ExactFloor, { plan, source, cells, moments, signal, given }: Work): Promise<ReplayedSignal[]> {
  const signals: ReplayedSignal[] = [];
  let next = 0;
  for (const [n, { openTime, bars }] of moments.entries()) {
    signal.throwIfAborted();
    if (n % TURN_MOMENTS === 0) await nextTurn(undefined, { signal });
    const day = exchangeDay(openTime);
    const moment = { openTime, closeTime: floor.closeOf(openTime, day), day };
    for (let one = given[next]; one !== undefined && one.at < moment.closeTime; one = given[next]) {
      floor.give(one.fill, one.at);
      next += 1;
    }
    const facts = floor.move(bars, moment);
    const bySymbol = new Map(bars.map((bar) => [bar.symbol, bar]));
    for (const symbols of cells) {
      const seen = new Map(symbols.flatMap((symbol) => { const bar = bySymbol.get(symbol); return bar === undefined ? [] : [[symbol, numbersOf(bar)] as const]; }));
      if (seen.size === 0) continue;
      for (const one of await source.advance(cellOf(symbols), { ...moment, bars: seen }, 'live', facts)) {
        if (one.cancels === null) signals.push({ signalId: signalId(plan.versionId, one.symbol, openTime, one.n), symbol: one.symbol, openTime, target: one.target, weight: one.weight === null ? null : toText(fromFloat(one.weight, LEDGER_SCALE)) });
        floor.take(one, moment);
      }
    }
  }
  return signals;
}
