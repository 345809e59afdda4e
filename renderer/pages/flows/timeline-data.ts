/** The runs of the timeline: its window read once and widened in steps, what is new asked for every two seconds. */
import { useMemo } from 'react';
import { useQuery } from '@tanstack/react-query';
import type { FlowRun } from '#app/contracts/flows.ts';
import { call } from '../../data/client.ts';
import type { Window } from './timeline-layout.ts';

const PAGE_ROWS = 1_000;
/** As many runs as the timeline draws; a longer window shows the newest of them and says so. */
export const RUNS_MAX = 2_000;
const WHOLE_MS = 30_000;
const TAIL_MS = 2_000;
/** How far back the tail reaches: runs that began before and end now come with the next whole reading. */
const TAIL_REACH_MS = 300_000;
const TAIL_STEP_MS = 60_000;

/** What is known of the window. */
export type TimelineRuns = { readonly runs: readonly FlowRun[]; readonly isCut: boolean; readonly isLoading: boolean; readonly error: unknown; readonly updatedAt: number; readonly refetch: () => void };

async function readAll(from: number, to: number, signal: AbortSignal): Promise<{ runs: FlowRun[]; isCut: boolean }> {
  const runs: FlowRun[] = [];
  let cursor: string | null = null;
  do {
    const page: { runs: FlowRun[]; nextCursor: string | null } = await call('runs', { from, to, limit: PAGE_ROWS, ...(cursor === null ? {} : { cursor }) }, { signal });
    runs.push(...page.runs);
    cursor = page.nextCursor;
  } while (cursor !== null && runs.length < RUNS_MAX);
  return { runs: runs.slice(0, RUNS_MAX), isCut: cursor !== null };
}

/** What is read for a window: a quarter more on each side, on steps of a quarter, so that a small move asks nothing new. */
export function readingOf({ from, to }: Window): Window {
  const step = Math.max(1_000, (to - from) / 4);
  // Powers of two keep the step itself from changing while one zooms a little.
  const even = 2 ** Math.ceil(Math.log2(step));
  return { from: Math.floor((from - even) / even) * even, to: Math.ceil((to + even) / even) * even };
}

/** Newer facts about runs over older ones, newest first; cut to what is drawn. */
export function mergeRuns(whole: readonly FlowRun[], tail: readonly FlowRun[]): FlowRun[] {
  const merged = new Map(whole.map((run) => [run.runId, run]));
  for (const run of tail) {
    const known = merged.get(run.runId);
    // A reading that is younger may still be the older fact: an end is never taken back.
    if (known?.endedAt === null || known === undefined || run.endedAt !== null) merged.set(run.runId, run);
  }
  return [...merged.values()];
}

/** The runs of a window. */
export function useTimelineRuns(view: Window, now: number): TimelineRuns {
  const reading = readingOf(view);
  const reach = Math.floor((now - TAIL_REACH_MS) / TAIL_STEP_MS) * TAIL_STEP_MS;
  const isNowSeen = view.to >= now - TAIL_REACH_MS;
  const whole = useQuery({ queryKey: ['runs', 'window', reading.from, reading.to], queryFn: ({ signal }) => readAll(reading.from, reading.to, signal), refetchInterval: isNowSeen ? WHOLE_MS : false, staleTime: WHOLE_MS, placeholderData: (before) => before });
  const tail = useQuery({ queryKey: ['runs', 'tail', reach], queryFn: ({ signal }) => readAll(reach, reach + TAIL_REACH_MS * 4, signal), enabled: isNowSeen, refetchInterval: TAIL_MS, placeholderData: (before) => before });
  const runs = useMemo(() => mergeRuns(whole.data?.runs ?? [], isNowSeen ? (tail.data?.runs ?? []) : []), [whole.data, tail.data, isNowSeen]);
  return { runs, isCut: whole.data?.isCut ?? false, isLoading: whole.data === undefined, error: whole.data === undefined ? whole.error : null, updatedAt: isNowSeen ? Math.max(tail.dataUpdatedAt, whole.dataUpdatedAt) : whole.dataUpdatedAt, refetch: () => void whole.refetch() };
}
