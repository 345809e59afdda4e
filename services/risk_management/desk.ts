/** The desk: decides one intent after the other within a transaction, each seeing those before it, and writes everything at its end. */
import { AppError, invariant } from '#app/domain/errors.ts';
import { toText, type Quantity } from '#app/domain/numeric.ts';
import { writeTerms } from '#app/domain/order-terms.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { RiskMarket } from '#app/risk/book.ts';
import { applyDecision, decide, type Decision, type Intent } from '#app/risk/decide.ts';
import type { Finding } from '#app/risk/monitor.ts';
import type { TargetSide } from '#app/risk/target.ts';
import { exchangeDay } from '#app/market/calendar.ts';
import { at, type Tx } from '#chassis/db.ts';
import { loadMarket, storeDayOpen, type LoadedMarket } from './load-market.ts';
import { TRANSFERS, type LoadedBook, type Peak } from './load-book.ts';
import { recordRiskEvents } from './risk-events.ts';
import { turnToReducing } from './trading-state.ts';

/**
 * What a share is meant to be from now on. `owed`: signed shares that it still owes its strategy (0 after a wish to be flat), null when no step is to follow; `followUps` counts
 * attempts after the first decision of this origin.
 */
export type TargetChange = {
  readonly strategyId: string | null; readonly symbol: string; readonly target: TargetSide; readonly owed: Quantity | null; readonly originId: string; readonly followUps: number; readonly tsMarket: EpochMs;
};

/** The desk of one transaction. */
export type Desk = {
  readonly loaded: LoadedBook;
  /** The book with every approval so far. */
  book(): LoadedBook['book'];
  /** The market as of an instant, read once per instant. `before`: closes known before it (default: the instant itself). */
  marketAt(tsMarket: EpochMs, symbols: readonly string[], before?: EpochMs): Promise<LoadedMarket>;
  /** Decides, keeps the decision and gives it back. `idempotencyKey`: of the person's request. */
  decide(market: RiskMarket, intent: Intent, idempotencyKey?: string): Decision;
  /** Keeps a denial that was made over another book: of an order that could only follow later. */
  refuse(decision: Decision, idempotencyKey: string): void;
  /** Turns trading from ACTIVE to REDUCING after the next decision (at the latest with `save`), once per finding, which tells why. */
  breakWith(finding: Finding): void;
  aim(change: TargetChange): void;
  /** A strategy wants an open order of its own ended: told after the decisions, of which it may be one. */
  takeBack(clientOrderId: string, signalId: string): void;
  tell(finding: Finding): void;
  /** Writes decisions, targets and facts, and emits their events in the order in which they were made. */
  save(): Promise<void>;
};

const INSERT_DECISIONS = `
  INSERT INTO risk_management.risk_decisions (decision_id, client_order_id, source, signal_id, strategy_id, idempotency_key, symbol, side, type, qty, limit_price, outcome, code, message, is_reducing,
    reference_price, reserved_notional, limits_version, rules, ts_market, terms, replaces, record)
  SELECT d.decision_id, d.client_order_id, d.source, d.signal_id, d.strategy_id, d.idempotency_key, d.symbol, d.side, d.type, d.qty, d.limit_price, d.outcome, d.code, d.message, d.is_reducing,
    d.reference_price, d.reserved_notional, $19, d.rules::jsonb, d.ts_market, d.terms::jsonb, d.replaces, d.record::jsonb
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::numeric[], $11::numeric[], $12::text[], $13::text[], $14::text[], $15::boolean[],
    $16::numeric[], $17::numeric[], $18::text[], $20::timestamptz[], $21::text[], $22::text[], $23::text[])
    AS d(decision_id, client_order_id, source, signal_id, strategy_id, idempotency_key, symbol, side, type, qty, limit_price, outcome, code, message, is_reducing, reference_price, reserved_notional, rules, ts_market, terms, replaces, record)`;

const UPSERT_TARGETS = `
  INSERT INTO risk_management.strategy_targets (strategy_id, symbol, target, signal_id, follow_ups, ts_market, owed)
  SELECT t.strategy_id, t.symbol, t.target, t.signal_id, t.follow_ups, t.ts_market, t.owed
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::integer[], $6::timestamptz[], $7::numeric[]) AS t(strategy_id, symbol, target, signal_id, follow_ups, ts_market, owed)
  ON CONFLICT (strategy_id, symbol) DO UPDATE SET target = excluded.target, signal_id = excluded.signal_id, follow_ups = excluded.follow_ups, ts_market = excluded.ts_market, owed = excluded.owed`;

type Kept = { readonly decision: Decision; readonly idempotencyKey: string | null };

