/** The lines that a question finds, kept up to date: a first page, what comes since, and older ones on demand. */
import { useCallback, useEffect, useRef, useState } from 'react';
import type { LogMatter } from '#app/contracts/logs.ts';
import { logTailMessageSchema } from '#app/contracts/logs.ts';
import type { RouteInput, RouteOutput } from '#app/contracts/http.ts';
import { call, openBookTail, readLines } from '../../data/client.ts';
import type { LogsSearch } from './address.ts';
import { listOf, withFresh, withOlder } from './line-list.ts';
import type { LineList } from './line-list.ts';
import { boundsOf } from './span.ts';

const PAGE_LINES = 400;
const STORY_LINES = 1_000;
const STORY_EVERY_MS = 1_500;
const RETRY_MS = 2_000;
const WAITING_MAX = 4_000;

/** What the page shows. `heardAt`: when the gateway was heard last (this computer's clock); `failure`: why it is not heard now. */
export type LogsState = {
  readonly list: LineList | null; readonly matter: LogMatter | null; readonly failure: unknown; readonly heardAt: number | null; readonly isLive: boolean; readonly isLoadingOlder: boolean;
  /** Lines that came while the reader was looking elsewhere, not shown yet. */ readonly waiting: number; loadOlder(): void; retry(): void;
};

type Held = { readonly list: LineList | null; readonly waiting: Page['lines'] };
type Page = RouteOutput<'logs'>;
type Bounds = ReturnType<typeof boundsOf>;

function filterOf(question: LogsSearch): Record<string, string> {
  const { units, level, search, about } = question;
  return { ...(units === undefined ? {} : { units }), ...(level === undefined ? {} : { level }), ...(search === undefined ? {} : { search }), ...(about === undefined ? {} : { about }) };
}

function pageInput(question: LogsSearch, bounds: Bounds, cursor?: string): RouteInput<'logs'> {
  return { ...filterOf(question), ...(bounds.from === null ? {} : { from: bounds.from }), ...(bounds.to === null ? {} : { to: bounds.to }), limit: question.about === undefined ? PAGE_LINES : STORY_LINES, ...(cursor === undefined ? {} : { cursor }) };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** What was asked again joins what is shown, unless more came in between than a page holds. */
function joined(held: Held, page: Page, isPaused: boolean): Held {
  const { list, waiting } = held;
  if (list === null || (list.lines.length > 0 && !page.lines.some((line) => list.known.has(line.id)))) return { list: listOf(page.lines, page.nextCursor), waiting: [] };
  return added(held, page.lines.filter((line) => !list.known.has(line.id) && !waiting.some((other) => other.id === line.id)), isPaused);
}

/** Fresh lines are shown, or wait while the reader reads. */
function added(held: Held, fresh: Page['lines'], isPaused: boolean): Held {
  const { list, waiting } = held;
  if (list === null || fresh.length === 0) return held;
  return isPaused ? { list, waiting: [...waiting, ...fresh].slice(-WAITING_MAX) } : { list: withFresh(list, [...waiting, ...fresh]), waiting: [] };
}

type Ears = { page(page: Page): void; lines(lines: Page['lines']): void; failed(error: unknown): void };

/** Asks, then follows what comes, and again after each loss, until the signal ends it. A story is asked for again and again: its facts come from the book, not from the tail. */
async function keepAnswer(asked: LogsSearch, bounds: Bounds, ears: Ears, signal: AbortSignal): Promise<void> {
  const follow = async (afterSeq: number): Promise<void> => {
    await readLines(await openBookTail(filterOf(asked), afterSeq, signal), (texts) => {
      const lines = texts.flatMap((text) => logTailMessageSchema.parse(JSON.parse(text)).lines);
      ears.lines(lines.filter((line) => bounds.from === null || line.at >= bounds.from));
    });
  };
  while (!signal.aborted) {
    try {
      const page = await call('logs', pageInput(asked, bounds), { signal });
      if (signal.aborted) return;
      ears.page(page);
      if (bounds.to !== null) return;
      if (asked.about === undefined) await follow(page.seq);
      else await pause(STORY_EVERY_MS, signal);
    } catch (error) {
      if (signal.aborted) return;
      ears.failed(error);
      await pause(RETRY_MS, signal);
    }
  }
}

const NOTHING_HELD: Held = { list: null, waiting: [] };

/** Keeps the answer to a question. While `isPaused`, new lines wait. */
export function useLogs(question: LogsSearch, isPaused: boolean): LogsState {
  const key = JSON.stringify(question);
  const [held, setHeld] = useState<Held>(NOTHING_HELD);
  const [matter, setMatter] = useState<LogMatter | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [heardAt, setHeardAt] = useState<number | null>(null);
  const [bounds, setBounds] = useState<Bounds>({ from: null, to: null });
  const [attempt, setAttempt] = useState(0);
  const [isLoadingOlder, setLoadingOlder] = useState(false);
  const paused = useRef(isPaused);
  useEffect(() => {
    paused.current = isPaused;
    if (!isPaused) setHeld((now) => (now.list && now.waiting.length > 0 ? { list: withFresh(now.list, now.waiting), waiting: [] } : now));
  }, [isPaused]);
  useEffect(() => {
    const asked = JSON.parse(key) as LogsSearch;
    const span = boundsOf(asked, Date.now());
    const abort = new AbortController();
    const heard = (): void => {
      setHeardAt(Date.now());
      setFailure(null);
    };
    setHeld(NOTHING_HELD);
    setMatter(null);
    setHeardAt(null);
    setFailure(null);
    setBounds(span);
    void keepAnswer(asked, span, {
      page(page) {
        heard();
        setMatter(page.matter);
        setHeld((now) => joined(now, page, paused.current));
      },
      lines(lines) {
        heard();
        setHeld((now) => added(now, lines, paused.current));
      },
      failed: setFailure,
    }, abort.signal);
    return () => abort.abort();
  }, [key, attempt]);
  const cursor = held.list?.cursor ?? null;
  const loadOlder = useCallback(() => {
    if (cursor === null || isLoadingOlder) return;
    setLoadingOlder(true);
    call('logs', pageInput(JSON.parse(key) as LogsSearch, bounds, cursor))
      .then((page) => setHeld((now) => (now.list?.cursor === cursor ? { ...now, list: withOlder(now.list, page.lines, page.nextCursor) } : now)))
      .then(() => setLoadingOlder(false), (error: unknown) => {
        setFailure(error);
        // The list asks again by itself while its end is in sight.
        setTimeout(() => setLoadingOlder(false), RETRY_MS);
      });
  }, [bounds, cursor, isLoadingOlder, key]);
  const retry = useCallback(() => setAttempt((now) => now + 1), []);
  return { list: held.list, matter, failure, heardAt, isLive: bounds.to === null, isLoadingOlder, waiting: held.waiting.length, loadOlder, retry };
}
