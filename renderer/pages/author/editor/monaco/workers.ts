/** The workers of the editor, real files of our own origin. TypeScript's is started beside the code of the editor instead of after it. */
import EditorWorker from 'monaco-editor/editor/editor.worker.js?worker';
import TypeScriptWorker from 'monaco-editor/languages/features/typescript/ts.worker.js?worker';

let waiting: Worker | null = null;
let isBegun = false;

/** Starts the worker that the first question about types will go to; once. */
export function warmTypes(): void {
  if (isBegun) return;
  isBegun = true;
  waiting = new TypeScriptWorker();
}

/** The worker that looks at types: the one that was started, or another after that one was given away. */
export function typesWorker(): Worker {
  isBegun = true;
  const given = waiting ?? new TypeScriptWorker();
  waiting = null;
  return given;
}

/** The worker for links, comparisons and words. */
export const textWorker = (): Worker => new EditorWorker();
