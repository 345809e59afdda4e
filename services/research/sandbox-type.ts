/** A user's strategy as catalogues and searches have it: described by what its sandbox said of it. It decides in its own process. */
import { AppError } from '#app/domain/errors.ts';
import { parametersJsonSchema, readParameters } from '#app/strategy/parameters.ts';
import type { StrategyType } from '#app/strategy/spec.ts';
import type { SandboxFacts } from './sandbox/protocol.ts';

/** The type. What it binds has the parameters filled in; it can be asked nothing here. */
export function sandboxType(facts: SandboxFacts): StrategyType {
  const { kind, title, description, scope, parameters: set, symbols, usesShorts, usesOrders, firstBar } = facts;
  return {
    kind, title: title === '' ? kind : title, description, scope, parameterSet: set, parametersJsonSchema: () => parametersJsonSchema(set),
    bind: (raw) => ({
      kind, scope, symbols: symbols ?? [1, scope === 'symbol' ? 1 : Infinity], usesShorts: usesShorts ?? false, usesOrders: usesOrders ?? false, parameters: readParameters(kind, set, raw), indicators: {}, history: firstBar, forgetting: 0,
      initialState: () => ({}),
      readState: (state) => state,
      onBar() {
        throw new AppError('INVARIANT_BROKEN', 'A user\'s strategy decides in its own process');
      },
    }),
  };
}
