/** A strategy run again over stored bars up to one of them, in small pieces, so that the engine's own bars come first. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { ExplainedBar, ExplainedCheck } from '#app/contracts/explain.ts';
import { AppError } from '#app/domain/errors.ts';
import type { Timeframe } from '#app/domain/time.ts';
import type { NumericBar } from '#app/indicators/indicator.ts';
import type { Wish } from '#app/strategy/context.ts';
import { indicatorLabel, Rerun, saysTheSame, SharesThen, splitCheckName, type BarRecord } from '#app/strategy/explain.ts';
import { NO_HOST_FACTS, type Moment, type StandingWish } from '#app/strategy/host.ts';
import type { BoundStrategy } from '#app/strategy/spec.ts';
import type { WideBars } from '#app/strategy/tape.ts';
import { monotonicMs } from '#chassis/clock.ts';
import type { SandboxRecord } from '../research/sandbox/protocol.ts';
import { closeOf } from './apply-bars.ts';
import { barsBack, monthsAway, type BarShelf } from './explain-bars.ts';
import { accountAt, fillsUpTo, pastSignals, type PastSignal } from './explain-read.ts';

/** Bars of one symbol that are run at most, and of all symbols of a portfolio together. */
const MAX_BARS = 5_000;
const MAX_ROWS = 60_000;
/** A strategy that was not at work is begun at least so many bars before, so that what it would hold shows. */
const OWN_WAY_BARS = 500;
/** Milliseconds from one breath to the next: what the engine's own bars wait for at most. */
const TURN_MS = 8;
const MEMORY_CHARACTERS = 4_000;

/** Runs a strategy over moments elsewhere, and takes the last one down. */
export type Recorder = (ask: SandboxRecord) => Promise<BarRecord>;

/** What to run. `isAtWork`: it was deployed and was shown the bar; `mayCompare`: what it said there was raised; `seen`: bars that it had been shown, null = enough; `limits.until`: monotonic ms; `record`: runs it where an authored strategy decides, null for one of the house. */
export type RerunAsk = {
  readonly strategy: BoundStrategy; readonly strategyId: string; readonly timeframe: Timeframe; readonly symbol: string; readonly symbols: readonly string[]; readonly openTime: number; readonly isAtWork: boolean; readonly mayCompare: boolean;
  readonly seen: number | null; readonly warmUp: number; readonly limits: { readonly checks: number; readonly until: number }; readonly wide: WideBars; readonly hasOtherCode: boolean; readonly isAway: boolean; readonly record: Recorder | null;
};

type Outcome = Pick<ExplainedBar, 'warmUp' | 'replay' | 'problem'>;

type SymbolBars = { readonly symbol: string; readonly bars: readonly NumericBar[] };

/** The bars up to the one asked about, as many of each symbol as it takes, read piece by piece. `missing`: in words, why some of them cannot be read. */
async function barsUpTo(shelf: BarShelf, { symbols, timeframe, openTime, limits }: RerunAsk, count: number): Promise<{ series: SymbolBars[]; missing: string | null }> {
  const files = await monthsAway(shelf.book, timeframe);
  const series: SymbolBars[] = [];
  for (const symbol of symbols) {
    const { bars, missing } = await barsBack(shelf, { symbol, timeframe }, { upTo: openTime, count, files, until: limits.until });
    if (missing !== null) return { series, missing };
    series.push({ symbol, bars });
  }
  return { series, missing: null };
}

