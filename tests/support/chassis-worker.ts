/** A small worker on the chassis, for the tests of its life: one command, one consumer, parts that can be told to misbehave. */
import { AppError } from '#app/domain/errors.ts';
import { runService } from '#chassis/service.ts';

const misbehave = process.env['MAINSPRING_TEST_MISBEHAVE'] ?? '';

runService({
  unit: 'risk_management',
  setUp: (ctx) => {
    if (misbehave === 'config') throw new AppError('CONFIG_INVALID', 'Planted: the configuration cannot work');
    return Promise.resolve({
      recover: () => {
        if (misbehave === 'recover') return Promise.reject(new Error('Planted: recovery met a bug'));
        return Promise.resolve();
      },
      commands: {
        setTradingState: (input) => {
          if (input.reason === 'degrade') ctx.health.degraded('test', 'Planted: something is wrong');
          if (input.reason === 'recover') ctx.health.degraded('test', null);
          if (input.reason === 'die') ctx.fatal(new Error('Planted: an invariant broke'));
          if (input.reason === 'forget') void Promise.reject(new Error('Planted: nobody handles this'));
          if (input.reason === 'deny') return Promise.reject(new AppError('ORDER_DENIED', 'Planted: a rule said no'));
          if (input.reason === 'arming') return Promise.resolve({ version: ctx.arming.now() === 'armed' ? 1 : 0, state: input.state });
          return Promise.resolve({ version: 7, state: input.state });
        },
      },
      drain: () => (misbehave === 'hang' ? new Promise<void>(() => undefined) : Promise.resolve()),
    });
  },
});
