/** A strategy run again over stored bars up to one of them, in small pieces, so that the engine's own bars come first. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExplainedBar, ExplainedCheck } from '#app/contracts/explain.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { Wish } from '#app/strategy/context.ts';
import { indicatorLabel, Rerun, saysTheSame, SharesThen, splitCheckName, type BarRecord } from '#app/strategy/explain.ts';
import { NO_HOST_FACTS, type Moment } from '#app/strategy/host.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import type { WideBars } from '#app/strategy/tape.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { Queryable } from '#chassis/db.ts';
import { closeOf, numbersOf } from './apply-bars.ts';
import type { ClosedBar } from './cells.ts';
import { accountAt, fillsUpTo, pastSignals, type PastSignal } from './explain-read.ts';
import { storedBars, warmUpStart, type Stretch } from './stored-bars.ts';

/** Bars of one symbol that are run at most, and of all symbols of a portfolio together. */
const MAX_BARS = 5_000;
const MAX_ROWS = 60_000;
/** A strategy that was not at work is begun at least so many bars before, so that what it would hold shows. */
const OWN_WAY_BARS = 500;
/** Stored bars of minutes and hours of which a third is regular trading; days are all regular. */
const EXTENDED_SHARE = 3;
/** Moments from one breath to the next. */
const MOMENTS_A_TURN = 500;
const MEMORY_CHARACTERS = 4_000;

/** What to run. `isAtWork`: it was deployed and was shown the bar; `mayCompare`: what it said there was raised; `seen`: bars that it had been shown, null = enough; `limits.until`: monotonic ms. */
export type RerunAsk = {
  readonly strategy: BoundStrategy; readonly strategyId: string; readonly timeframe: Timeframe; readonly symbol: string; readonly symbols: readonly string[]; readonly openTime: number; readonly isAtWork: boolean; readonly mayCompare: boolean;
  readonly seen: number | null; readonly warmUp: number; readonly limits: { readonly checks: number; readonly until: number }; readonly wide: WideBars; readonly hasOtherCode: boolean;
};

type Outcome = Pick<ExplainedBar, 'warmUp' | 'replay' | 'problem'>;

/** The bars up to the one asked about, by moments, oldest first: as many of each symbol as it takes. */
async function momentsUpTo(book: Queryable, ask: RerunAsk, wanted: number): Promise<{ moments: Moment[]; isCut: boolean }> {
  const { symbols, timeframe, openTime } = ask;
  const each = Math.max(1, Math.min(wanted, Math.floor(MAX_ROWS / symbols.length)));
  const rows = Math.min(timeframe === '1Day' ? each : each * EXTENDED_SHARE, Math.floor(MAX_ROWS / symbols.length));
  const stretches: Stretch[] = [];
  for (const symbol of symbols) stretches.push({ symbol, after: await warmUpStart(book, { symbol, timeframe }, openTime, rows), upTo: openTime });
  const { bars } = await storedBars(book, { stretches, timeframe, limit: MAX_ROWS + 1, quietUntil: openTime });
  const bySymbol = new Map<string, ClosedBar[]>();
  for (const bar of bars) {
    const list = bySymbol.get(bar.symbol);
    if (list === undefined) bySymbol.set(bar.symbol, [bar]);
    else list.push(bar);
  }
  return { moments: byMoment([...bySymbol.values()].flatMap((list) => list.slice(-each)), timeframe), isCut: each < wanted };
}

function byMoment(bars: readonly ClosedBar[], timeframe: Timeframe): Moment[] {
  const moments = new Map<number, Map<string, NumericBar>>();
  for (const bar of bars) {
    const at = moments.get(bar.openTime) ?? new Map<string, NumericBar>();
    at.set(bar.symbol, numbersOf(bar));
    moments.set(bar.openTime, at);
  }
  return [...moments].sort(([a], [b]) => a - b).map(([openTime, shown]) => ({ openTime, closeTime: closeOf(openTime, timeframe), bars: shown }));
}

/** What was raised at each moment, by symbol: the last target counts. */
function raisedAt(signals: readonly PastSignal[]): ReadonlyMap<number, ReadonlyMap<string, Wish>> {
  const raised = new Map<number, Map<string, Wish>>();
  for (const { symbol, openTime, target, weight, isOrder, isCancel } of signals) {
    if (isOrder || isCancel) continue;
    const at = raised.get(openTime) ?? new Map<string, Wish>();
    at.set(symbol, { side: target, weight });
    raised.set(openTime, at);
  }
  return raised;
}

