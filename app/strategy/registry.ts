/** The strategies that come with the house, by kind, and the fingerprint of what each one does. */
import { AppError } from '#app/domain/errors.ts';
import { bollingerReversion } from './built-in/bollinger-reversion.ts';
import { buyAndHold } from './built-in/buy-and-hold.ts';
import { donchianBreakout } from './built-in/donchian-breakout.ts';
import { momentumRotation } from './built-in/momentum-rotation.ts';
import { pairsTrading } from './built-in/pairs-trading.ts';
import { rsiReversion as newRsiReversion } from './built-in/rsi-reversion.ts';
import { smaCross as newSmaCross } from './built-in/sma-cross.ts';
import { volatilityTarget } from './built-in/volatility-target.ts';
import { rsiReversion } from './rsi-reversion.ts';
import { smaCross } from './sma-cross.ts';
import type { StrategyType } from './spec.ts';
import { advance, startRun, type Strategy, type StrategyBar, type StrategyKind } from './strategy.ts';

/** Every kind on the new interface, in the order in which people see them. */
export const STRATEGY_TYPES: readonly StrategyType[] = [newSmaCross, newRsiReversion, donchianBreakout, bollingerReversion, momentumRotation, pairsTrading, volatilityTarget, buyAndHold];

/** The kind of that name. @throws AppError STRATEGY_NOT_FOUND */
export function strategyType(kind: string): StrategyType {
  const found = STRATEGY_TYPES.find((candidate) => candidate.kind === kind);
  if (!found) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy of the kind "${kind.slice(0, 60)}". Known kinds: ${STRATEGY_TYPES.map((known) => known.kind).join(', ')}`);
  return found;
}

/** Every kind, in the order in which people see them. */
export const STRATEGY_KINDS: readonly StrategyKind[] = [smaCross, rsiReversion];

/** The kind of that name. @throws AppError STRATEGY_NOT_FOUND */
export function strategyKind(kind: string): StrategyKind {
  const found = STRATEGY_KINDS.find((candidate) => candidate.kind === kind);
  if (!found) throw new AppError('STRATEGY_NOT_FOUND', `There is no strategy of the kind "${kind.slice(0, 60)}". Known kinds: ${STRATEGY_KINDS.map((known) => known.kind).join(', ')}`);
  return found;
}

const PROBE_BARS_MIN = 1_500;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a over two lanes with different starts, as 16 hexadecimal digits. Not for secrets: it tells versions apart. */
function fingerprint(parts: readonly string[]): string {
  const lane = (seed: number): string => {
    let hash = seed;
    for (const part of parts) {
      for (let i = 0; i < part.length; i += 1) hash = Math.imul(hash ^ part.charCodeAt(i), FNV_PRIME);
      hash = Math.imul(hash ^ 0x1f, FNV_PRIME);
    }
    return (hash >>> 0).toString(16).padStart(8, '0');
  };
  return lane(FNV_OFFSET) + lane(FNV_OFFSET ^ 0x5bd1e995);
}

/** A fixed walk of bars in cents around $50, with quiet stretches: the same numbers on every machine. */
function* probeBars(count: number): Generator<StrategyBar> {
  let seed = 20_240_102;
  const next = (range: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 4_294_967_296) * range);
  };
  let close = 5_000;
  for (let i = 0; i < count; i += 1) {
    const open = close;
    if (i % 97 > 4) close = Math.max(500, close + next(61) - 30 + (close < 5_000 ? 1 : -1));
    const high = Math.max(open, close) + next(15);
    const low = Math.min(open, close) - next(15);
    yield { open: open / 100, high: high / 100, low: low / 100, close: close / 100, volume: 100 + next(10_000) };
  }
}

/**
 * Fingerprint of a strategy's behaviour: a hash of every signal with its reasons that it raises on a fixed series of bars.
 * It is the `code_hash` of a strategy version: bundling and renaming leave it alone, a change of what the strategy does
 * changes it. 16 hexadecimal digits.
 */
export function behaviourHash(strategy: Strategy): string {
  const parts = [strategy.kind, JSON.stringify(strategy.parameters)];
  const run = startRun(strategy);
  let i = 0;
  for (const bar of probeBars(PROBE_BARS_MIN + 4 * strategy.warmUpBars)) {
    const signal = advance(strategy, run, bar, 'live');
    if (signal) parts.push(`${i} ${signal.target} ${signal.atr ?? ''} ${JSON.stringify(signal.reasons)}${signal.exits ? ` ${JSON.stringify(signal.exits)}` : ''}`);
    i += 1;
  }
  parts.push(JSON.stringify(run));
  return fingerprint(parts);
}
