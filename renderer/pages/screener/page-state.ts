/** What the screener holds while other pages are looked at, and over a reload: the screen that is worked on, and how its page looks. */
import * as z from 'zod';
import { savedScreenSchema, screenDefinitionSchema } from '#app/contracts/screener.ts';
import { createStore, useStore } from '../../data/external-store.ts';
import { definitionOf, draftOf, emptyDraft, isHalfWritten } from './draft.ts';
import type { ScreenDraft } from './draft.ts';

const KEY = 'mainspring.screener';
/** Pixels of the left column. */
export const SIDE_WIDTH = { least: 260, usual: 320, most: 520 } as const;

/** Columns of every table, beside those of one's own. The symbol is always there. */
export const FIXED_COLUMNS = ['name', 'sector', 'exchange', 'spark', 'price', 'change', 'volume', 'rank', 'marks', 'barTime'] as const;
/** One of them. */
export type FixedColumn = (typeof FIXED_COLUMNS)[number];

const lookSchema = z.object({
  sideWidth: z.number().int().min(SIDE_WIDTH.least).max(SIDE_WIDTH.most).catch(SIDE_WIDTH.usual), isSideOpen: z.boolean().catch(true), isListOpen: z.boolean().catch(true),
  hidden: z.array(z.enum(FIXED_COLUMNS)).catch(['exchange', 'barTime']),
});
/** How the page looks. */
export type Look = z.infer<typeof lookSchema>;

/** The kept work: loose, because half-written formulas are kept too. */
const keptSchema = z.object({
  look: lookSchema.catch(lookSchema.parse({})),
  work: z.object({ base: savedScreenSchema.nullable(), name: z.string().max(80), definition: screenDefinitionSchema, asOf: z.iso.date().nullable() }).nullable().catch(null),
});

function read(): { look: Look; draft: ScreenDraft } {
  const nothing = { look: lookSchema.parse({}), draft: emptyDraft() };
  try {
    const kept = keptSchema.safeParse(JSON.parse(localStorage.getItem(KEY) ?? '{}'));
    if (!kept.success) return nothing;
    const { look, work } = kept.data;
    if (work === null) return { ...nothing, look };
    const lines = draftOf({ screenId: 'x', name: work.name, definition: work.definition, schedule: 'off', alerts: { onEntry: false, onExit: false }, version: 1, createdAt: 0, updatedAt: 0, lastRunAt: null, members: null, problem: null, isBuiltIn: false });
    return { look, draft: { ...lines, base: work.base, asOf: work.asOf } };
  } catch (error) {
    console.warn('The screen that was worked on could not be read; a new one is shown', error);
    return nothing;
  }
}

const kept = read();
const draft = createStore<ScreenDraft>(kept.draft);
const look = createStore<Look>(kept.look);

function keep(): void {
  const now = draft.get();
  localStorage.setItem(KEY, JSON.stringify({ look: look.get(), ...(isHalfWritten(now) ? {} : { work: { base: now.base, name: now.name, definition: definitionOf(now), asOf: now.asOf } }) }));
}

/** The screen that is worked on. */
export const useDraft = (): ScreenDraft => useStore(draft);
/** The same, outside React. */
export function draftNow(): ScreenDraft {
  return draft.get();
}
/** Changes it. */
export function changeDraft(change: (now: ScreenDraft) => ScreenDraft): void {
  draft.update(change);
  keep();
}
/** How the page looks. */
export const useLook = (): Look => useStore(look);
/** Changes how it looks. */
export function changeLook(part: Partial<Look>): void {
  look.update((now) => ({ ...now, ...part }));
  keep();
}
