/** What is told of authored strategies at work: health, log and metrics. */
import type { ServiceContext } from '#chassis/service.ts';
import type { EngineListener } from './engine.ts';
import type { LiveParts } from './live-engine.ts';

/** Builds the listener. `house`: counts the bars and signals of both. */
export function listenLive({ metrics, health, log }: Pick<ServiceContext, 'metrics' | 'health' | 'log'>, house: Pick<EngineListener, 'applied' | 'raised'>): Pick<LiveParts, 'listener' | 'onPaused'> {
  const failures = metrics.counter('authored_failures_total', 'Batches of bars at which an authored strategy failed', ['strategy']);
  return {
    listener: {
      loaded({ deployments, unusable }) {
        const enabled = deployments.filter((deployment) => deployment.isEnabled).length;
        health.set('authored strategies', { ok: unusable.length === 0, message: `${enabled} of ${deployments.length + unusable.length} authored strategies at work` });
        health.degraded('authored', unusable.length === 0 ? null : unusable.map(({ strategyId, reason }) => `Strategy ${strategyId} cannot run: ${reason}`).join('; '));
      },
      applied: (count) => house.applied(count),
      raised: (signals) => house.raised(signals),
      failed(failed) {
        for (const { deployment, error } of failed) {
          failures.inc({ strategy: deployment.strategyId });
          log.warn({ err: error, strategyId: deployment.strategyId }, 'An authored strategy failed at a batch of bars; it is as it was before');
        }
      },
    },
    onPaused: (strategyIds) => log.warn({ strategyIds }, 'Strategies are paused by themselves; what they hold stays held'),
  };
}
