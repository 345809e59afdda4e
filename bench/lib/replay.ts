/** A replay at full speed, measured out of the book and out of the processes it kept busy. */
import { byName, costsOf } from './processes.ts';
import { freshDataDir, removeDir, startStack, type BenchStack } from './stack.ts';

/** What a replay came to. `backlog`: events that somebody has not heard at its end. `cpuMs`: processor time by part, milliseconds. */
export type ReplayRun = {
  readonly bars: number; readonly steps: number; readonly seconds: number; readonly backlog: number; readonly orders: number;
  readonly cpuMs: ReadonlyMap<string, number>;
};

type Written = { bars: number; steps: number; seconds: number };

/** The first second of a stack is its warm-up: time runs from the first bar that was written to the last. */
const WRITTEN = `
  SELECT count(*)::int AS bars, count(DISTINCT payload->>'openTime')::int AS steps, extract(epoch FROM max(written_at) - min(written_at))::float8 AS seconds
  FROM data_ingestion.outbox WHERE topic = 'bar.closed'`;

/** What was written and not heard, and the orders that came of it. Notices are told in their own time. */
const LEFT = `
  SELECT (SELECT coalesce(sum(written_seq - heard_seq), 0)::int FROM public.pipeline_watermarks WHERE consumer <> 'notification') AS backlog,
    (SELECT count(*)::int FROM execution.orders) AS orders`;

async function figuresOf(stack: BenchStack): Promise<Omit<ReplayRun, 'cpuMs'>> {
  const book = await stack.book();
  try {
    const [written] = await book.query<Written>(WRITTEN);
    const [left] = await book.query<{ backlog: number; orders: number }>(LEFT);
    if (!written || !left) throw new Error('The book gave no figures');
    return { ...written, ...left };
  } finally {
    await book.close();
  }
}

/** Replays a folder of recorded bars in a fresh data folder. `speed`: times real time. `during` watches the running stack. */
export async function replayFolder(folder: string, limitMs: number, options: { readonly speed?: number | 'max'; readonly during?: (stack: BenchStack) => Promise<() => Promise<void>> } = {}): Promise<ReplayRun> {
  const dataDir = freshDataDir();
  const stack = await startStack({ dataDir, replay: folder, speed: options.speed ?? 'max' });
  try {
    const before = byName(costsOf(stack.pid));
    const done = await options.during?.(stack);
    await stack.replayed(limitMs);
    const after = byName(costsOf(stack.pid));
    await done?.();
    const cpuMs = new Map([...after].map(([name, row]) => [name, row.cpuMs - (before.get(name)?.cpuMs ?? 0)]));
    return { ...(await figuresOf(stack)), cpuMs };
  } finally {
    await stack.stop();
    removeDir(dataDir);
  }
}
