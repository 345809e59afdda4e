/** The name of a back-test, known as soon as its run is: the gateway answers with it, the strategy engine writes its row under it. */
import { createHash } from 'node:crypto';

/** Id of a back-test: that of its run, so that a run that is taken up again writes the same row. */
export function backtestIdOf(runId: string): string {
  return `bt_${createHash('sha256').update(runId).digest('hex').slice(0, 24)}`;
}
