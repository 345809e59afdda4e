/** What a person may do about a finding: have its remedy carried out, or leave it alone. Orders go through risk like any other; cancels through the lane of cancels. */
import type { CommandAsk, CommandInput, CommandOutput } from '#app/contracts/commands.ts';
import { writeTerms, MARKET_TERMS } from '#app/domain/order-terms.ts';
import { AppError } from '#app/domain/errors.ts';
import { price, quantity, toText, type Money, type Quantity } from '#app/domain/numeric.ts';
import { holdersOf } from '#app/domain/position-book.ts';
import type { EpochMs } from '#app/domain/time.ts';
import type { RemedyAction } from '#app/execution/remedy.ts';
import { callCommand } from '#chassis/commands.ts';
import type { Db, Tx } from '#chassis/db.ts';
import type { RuntimeConfig } from '#app/contracts/config.ts';
import type { Broker } from '../alpaca/ports.ts';
import { ourHoldings, theirHoldings } from './account.ts';
import { requestCancel } from './cancels.ts';
import { BLANK_ENTRY, enter } from './entries.ts';
import { dismiss, lockFinding, resolveFinding, type Finding } from './findings.ts';
import { lockOrders } from './orders.ts';
import type { Reconciler } from './reconcile.ts';

/** What remedies need. `ask`: risk's door; `onCancel` rings the lane that asks the broker. */
export type RemedyParts = {
  readonly db: Db; readonly broker: Broker; readonly reconciler: Reconciler; readonly nowMs: () => EpochMs; readonly onCancel: () => void;
  readonly ask: <N extends 'manualOrder' | 'reducePosition'>(name: N, input: CommandAsk<N>) => Promise<CommandOutput<N>>;
};

type Request = CommandInput<'applyRemedy'>;
type Doing<K extends RemedyAction['kind']> = { readonly tx: Tx; readonly finding: Finding; readonly action: Extract<RemedyAction, { kind: K }>; readonly input: Request };

/** Risk's door, as the runtime configuration names it. */
export function riskDoor(config: RuntimeConfig): RemedyParts['ask'] {
  return (name, input) => callCommand(config, name, input);
}

async function cancelOrders({ nowMs, onCancel }: RemedyParts, { tx, action, input }: Doing<'cancel'>): Promise<string> {
  let requested = 0;
  for (const order of await lockOrders(tx, { by: 'order_id', ids: action.orderIds })) if (await requestCancel(tx, order, { reason: `canceled by ${input.actor} as the guardian proposed`, actor: input.actor, now: nowMs() })) requested += 1;
  if (requested === 0) throw new AppError('ORDER_NOT_CANCELABLE', 'The order has ended already');
  tx.afterCommit(onCancel);
  return `The broker is asked to cancel ${requested === 1 ? 'the order' : `${requested} orders`}`;
}

/** Risk decides, as about any order; what it denies is said in its words, and the finding stands. */
async function order(parts: RemedyParts, { action, input }: Doing<'protect' | 'exit'>): Promise<string> {
  const { idempotencyKey, actor } = input;
  const reply = action.kind === 'exit'
    ? await parts.ask('reducePosition', { idempotencyKey, actor, symbol: action.symbol, strategyId: action.strategyId, qty: action.qty })
    : await parts.ask('manualOrder', {
      idempotencyKey, actor, symbol: action.symbol, side: action.side, qty: action.qty,
      ...writeTerms({ ...MARKET_TERMS, type: 'stop', timeInForce: quantity(action.qty).isInteger() ? 'gtc' : 'day', stopPrice: price(action.stopPrice) }),
    });
  if (reply.outcome === 'denied') throw new AppError('ORDER_DENIED', `Risk denied it: ${reply.message}`, { context: { code: reply.code, decisionId: reply.decisionId } });
  return `Risk approved ${reply.clientOrderId ?? 'the order'}`;
}

const MOVED = 'The figures have moved since; compare the books again';

/** The broker is asked again before its figure is believed: what a person saw may be old. */
async function takeOverPosition({ db, broker, nowMs }: RemedyParts, { tx, finding, action, input }: Doing<'take_over_position'>): Promise<string> {
  const { symbol } = action;
  const theirs = (await theirHoldings(broker)).positions.get(symbol) ?? quantity('0');
  await tx.query('SELECT 1 FROM execution.account_ledger FOR UPDATE');
  const ours = (await ourHoldings(tx)).positions.get(symbol) ?? quantity('0');
  if (!theirs.eq(action.theirs) || !ours.eq(action.ours)) throw new AppError('VERSION_CONFLICT', MOVED);
  const shares = await tx.query<{ strategy_id: string; qty: string }>('SELECT strategy_id, qty FROM execution.strategy_positions WHERE symbol = $1', [symbol]);
  const at = (await newestEvent(db)) ?? nowMs();
  for (const { strategyId, change } of holdersOf(new Map(shares.map((row) => [row.strategy_id, quantity(row.qty)])), theirs.minus(ours) as Quantity)) {
    await enter(tx, {
      ...BLANK_ENTRY, entryId: `person:${finding.findingId}:${finding.version}:${strategyId}`, kind: 'adjustment', symbol, strategyId, qtyChange: change, price: action.avgPrice === null || !(Number(action.avgPrice) > 0) ? null : price(action.avgPrice),
      description: `${input.actor} took over the broker's position of ${action.theirs} ${symbol}; our book held ${action.ours}`, actor: input.actor, source: 'person', at, tsSeen: nowMs(),
    });
  }
  return `Our book now holds ${toText(theirs)} ${symbol}`;
}

