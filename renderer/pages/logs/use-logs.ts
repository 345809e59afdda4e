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
/** An order's story is asked for anew: its facts come from the book, not from the tail. */
const STORY_EVERY_MS = 1_500;
const RETRY_MS = 2_000;

/** What the page shows. `heardAt`: when the gateway was heard last (this computer's clock); `failure`: why it is not heard now. */
export type LogsState = {
  readonly list: LineList | null; readonly matter: LogMatter | null; readonly failure: unknown; readonly heardAt: number | null; readonly isLive: boolean; readonly isLoadingOlder: boolean;
  /** Lines that came while the reader was looking elsewhere, not shown yet. */ readonly waiting: number; loadOlder(): void; retry(): void;
};

type Held = { list: LineList | null; waiting: RouteOutput<'logs'>['lines'] };

function filterOf(question: LogsSearch): Record<string, string> {
  const { units, level, search, about } = question;
  return { ...(units === undefined ? {} : { units }), ...(level === undefined ? {} : { level }), ...(search === undefined ? {} : { search }), ...(about === undefined ? {} : { about }) };
}

function pageInput(question: LogsSearch, bounds: ReturnType<typeof boundsOf>, cursor?: string): RouteInput<'logs'> {
  return { ...filterOf(question), ...(bounds.from === null ? {} : { from: bounds.from }), ...(bounds.to === null ? {} : { to: bounds.to }), limit: question.about === undefined ? PAGE_LINES : STORY_LINES, ...(cursor === undefined ? {} : { cursor }) };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

/** Keeps the answer to a question. While `isPaused`, new lines wait. */
export function useLogs(question: LogsSearch, isPaused: boolean): LogsState {
  const [held, setHeld] = useState<Held>({ list: null, waiting: [] });
  const [matter, setMatter] = useState<LogMatter | null>(null);
  const [failure, setFailure] = useState<unknown>(null);
  const [heardAt, setHeardAt] = useState<number | null>(null);
  const [attempt, setAttempt] = useState(0);
  const [isLoadingOlder, setLoadingOlder] = useState(false);
  const paused = useRef(isPaused);
  const key = JSON.stringify(question);
  const bounds = useRef(boundsOf(question, Date.now()));

  useEffect(() => {
    paused.current = isPaused;
    if (!isPaused) setHeld((now) => (now.list && now.waiting.length > 0 ? { list: withFresh(now.list, now.waiting), waiting: [] } : now));
  }, [isPaused]);

  useEffect(() => {
    const asked = JSON.parse(key) as LogsSearch;
    const abort = new AbortController();
    bounds.current = boundsOf(asked, Date.now());
    const isStory = asked.about !== undefined;
    const take = (page: RouteOutput<'logs'>): void => {
      setHeld({ list: listOf(page.lines, page.nextCursor), waiting: [] });
      setMatter(page.matter);
      setHeardAt(Date.now());
      setFailure(null);
    };
    const follow = async (seq: number): Promise<void> => {
      let last = seq;
      for (;;) {
        await readLines(await openBookTail(filterOf(asked), last, abort.signal), (texts) => {
          const messages = texts.map((text) => logTailMessageSchema.parse(JSON.parse(text)));
          last = messages.at(-1)?.seq ?? last;
          const fresh = messages.flatMap((message) => message.lines).filter((line) => bounds.current.from === null || line.at >= bounds.current.from);
          setHeardAt(Date.now());
          setFailure(null);
          if (fresh.length > 0) setHeld((now) => (now.list === null ? now : paused.current ? { ...now, waiting: [...now.waiting, ...fresh].slice(-PAGE_LINES * 10) } : { list: withFresh(now.list, [...now.waiting, ...fresh]), waiting: [] }));
        });
      }
    };
    const keep = async (): Promise<void> => {
      while (!abort.signal.aborted) {
        try {
          const page = await call('logs', pageInput(asked, bounds.current), { signal: abort.signal });
          take(page);
          if (isStory) await pause(STORY_EVERY_MS, abort.signal);
          else if (bounds.current.to !== null) return;
          else await follow(page.seq);
        } catch (error) {
          if (abort.signal.aborted) return;
          setFailure(error);
          await pause(RETRY_MS, abort.signal);
        }
      }
    };
    setHeld({ list: null, waiting: [] });
    setMatter(null);
    setHeardAt(null);
    setFailure(null);
    void keep();
    return () => abort.abort();
  }, [key, attempt]);

  const cursor = held.list?.cursor ?? null;
  const loadOlder = useCallback(() => {
    if (cursor === null || isLoadingOlder) return;
    setLoadingOlder(true);
    call('logs', pageInput(JSON.parse(key) as LogsSearch, bounds.current, cursor))
      .then((page) => setHeld((now) => (now.list?.cursor === cursor ? { ...now, list: withOlder(now.list, page.lines, page.nextCursor) } : now)))
      .catch(setFailure)
      .finally(() => setLoadingOlder(false));
  }, [cursor, isLoadingOlder, key]);
  const retry = useCallback(() => setAttempt((now) => now + 1), []);
  const isLive = bounds.current.to === null;
  return { list: held.list, matter, failure, heardAt, isLive, isLoadingOlder, waiting: held.waiting.length, loadOlder, retry };
}
