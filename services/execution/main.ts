/** The execution worker. */
import { runService } from '#chassis/service.ts';
import { setUpExecution } from './service.ts';

runService({ unit: 'execution', setUp: (ctx) => Promise.resolve(setUpExecution(ctx)) });
