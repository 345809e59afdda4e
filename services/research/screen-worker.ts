/** Entry of a thread that screens: keeps its part of the market, answers questions about it. */
import { parentPort } from 'node:worker_threads';
import { AppError, describeError, invariant } from '#app/domain/errors.ts';
import { screenSubjects } from './screen-part.ts';
import type { ScreenOrder, ScreenReply, ScreenSubject } from './screen-work.ts';

invariant(parentPort, 'Only a pool starts a thread that screens');
const port = parentPort;
const say = (reply: ScreenReply): void => port.postMessage(reply);
let held: { readonly market: string; readonly subjects: readonly ScreenSubject[] } = { market: '', subjects: [] };

port.on('message', (order: ScreenOrder) => {
  if (order.type === 'market') {
    held = { market: order.market, subjects: order.subjects };
    return;
  }
  const { run, market, question, splits } = order;
  try {
    invariant(held.market === market, 'The thread holds another market than it is asked about', { held: held.market, market });
    say({ type: 'found', run, part: screenSubjects(held.subjects, question, splits) });
  } catch (error) {
    say({ type: 'failed', run, code: error instanceof AppError ? error.code : 'INVARIANT_BROKEN', message: error instanceof AppError ? error.message : describeError(error) });
  }
});
say({ type: 'ready' });
