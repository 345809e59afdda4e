/** P&L of a deployed strategy against what its back-test lets expect. */
import type { Expectation } from '#app/contracts/deploy.ts';
import type { Queryable } from '#chassis/db.ts';

/** The expectation of a deployment; null when there is no finished back-test of the files that it runs. */
export function readExpectation(_db: Queryable, _strategyId: string): Promise<Expectation | null> {
  return Promise.resolve(null);
}
