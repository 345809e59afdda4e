/** The gateway's look over what is being typed: a moment after the last keystroke; an answer about older text is dropped. */
import { call, ClientError, mayPass } from '../../../data/client.ts';
import { createStore, useStore } from '../../../data/external-store.ts';
import { filesProblem } from './files.ts';
import { onSession, sessionNow, setCheck } from './session.ts';
import type { ProjectFile } from '#app/contracts/author.ts';

const CHECK_AFTER_MS = 400;
/** After a look that could not be had it is asked again, each time later: back-test, search and gates wait for its answer. */
const AGAIN_MS = 3_000;
const AGAIN_MOST_MS = 30_000;

/** How the look stands. `failure`: why it could not be had; typing goes on without it. */
export type Checking = { readonly isRunning: boolean; readonly failure: unknown };
const checking = createStore<Checking>({ isRunning: false, failure: null });
/** How the look stands. */
export const useChecking = (): Checking => useStore(checking);

let asked: readonly ProjectFile[] | null = null;
let inFlight: AbortController | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Whether it is asked again: the gateway was away or busy, or its part did not answer. */
const isAskedAgain = (failure: unknown): boolean => mayPass(failure) || (failure instanceof ClientError && failure.status === 429);

function ask(files: readonly ProjectFile[], againMs = AGAIN_MS): void {
  const problem = filesProblem(files);
  if (problem !== null) {
    checking.set({ isRunning: false, failure: new Error(problem) });
    return;
  }
  const mine = new AbortController();
  inFlight = mine;
  call('checkFiles', { files: [...files] }, { signal: mine.signal }).then((check) => {
    if (mine.signal.aborted) return;
    checking.set({ isRunning: false, failure: null });
    setCheck(files, check);
  }, (failure: unknown) => {
    if (mine.signal.aborted) return;
    checking.set({ isRunning: false, failure });
    if (isAskedAgain(failure)) timer = setTimeout(() => ask(files, Math.min(2 * againMs, AGAIN_MOST_MS)), againMs);
  });
}

function follow(): void {
  const files = sessionNow().doc?.files ?? null;
  if (files === asked) return;
  asked = files;
  inFlight?.abort();
  clearTimeout(timer);
  if (files === null) return;
  checking.set({ isRunning: true, failure: null });
  timer = setTimeout(() => ask(files), CHECK_AFTER_MS);
}

/** Looks again at what is there: the last look failed. */
export function checkAgain(): void {
  asked = null;
  follow();
}

/** Follows what is typed; answers a function that ends it. */
export function followTyping(): () => void {
  follow();
  const end = onSession(follow);
  return () => {
    end();
    clearTimeout(timer);
    inFlight?.abort();
    asked = null;
  };
}