async function insertDecisions(tx: Tx, kept: readonly Kept[], limitsVersion: number): Promise<void> {
  if (kept.length === 0) return;
  const column = <T>(pick: (decision: Decision) => T): T[] => kept.map(({ decision }) => pick(decision));
  await tx.query(INSERT_DECISIONS, [
    column((d) => d.decisionId), column((d) => d.clientOrderId), column((d) => d.source), column((d) => d.signalId), column((d) => d.strategyId), kept.map((k) => k.idempotencyKey),
    column((d) => d.symbol), column((d) => d.side), column((d) => d.type), column((d) => toText(d.qty)), column((d) => (d.limitPrice === null ? null : toText(d.limitPrice))),
    column((d) => d.outcome), column((d) => d.code), column((d) => d.message), column((d) => d.isReducing), column((d) => (d.referencePrice === null ? null : toText(d.referencePrice))),
    column((d) => toText(d.reservedNotional)), column((d) => JSON.stringify(d.rules)), limitsVersion, column((d) => at(d.tsMarket)),
    column((d) => JSON.stringify(writeTerms(d))), column((d) => d.replaces), column((d) => JSON.stringify(d.record)),
  ]);
}

async function saveTargets(tx: Tx, targets: readonly TargetChange[]): Promise<void> {
  if (targets.length === 0) return;
  await tx.query(UPSERT_TARGETS, [
    targets.map((t) => t.strategyId ?? ''), targets.map((t) => t.symbol), targets.map((t) => t.target), targets.map((t) => t.originId), targets.map((t) => t.followUps), targets.map((t) => at(t.tsMarket)),
    targets.map((t) => (t.owed === null ? null : toText(t.owed))),
  ]);
}

function emitDecision(tx: Tx, decision: Decision, tradingStateVersion: number | null): void {
  const correlationId = decision.signalId ?? decision.decisionId;
  const reason = decision.owes === null || decision.owes.isZero() ? `The position in ${decision.symbol} is to be closed` : `The strategy wants ${toText(decision.owes)} ${decision.symbol} now`;
  for (const order of decision.cancels) {
    tx.emit({ topic: 'order.cancel_requested', key: `${order.clientOrderId}:${decision.decisionId}`, correlationId, payload: { clientOrderId: order.clientOrderId, reason } });
  }
  const { decisionId, source, signalId, strategyId, symbol, side, tsMarket } = decision;
  if (decision.clientOrderId === null) {
    invariant(decision.code !== null, 'A denial needs a code', { decisionId });
    const qty = decision.qty.isZero() ? null : toText(decision.qty);
    tx.emit({ topic: 'order.denied', key: decisionId, correlationId, payload: { decisionId, source, signalId, strategyId, symbol, side, qty, code: decision.code, message: decision.message, rules: [...decision.rules], tsMarket } });
    return;
  }
  invariant(decision.referencePrice !== null && decision.qty.gt(0), 'An approval needs a price and a quantity', { decisionId });
  tx.emit({
    topic: 'order.approved', key: decisionId, correlationId,
    payload: {
      decisionId, clientOrderId: decision.clientOrderId, source, signalId, strategyId, symbol, side, ...writeTerms(decision), qty: toText(decision.qty), replaces: decision.replaces, ...(decision.replacedFilledQty === null ? {} : { replacedFilledQty: toText(decision.replacedFilledQty) }),
      ...(tradingStateVersion === null ? {} : { tradingStateVersion }), isReducing: decision.isReducing, referencePrice: toText(decision.referencePrice),
      reservedNotional: toText(decision.reservedNotional), tsMarket, tsBarSeen: decision.tsBarSeen,
    },
  });
}

/** Keeps the highest equity of the measure that it belongs to: a person who resumed meanwhile has begun another. */
async function savePeak(tx: Tx, peak: Peak, tsMarket: EpochMs): Promise<void> {
  await tx.query(
    `INSERT INTO risk_management.peak_equity AS p (account_number, measure, equity, transfers, ts_market) VALUES ($1, $2, $3, ${TRANSFERS}, $4)
     ON CONFLICT (account_number) DO UPDATE SET equity = excluded.equity, transfers = excluded.transfers, ts_market = excluded.ts_market WHERE p.measure = excluded.measure`,
    [peak.accountNumber, peak.measure, peak.equity === null ? null : toText(peak.equity), at(tsMarket)],
  );
}

class TradingDesk implements Desk {
  readonly loaded: LoadedBook;
  readonly #tx: Tx;
  #book: LoadedBook['book'];
  #peak: Peak | null;
  #peakAt: EpochMs | null = null;
  #breaking: Finding | null = null;
  readonly #kept: Kept[] = [];
  readonly #entries = new Map<string, number>();
  /** Approved within this transaction, by day and strategy. */
  readonly #ownEntries = new Map<string, Map<string, number>>();
  readonly #decided: Set<string>;
  readonly #targets = new Map<string, TargetChange>();
  readonly #takenBack: { readonly clientOrderId: string; readonly signalId: string }[] = [];
  readonly #told: Finding[] = [];
  readonly #broken: Finding[] = [];
  readonly #markets = new Map<string, LoadedMarket>();

  constructor(tx: Tx, loaded: LoadedBook) {
    this.#tx = tx;
    this.loaded = loaded;
    this.#book = loaded.book;
    this.#peak = loaded.peak;
    this.#decided = new Set(loaded.decided);
  }