async function takeOverCash({ db, broker, nowMs }: RemedyParts, { tx, finding, action, input }: Doing<'take_over_cash'>): Promise<string> {
  const theirs = (await theirHoldings(broker)).cash;
  await tx.query('SELECT 1 FROM execution.account_ledger FOR UPDATE');
  const ours = (await ourHoldings(tx)).cash;
  if (!theirs.eq(action.theirs) || !ours.eq(action.ours)) throw new AppError('VERSION_CONFLICT', MOVED);
  await enter(tx, {
    ...BLANK_ENTRY, entryId: `person:${finding.findingId}:${finding.version}`, kind: 'adjustment', cashChange: theirs.minus(ours) as Money,
    description: `${input.actor} took over the broker's cash of ${action.theirs} dollars; our ledger had ${action.ours}`, actor: input.actor, source: 'person', at: (await newestEvent(db)) ?? nowMs(), tsSeen: nowMs(),
  });
  return `Our ledger now has ${toText(theirs)} dollars`;
}

async function giveBack({ db, nowMs }: RemedyParts, { tx, finding, action, input }: Doing<'give_back'>): Promise<string> {
  await enter(tx, {
    ...BLANK_ENTRY, entryId: `person:${finding.findingId}:${finding.version}`, kind: 'allocation', symbol: action.symbol, strategyId: action.strategyId, toStrategyId: '', shareQty: quantity(action.qty), price: price(action.price),
    description: `${input.actor} took ${action.qty} ${action.symbol} from ${action.strategyId} at ${action.price}, against the manual share`, actor: input.actor, source: 'person', at: (await newestEvent(db)) ?? nowMs(), tsSeen: nowMs(),
  });
  return `${action.strategyId} no longer counts on ${action.qty} ${action.symbol}`;
}

/** The newest instant of the ledger, in market time: an entry by a person stands behind what is booked already, also where the market's clock is not ours. */
async function newestEvent(db: Db): Promise<EpochMs | null> {
  const [row] = await db.query<{ at: number | null }>('SELECT greatest((SELECT max(ts_event) FROM execution.trades), (SELECT max(ts_event) FROM execution.ledger_entries), (SELECT opened_at FROM execution.account_ledger)) AS at');
  return (row?.at ?? null) as EpochMs | null;
}

async function carryOut(parts: RemedyParts, doing: Omit<Doing<RemedyAction['kind']>, 'action'>, action: RemedyAction): Promise<string> {
  switch (action.kind) {
    case 'cancel': return cancelOrders(parts, { ...doing, action });
    case 'protect': case 'exit': return order(parts, { ...doing, action });
    case 'give_back': return giveBack(parts, { ...doing, action });
    case 'take_over_position': return takeOverPosition(parts, { ...doing, action });
    case 'take_over_cash': return takeOverCash(parts, { ...doing, action });
    case 'compare': return 'The books are compared';
  }
}

/**
 * Carries out a finding's remedy, once: the finding is closed with it, and comes back with the next look if the trouble is still there.
 * @throws AppError FINDING_NOT_FOUND, VERSION_CONFLICT (it is gone, or the figures moved), ORDER_DENIED (risk said no), INPUT_INVALID (only a person can mend it)
 */
export function applyRemedy(parts: RemedyParts) {
  return async (input: Request): Promise<CommandOutput<'applyRemedy'>> => {
    const { done, action } = await parts.db.tx(async (tx) => {
      const finding = await lockFinding(tx, input.findingId);
      if (finding.remedy === null) throw new AppError('INPUT_INVALID', 'Nothing is proposed for this finding: a person must look at it');
      const { action: asked } = finding.remedy;
      const words = await carryOut(parts, { tx, finding, input }, asked);
      await resolveFinding(tx, finding.findingId, input.actor);
      await tx.query('INSERT INTO logging.audit_log (actor, action, subject, after) VALUES ($1, $2, $3, $4)', [input.actor, 'finding.apply', finding.findingId, JSON.stringify({ action: asked, done: words, idempotencyKey: input.idempotencyKey })]);
      return { done: words, action: asked };
    });
    if (action.kind === 'compare') await parts.reconciler.run(`remedy:${input.idempotencyKey}`);
    return { findingId: input.findingId, done };
  };
}

/** Leaves a finding alone until it is gone. @throws AppError FINDING_NOT_FOUND, VERSION_CONFLICT */
export function dismissFinding(db: Db) {
  return async ({ findingId, actor, reason }: CommandInput<'dismissFinding'>): Promise<CommandOutput<'dismissFinding'>> => {
    await db.tx(async (tx) => {
      await dismiss(tx, findingId, { actor, reason });
      await tx.query('INSERT INTO logging.audit_log (actor, action, subject, after) VALUES ($1, $2, $3, $4)', [actor, 'finding.dismiss', findingId, JSON.stringify({ reason })]);
    });
    return { findingId };
  };
}
