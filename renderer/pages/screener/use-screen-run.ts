/** Running what is written: a moment after the last edit, with the older question canceled, and the older answer kept until the newer one is there. */
import { useEffect, useState } from 'react';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import type { ScreenDefinition, ScreenResult } from '#app/contracts/screener.ts';
import { call } from '../../data/client.ts';

/** Edits rest for so long before they are asked about. */
const SETTLE_MS = 300;
/** The same question within this time is not asked again unless the person wants it. */
const FRESH_MS = 30_000;

/** An answer with its question. */
export type Ran = { readonly definition: ScreenDefinition; readonly result: ScreenResult };
/** What is known. `ran`: the newest answer, which may be to an older question (`isBehind`). */
export type ScreenRun = { readonly ran: Ran | null; readonly isBehind: boolean; readonly isRunning: boolean; readonly error: Error | null; again(): void };

const key = (asked: string): readonly unknown[] => ['screenRun', asked];
/** The newest answer, kept while other pages are looked at; it goes with the market that it is of. */
const LAST = ['screenRunLast'] as const;

/** Runs a definition. null = what is written cannot be run: nothing is asked, the last answer stays and is behind. */
export function useScreenRun(definition: ScreenDefinition | null): ScreenRun {
  const client = useQueryClient();
  const written = definition === null ? null : JSON.stringify(definition);
  const [asked, setAsked] = useState(written);
  const kept = useQuery<Ran | null>({ queryKey: LAST, queryFn: () => null, enabled: false, gcTime: Number.POSITIVE_INFINITY }).data;
  useEffect(() => {
    if (written === null) return undefined;
    const timer = setTimeout(() => setAsked(written), SETTLE_MS);
    return () => clearTimeout(timer);
  }, [written]);
  const query = useQuery<Ran>({
    queryKey: key(asked ?? ''), enabled: asked !== null, staleTime: FRESH_MS, refetchOnReconnect: false,
    queryFn: async ({ signal }) => {
      const question = JSON.parse(asked ?? '{}') as ScreenDefinition;
      return { definition: question, result: await call('runScreen', { definition: question }, { signal }) };
    },
  });
  const { data } = query;
  useEffect(() => {
    if (data) client.setQueryData(LAST, data);
  }, [data, client]);
  const ran = data ?? kept ?? null;
  return {
    ran, isBehind: written === null || written !== asked || data === undefined || query.isFetching, isRunning: query.isFetching || (written !== null && written !== asked), error: query.isFetching ? null : query.error,
    again: () => {
      if (written === null) return;
      setAsked(written);
      if (written === asked) void query.refetch();
      else void client.invalidateQueries({ queryKey: key(written) });
    },
  };
}