/** Runs it. A strategy that throws, or takes too long, is a problem in words, not an error. */
export async function rerunTo(book: Queryable, ask: RerunAsk): Promise<Outcome> {
  const { strategy, symbol, symbols, openTime, isAtWork } = ask;
  const wanted = Math.min(MAX_BARS, isAtWork ? Math.min(ask.warmUp, ask.seen ?? Infinity) : Math.max(ask.warmUp, OWN_WAY_BARS));
  const { moments, isCut } = await momentsUpTo(book, ask, wanted);
  const last = moments.at(-1);
  const first = moments[0];
  if (last === undefined || first === undefined || last.openTime !== openTime) return { warmUp: null, replay: null, problem: 'The bar has left the book since it was asked for' };
  const [past, fills, account] = await Promise.all([
    pastSignals(book, ask.strategyId, { symbols, from: first.openTime, to: openTime }), isAtWork ? fillsUpTo(book, ask.strategyId, symbols, last.closeTime) : [], accountAt(book, last.closeTime),
  ]);
  const shares = new SharesThen(account ?? NO_HOST_FACTS, fills);
  const raised = isAtWork ? raisedAt(past.signals) : null;
  try {
    const run = new Rerun({ strategy, symbols, symbol, follows: isAtWork ? 'book' : 'itself', options: { wide: ask.wide, ...(isAtWork ? { wishes: new Map([...past.wishes].map(([name, wish]) => [name, { wish, isExitOwed: false }])) } : {}) } });
    for (const [n, moment] of moments.entries()) {
      if (n % MOMENTS_A_TURN === MOMENTS_A_TURN - 1) {
        if (monotonicMs() > ask.limits.until) return { warmUp: null, replay: null, problem: `It takes longer than a few seconds to run it over the ${moments.length} bars before this one` };
        await nextTurn();
      }
      shares.moveTo(moment);
      if (moment !== last) run.show(moment, shares, raised?.get(moment.openTime) ?? null);
    }
    const record = run.explain(last, shares, ask.limits);
    const here = past.signals.filter((signal) => signal.symbol === symbol && signal.openTime === openTime);
    return told(ask, record, { here, hasAccount: account !== null, isCut });
  } catch (error) {
    if (error instanceof AppError && error.code === 'STRATEGY_FAILED') return { warmUp: null, replay: null, problem: error.message };
    throw error;
  }
}

type Beside = { readonly here: readonly PastSignal[]; readonly hasAccount: boolean; readonly isCut: boolean };

function told(ask: RerunAsk, record: BarRecord, beside: Beside): Outcome {
  const { strategy } = ask;
  const { seen = 0, needed = null, outputs = [] } = record.state ?? {};
  const agrees = ask.isAtWork && ask.mayCompare ? (saysTheSame(record.said, beside.here) ? 'same' : 'differs') : null;
  const uses = strategy.indicators;
  return {
    problem: null, warmUp: { seen: ask.seen === null || ask.seen > seen ? (ask.seen ?? seen) : seen, needed: needed ?? seen + 1, isWarm: record.wasAsked },
    replay: {
      barsReplayed: record.bars, wasAsked: record.wasAsked, checks: record.checks.map(checkOf), checksLeftOut: record.checksLeftOut,
      indicators: outputs.map(({ name, output, value }) => ({ name: output === '' ? name : `${name}.${output}`, label: labelOf(uses[name], output), value: known(value) })),
      memory: { before: memoryText(record.memory.before), after: memoryText(record.memory.after) }, wish: record.wish, named: record.named.get(ask.symbol) ?? null,
      position: { qty: record.position.qty, averagePrice: known(record.position.averagePrice), barsHeld: record.position.barsHeld },
      said: record.said.map(({ target, weight, order, cancels }) => ({ what: cancels !== null ? 'cancel' : order !== null ? 'order' : 'target', target, weight })),
      agrees, notes: notesOf(ask, agrees, beside),
    },
  };
}

function notesOf(ask: RerunAsk, agrees: 'same' | 'differs' | null, { here, hasAccount, isCut }: Beside): string[] {
  const notes: string[] = [];
  if (agrees === 'differs') {
    notes.push(here.length > 0
      ? 'Run again today, it says something else than what was raised then: what it knew of its position or account, or the bars themselves, were others. What was raised is what counted.'
      : 'Run again today, it would raise a signal here, and none was raised: what it knew of its position or account, or the bars themselves, were others then.');
  }
  if (ask.hasOtherCode) notes.push('The program behaves otherwise today than the version that was deployed then: conditions are those of today.');
  if (!ask.isAtWork) notes.push(`It was not at work at this bar: shown is what it would have made of it, begun ${ask.warmUp} bars before or earlier, with nothing held.`);
  if (!hasAccount) notes.push('Equity and cash of that time are not known: it was shown an account of $100,000.');
  if (isCut) notes.push('It was warmed up on fewer bars than it asks for: the portfolio has too many symbols for a quick look.');
  return notes;
}

function checkOf({ symbol, name, isMet, value, threshold }: BarRecord['checks'][number]): ExplainedCheck {
  return { symbol, ...splitCheckName(name), isMet, value: known(value), threshold: known(threshold) };
}

function labelOf(use: BoundStrategy['indicators'][string] | undefined, output: string): string {
  const label = use === undefined ? '' : indicatorLabel(use);
  return output === '' ? label : `${label} ${output}`;
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function memoryText(memory: unknown): string {
  const text = JSON.stringify(memory) ?? '{}';
  return text.length <= MEMORY_CHARACTERS ? text : `${text.slice(0, MEMORY_CHARACTERS)}…`;
}
