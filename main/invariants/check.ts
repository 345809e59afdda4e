/** The invariant checker: one list of checks, used by the command, the tests and the nightly job. */
import { checkFilledQuantities, checkPositionsAndCash } from './ledger.ts';
import { checkBrokerOrders, checkDecisions, checkOrderPaths, checkRelations, checkReservations, checkTradingState } from './orders.ts';
import type { BrokerOrderFact, InvariantResult, Query } from './types.ts';
import { checkBars, checkWire } from './wire.ts';

/** What to compare. `brokerOrders`: all orders at the broker, null when it cannot be asked; `mustBeSettled`: nothing may be on its way. */
export type CheckOptions = { readonly query: Query; readonly brokerOrders: readonly BrokerOrderFact[] | null; readonly mustBeSettled: boolean };

/** Runs every check; an empty `violations` in all of them is the only good answer. */
export async function checkInvariants({ query, brokerOrders, mustBeSettled }: CheckOptions): Promise<InvariantResult[]> {
  const results: InvariantResult[] = [
    { id: 'I1', title: 'fills add up to the filled quantity', violations: await checkFilledQuantities(query) },
    { id: 'I2 I3', title: 'positions, shares, lots and cash equal the sum of fills and entries', violations: await checkPositionsAndCash(query) },
    { id: 'I4 I8', title: 'order paths are legal, versions have no gap', violations: await checkOrderPaths(query) },
    { id: 'I5 P1 P2', title: 'one decision, one order', violations: await checkDecisions(query) },
    { id: 'I5', title: 'legs and replacements belong together', violations: await checkRelations(query) },
    { id: 'I6', title: 'nothing was submitted against the trading state', violations: await checkTradingState(query) },
    { id: 'I7', title: 'approvals stayed within the limits', violations: await checkReservations(query) },
    { id: 'I8 I9', title: 'every event once, in order, none lost', violations: await checkWire(query, mustBeSettled) },
    { id: 'I10', title: 'bars are possible, counted, told once', violations: await checkBars(query) },
  ];
  if (brokerOrders !== null) results.push({ id: 'I5 P3', title: 'the broker has the same orders and fills', violations: await checkBrokerOrders(query, brokerOrders) });
  return results;
}
