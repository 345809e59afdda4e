/** The commands about deployed strategies. */
import type { CommandHandlers, ServiceContext } from '#chassis/service.ts';
import { strategyLive, strategyResources } from './deploy-live.ts';
import { pauseStrategy, setStrategyLimits, startStrategy, stopStrategy } from './deploy-state.ts';
import { deployStrategy, type DeployNewParts } from './deploy-strategy.ts';
import { mustFitAccount } from './gates.ts';
import type { LiveEngine } from './live-engine.ts';
import { setStrategyEnabled } from './set-enabled.ts';

/** What they work with. */
export type DeployCommandParts = DeployNewParts & { readonly live: LiveEngine; readonly clock: ServiceContext['clock'] };

/** Builds them. */
export function deployCommands(parts: DeployCommandParts): CommandHandlers {
  const { db, live, clock } = parts;
  return {
    setStrategyEnabled: (input) => setStrategyEnabled(parts, input),
    deployStrategy: (input) => deployStrategy(parts, input),
    startStrategy: (input) => startStrategy(parts, input),
    pauseStrategy: (input) => pauseStrategy(parts, input),
    stopStrategy: (input) => stopStrategy(parts, input),
    async setStrategyLimits(input) {
      await mustFitAccount(db, input.limits);
      return setStrategyLimits(parts, input);
    },
    strategyResources: () => strategyResources({ db, live, now: () => clock.now() }),
    strategyLive: ({ strategyId }) => strategyLive({ db, live, now: () => clock.now() }, strategyId),
  };
}
