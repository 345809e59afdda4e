/** Both engines as one, for whoever does not mind whose a strategy is: catching up, switches, lists. */
import type { Engine } from './engine.ts';
import type { LiveEngine } from './live-engine.ts';

/** The house's strategies and the authored ones that are warm. A fleet is of one kind. */
export function bothEngines(house: Engine, live: LiveEngine): Engine {
  return {
    async load(book) {
      await house.load(book);
      await live.load(book);
    },
    deployments: () => [...house.deployments(), ...live.deployments()],
    // Each lane has its own.
    hear: (tx, events) => house.hear(tx, events),
    replay: (tx, fleet, bars) => (fleet.deployments.some(({ authored }) => authored !== undefined) ? live.replay(tx, fleet, bars) : house.replay(tx, fleet, bars)),
    forget() {
      house.forget();
      live.forget();
    },
    setEnabled(strategyId, isEnabled) {
      house.setEnabled(strategyId, isEnabled);
      live.setEnabled(strategyId, isEnabled);
    },
    ended(strategyId) {
      house.ended(strategyId);
      live.ended(strategyId);
    },
    async refreshWatched(book) {
      await live.refreshWatched(book);
      return house.refreshWatched(book);
    },
  };
}
