/** An authored strategy run again for an explanation: in a process of its own, ended when it has answered or taken too long. */
import { AppError } from '#app/domain/errors.ts';
import type { Queryable } from '#chassis/db.ts';
import { openSandbox } from '../research/sandbox/sandbox.ts';
import { readProjectVersion } from './author-read.ts';
import type { StoredVersion } from './explain-read.ts';
import type { Recorder } from './explain-rerun.ts';

/** Who runs a version again; null for one of the house. `limitMs`: from when its process has started. */
export function recorderOf(book: Queryable, { authored, parameters }: StoredVersion, limitMs: number): Recorder | null {
  if (authored === null) return null;
  return async (ask) => {
    const { files } = await readProjectVersion(book, authored.projectId, authored.version);
    using sandbox = await openSandbox(files, parameters);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(new AppError('STRATEGY_OUT_OF_TIME', 'It takes longer than a few seconds to run it over the bars before this one')), limitMs);
    try {
      return await sandbox.ask('record', ask, abort.signal);
    } finally {
      clearTimeout(timer);
    }
  };
}