/** The moments of several series, oldest first, made one by one. */
function* momentsOf(series: readonly SymbolBars[], timeframe: Timeframe): Generator<Moment> {
  const next = series.map(() => 0);
  for (;;) {
    const openTime = Math.min(...series.map(({ bars }, n) => bars[next[n] ?? 0]?.time ?? Infinity));
    if (openTime === Infinity) return;
    const bars = new Map<string, NumericBar>();
    series.forEach((one, n) => {
      const bar = one.bars[next[n] ?? 0];
      if (bar?.time !== openTime) return;
      bars.set(one.symbol, bar);
      next[n] = (next[n] ?? 0) + 1;
    });
    yield { openTime, closeTime: closeOf(openTime, timeframe), bars };
  }
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

const cannot = (problem: string): Outcome => ({ warmUp: null, replay: null, problem });

/** What a strategy is to blame for. */
const PROBLEMS: ReadonlySet<string> = new Set(['STRATEGY_FAILED', 'STRATEGY_OUT_OF_TIME', 'STRATEGY_OUT_OF_MEMORY', 'STRATEGY_CODE_INVALID', 'STRATEGY_PARAMETERS_INVALID', 'PROJECT_NOT_FOUND']);

type Run = { show(moment: Moment, shares: SharesThen): void; explain(moment: Moment, shares: SharesThen): Promise<BarRecord> };
type RunSetup = { readonly wishes: ReadonlyMap<string, StandingWish> | null; readonly follows: 'book' | 'itself'; readonly raised: ReadonlyMap<number, ReadonlyMap<string, Wish>> | null };

/** The run again: here for a strategy of the house; an authored one is shown its moments all at once, where it decides. */
function runOf({ strategy, symbols, symbol, wide, limits, record }: RerunAsk, { wishes, follows, raised }: RunSetup): Run {
  if (record === null) {
    const run = new Rerun({ strategy, symbols, symbol, follows, options: { wide, ...(wishes === null ? {} : { wishes }) } });
    return { show: (moment, shares) => run.show(moment, shares, raised?.get(moment.openTime) ?? null), explain: (moment, shares) => Promise.resolve(run.explain(moment, shares, limits)) };
  }
  const moments: SandboxRecord['moments'][number][] = [];
  const show = (moment: Moment, shares: SharesThen): void => {
    moments.push({ ...moment, mode: 'live', equity: shares.equity, cash: shares.cash, positions: new Map(symbols.map((each) => [each, shares.positionOf(each)])), raised: raised?.get(moment.openTime) ?? null });
  };
  return {
    show,
    explain(moment, shares) {
      show(moment, shares);
      return record({ symbols, symbol, follows, wishes, checks: limits.checks, moments });
    },
  };
}

/** Runs it. A strategy that throws, or takes too long, is a problem in words, not an error. */
export async function rerunTo(shelf: BarShelf, ask: RerunAsk): Promise<Outcome> {
  const { symbol, symbols, openTime, isAtWork } = ask;
  const { book } = shelf;
  const wanted = isAtWork ? Math.min(ask.warmUp, ask.seen ?? Infinity) : Math.max(ask.warmUp, OWN_WAY_BARS);
  const count = Math.max(1, Math.min(wanted, MAX_BARS, Math.floor(MAX_ROWS / symbols.length)));
  const { series, missing } = await barsUpTo(shelf, ask, count);
  if (missing !== null) return cannot(`The bars before this one cannot all be read: ${missing}`);
  const from = Math.min(...series.map(({ bars }) => bars[0]?.time ?? Infinity));
  if (series.find((one) => one.symbol === symbol)?.bars.at(-1)?.time !== openTime) return cannot('The bar has left the book since it was asked for');
  const closeTime = closeOf(openTime, ask.timeframe);
  const past = await pastSignals(book, ask.strategyId, { symbols, from, to: openTime });
  const fills = isAtWork ? await fillsUpTo(book, ask.strategyId, symbols, closeTime) : [];
  const account = await accountAt(book, closeTime);
  const shares = new SharesThen(account ?? NO_HOST_FACTS, fills);
  const raised = isAtWork ? raisedAt(past.signals) : null;
  try {
    const wishes = isAtWork ? new Map([...past.wishes].map(([name, wish]) => [name, { wish, isExitOwed: false }])) : null;
    const follows = isAtWork ? 'book' : 'itself';
    const run = runOf(ask, { wishes, follows, raised });
    let breath = monotonicMs();
    for (const moment of momentsOf(series, ask.timeframe)) {
      if (monotonicMs() - breath > TURN_MS) {
        if (monotonicMs() > ask.limits.until) return cannot('It takes longer than a few seconds to run it over the bars before this one');
        await nextTurn();
        breath = monotonicMs();
      }
      shares.moveTo(moment);
      if (moment.openTime < openTime) {
        run.show(moment, shares);
        continue;
      }
      const record = await run.explain(moment, shares);
      const here = past.signals.filter((signal) => signal.symbol === symbol && signal.openTime === openTime);
      return told(ask, record, { here, hasAccount: account !== null, isCut: count < wanted });
    }
    return cannot('The bar has left the book since it was asked for');
  } catch (error) {
    if (error instanceof AppError && PROBLEMS.has(error.code)) return cannot(error.message);
    throw error;
  }
}

type Beside = { readonly here: readonly PastSignal[]; readonly hasAccount: boolean; readonly isCut: boolean };

function told(ask: RerunAsk, record: BarRecord, beside: Beside): Outcome {
  const { strategy } = ask;
  const { seen = 0, needed = null, outputs = [] } = record.state ?? {};
  // It had been shown enough then, and today too little of it can be run: that it warmed up would be wrong.
  if (ask.isAtWork && !record.wasAsked && (beside.isCut || (ask.seen !== null && needed !== null && ask.seen >= needed))) return cannot(`It had been shown more bars by then than can be run again today (${seen} of ${needed ?? 'an unknown number of'} bars that it takes)`);
  const agrees = ask.isAtWork && ask.mayCompare ? (saysTheSame(record.said, beside.here) ? 'same' : 'differs') : null;
  const uses = strategy.indicators;
  return {
    problem: null, warmUp: { seen: ask.seen === null || ask.seen > seen ? (ask.seen ?? seen) : seen, needed: needed ?? seen + 1, isWarm: record.wasAsked },
    replay: {
      barsReplayed: record.bars, wasAsked: record.wasAsked, checks: record.checks.map(checkOf), checksLeftOut: record.checksLeftOut,
      indicators: outputs.map(({ name, output, value }) => ({ name: output === '' ? name : `${name}.${output}`, label: labelOf(uses[name], { name, output }), value: known(value) })),
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
  if (ask.isAtWork && ask.isAway) notes.push('The bar lies in the archive: when it came, and how many bars it had been shown by then, is not kept. It is taken as shown when it closed, and as warm.');
  if (isCut) notes.push('It was warmed up on fewer bars than it asks for: so many are not run again for a quick look.');
  return notes;
}

function checkOf({ symbol, name, isMet, value, threshold }: BarRecord['checks'][number]): ExplainedCheck {
  return { symbol, ...splitCheckName(name), isMet, value: known(value), threshold: known(threshold) };
}

function labelOf(use: BoundStrategy['indicators'][string] | undefined, { name, output }: { readonly name: string; readonly output: string }): string {
  const label = use === undefined ? name : indicatorLabel(use);
  return output === '' ? label : `${label} ${output}`;
}

function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

function memoryText(memory: unknown): string {
  const text = JSON.stringify(memory) ?? '{}';
  return text.length <= MEMORY_CHARACTERS ? text : `${text.slice(0, MEMORY_CHARACTERS)}…`;
}
