/** How the author page is laid out, remembered in this browser: widths, what is folded, and what stands in front when there is room for one part only. */
import * as z from 'zod';
import { createStore, useStore } from '../../data/external-store.ts';

const KEY = 'mainspring.author.layout';
/** Pixels of the column of files. */
export const SIDE = { least: 180, usual: 236, most: 420 } as const;
/** Pixels of the right side. */
export const RIGHT = { least: 360, usual: 580, most: 1_400 } as const;
/** Pixels of the page below which code and results stand behind each other, as tabs. */
export const NARROW_BELOW = 1_080;

const layoutSchema = z.object({
  sideWidth: z.number().int().min(SIDE.least).max(SIDE.most).catch(SIDE.usual), rightWidth: z.number().int().min(RIGHT.least).max(RIGHT.most).catch(RIGHT.usual),
  isSideOpen: z.boolean().catch(true), isRightOpen: z.boolean().catch(true), front: z.enum(['code', 'right']).catch('code'), lastProject: z.string().max(40).nullable().catch(null),
  sidePart: z.enum(['files', 'versions']).catch('files'), isProblemListOpen: z.boolean().catch(false),
});
/** The layout. `front`: what is in front where both do not fit; `lastProject`: the one that was open last. */
export type AuthorLayout = z.infer<typeof layoutSchema>;

function read(): AuthorLayout {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    return layoutSchema.parse(typeof kept === 'object' && kept !== null ? kept : {});
  } catch (error) {
    console.warn('The layout of the author page could not be read; the usual one is shown', error);
    return layoutSchema.parse({});
  }
}

const layout = createStore<AuthorLayout>(read());

/** The layout. */
export const useAuthorLayout = (): AuthorLayout => useStore(layout);
/** The layout, outside of components. */
export const authorLayoutNow = (): AuthorLayout => layout.get();
/** Changes some of it. */
export function changeAuthorLayout(change: Partial<AuthorLayout>): void {
  layout.update((now) => ({ ...now, ...change }));
  localStorage.setItem(KEY, JSON.stringify(layout.get()));
}
/** Brings the right side into sight: a run was started, a gate was asked for. */
export function showRight(): void {
  changeAuthorLayout({ isRightOpen: true, front: 'right' });
}
/** Brings the editor into sight. */
export function showCode(): void {
  changeAuthorLayout({ front: 'code' });
}