  book(): LoadedBook['book'] {
    return this.#book;
  }

  async marketAt(tsMarket: EpochMs, symbols: readonly string[], before: EpochMs = tsMarket): Promise<LoadedMarket> {
    const key = `${tsMarket} ${before} ${symbols.filter((symbol) => !this.loaded.book.positions.has(symbol)).join(' ')}`;
    const known = this.#markets.get(key) ?? await loadMarket(this.#tx, this.loaded, { tsMarket, before, symbols });
    this.#markets.set(key, known);
    await storeDayOpen(this.#tx, known);
    return { ...known, peakEquity: this.#raisePeak(known.peakEquity, tsMarket) };
  }

  /** The highest of all moments that this desk has looked at. */
  #raisePeak(equity: RiskMarket['peakEquity'], tsMarket: EpochMs): RiskMarket['peakEquity'] {
    if (this.#peak === null || equity === null) return null;
    if (this.#peak.equity === null || equity.gt(this.#peak.equity)) {
      this.#peak = { ...this.#peak, equity };
      this.#peakAt = tsMarket;
    }
    return this.#peak.equity;
  }

  decide(market: RiskMarket, intent: Intent, idempotencyKey?: string): Decision {
    const day = exchangeDay(intent.tsMarket);
    const decision = decide(this.#book, { ...market, entriesToday: market.entriesToday + (this.#entries.get(day) ?? 0), entriesByStrategy: this.#entriesByStrategy(market, day) }, intent);
    this.#keep(decision, idempotencyKey ?? null);
    if (decision.clientOrderId !== null && !decision.isReducing) this.#countEntry(day, decision.strategyId);
    this.#book = applyDecision(this.#book, decision);
    this.#break();
    return decision;
  }

  #entriesByStrategy(market: RiskMarket, day: string): RiskMarket['entriesByStrategy'] {
    const own = this.#ownEntries.get(day);
    if (own === undefined) return market.entriesByStrategy;
    const all = new Map(market.entriesByStrategy);
    for (const [strategyId, entries] of own) all.set(strategyId, (all.get(strategyId) ?? 0) + entries);
    return all;
  }

  #countEntry(day: string, strategyId: string | null): void {
    this.#entries.set(day, (this.#entries.get(day) ?? 0) + 1);
    if (strategyId === null) return;
    const own = this.#ownEntries.get(day) ?? new Map<string, number>();
    this.#ownEntries.set(day, own.set(strategyId, (own.get(strategyId) ?? 0) + 1));
  }

  refuse(decision: Decision, idempotencyKey: string): void {
    invariant(decision.clientOrderId === null, 'Only a denial can be kept without its book', { decisionId: decision.decisionId });
    this.#keep(decision, idempotencyKey);
  }

  #keep(decision: Decision, idempotencyKey: string | null): void {
    if (this.#decided.has(decision.decisionId)) throw new AppError('IDEMPOTENCY_CONFLICT', 'This was decided before', { context: { decisionId: decision.decisionId } });
    this.#decided.add(decision.decisionId);
    this.#kept.push({ decision, idempotencyKey });
  }

  breakWith(finding: Finding): void {
    this.#told.push(finding);
    if (this.#book.tradingState === 'ACTIVE') this.#breaking = finding;
  }

  /** The decision that saw the loss names it; those after it see the state. */
  #break(): void {
    if (this.#breaking === null) return;
    this.#broken.push(this.#breaking);
    this.#breaking = null;
    this.#book = { ...this.#book, tradingState: 'REDUCING' };
  }

  aim(change: TargetChange): void {
    this.#targets.set(`${change.strategyId ?? ''}|${change.symbol}`, change);
  }

  takeBack(clientOrderId: string, signalId: string): void {
    this.#takenBack.push({ clientOrderId, signalId });
  }

  tell(finding: Finding): void {
    this.#told.push(finding);
  }

  async save(): Promise<void> {
    this.#break();
    await insertDecisions(this.#tx, this.#kept, this.loaded.limitsVersion);
    await saveTargets(this.#tx, [...this.#targets.values()]);
    if (this.#peak !== null && this.#peakAt !== null) await savePeak(this.#tx, this.#peak, this.#peakAt);
    for (const { decision } of this.#kept) emitDecision(this.#tx, decision, this.loaded.book.facts.tradingStateVersion);
    for (const { clientOrderId, signalId } of this.#takenBack) {
      this.#tx.emit({ topic: 'order.cancel_requested', key: `${clientOrderId}:${signalId}`, correlationId: signalId, payload: { clientOrderId, reason: 'Its strategy takes it back' } });
    }
    await recordRiskEvents(this.#tx, this.#told);
    for (const finding of this.#broken) await turnToReducing(this.#tx, finding);
  }
}

/** Opens the desk over a book that was loaded under lockDecisions in the same transaction. */
export function openDesk(tx: Tx, loaded: LoadedBook): Desk {
  return new TradingDesk(tx, loaded);
}
