/** The simulator worker: a broker and a market on loopback, for the demo, for replays and for tests. */
import { invariant } from '#app/domain/errors.ts';
import { runService } from '#chassis/service.ts';
import { openSimulator } from './simulator.ts';

runService({
  unit: 'simulator',
  pool: 2,
  usesBook: (config) => config.replay !== undefined,
  usesBus: false,
  setUp: async (ctx) => {
    const { config } = ctx;
    const endpoint = config.units.simulator;
    invariant(config.simulator && endpoint, 'The simulator needs its settings and its address');
    const gauges = {
      steps: ctx.metrics.gauge('simulator_steps', 'Minutes of the tape that were released'),
      bars: ctx.metrics.gauge('simulator_bars', 'Bars that were released'),
      openOrders: ctx.metrics.gauge('simulator_open_orders', 'Orders that rest at the simulated broker'),
      marketTime: ctx.metrics.gauge('simulator_market_time_seconds', 'Market time, seconds since 1970'),
    };
    const { margin = 1 } = config.simulator;
    const simulator = await openSimulator({
      // A recorded tape is traded as back-tests trade it: with cash alone, unless margin is asked for.
      account: config.replay && config.simulator.margin === undefined ? {} : { multiplier: margin, isShortingEnabled: margin > 1 },
      settings: config.simulator, replay: config.replay ?? null, internalToken: config.internalToken, today: ctx.clock.now(), book: config.replay ? ctx.db : null, signal: ctx.signal, log: ctx.log,
      health: ctx.healthReport, metrics: () => renderMetrics(), onFatal: ctx.fatal,
    });
    const renderMetrics = async (): Promise<{ contentType: string; text: string }> => {
      const { broker } = simulator;
      gauges.steps.set(broker.counts().steps);
      gauges.bars.set(broker.counts().bars);
      gauges.openOrders.set(broker.venue.openOrders().length);
      gauges.marketTime.set(broker.now() / 1000);
      return { contentType: ctx.metrics.contentType, text: await ctx.metrics.render() };
    };
    return {
      serve: async () => {
        await simulator.server.listen({ port: endpoint.port, host: endpoint.host });
        return { close: () => simulator.close() };
      },
      start: async () => {
        simulator.start().then(async (summary) => {
          if (summary === null) return;
          ctx.log.info({ summary }, 'The tape has ended');
          if (config.replay) await ctx.request('replayDone', { summary });
        }).catch(ctx.fatal);
      },
    };
  },
});
