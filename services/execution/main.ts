/** The execution worker. */
import { runService } from '#chassis/service.ts';
import { setUpExecution } from './service.ts';

runService({ unit: 'execution', pool: 8, setUp: (ctx) => Promise.resolve(setUpExecution(ctx)) });
