/** Unsaved edits, kept in this browser until they are saved or given up: they survive a reload, a crash and a gateway that is away. */
import * as z from 'zod';
import { MAX_PROJECT_FILES, projectFileSchema } from '#app/contracts/author.ts';
import type { ProjectFile } from '#app/contracts/author.ts';

const DATABASE = 'mainspring-author';
const STORE = 'unsaved';
/** Most projects whose edits are kept; the oldest go first. */
const MAX_KEPT = 30;

const keptSchema = z.object({ projectId: z.string(), version: z.number().int(), files: z.array(projectFileSchema).max(MAX_PROJECT_FILES + 1), at: z.number(), windowId: z.string() });
/** Edits that were not saved. `version`: that they were made on; `at`: epoch ms of the last one; `windowId`: the window that they were typed in. */
export type KeptEdits = { readonly projectId: string; readonly version: number; readonly files: readonly ProjectFile[]; readonly at: number; readonly windowId: string };

const WINDOW_KEY = 'mainspring.author.window';
/** This window; the same after a reload, another one after a restart. */
export const WINDOW_ID = windowId();

function windowId(): string {
  const known = sessionStorage.getItem(WINDOW_KEY);
  if (known !== null) return known;
  const next = crypto.randomUUID();
  sessionStorage.setItem(WINDOW_KEY, next);
  return next;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The browser could not keep the edits'));
  });
}

let opened: Promise<IDBDatabase> | null = null;
function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'projectId' });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The browser keeps nothing for this page'));
  }).catch((error: unknown) => {
    opened = null;
    throw error;
  });
  return opened;
}

async function store(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  return (await database()).transaction(STORE, mode).objectStore(STORE);
}

/** Where the last keystrokes wait when the page goes before the database has taken them: only what is written at once outlives it. */
const LEAVING_KEY = 'mainspring.author.leaving';

function readLeaving(): KeptEdits | null {
  const text = localStorage.getItem(LEAVING_KEY);
  if (text === null) return null;
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch (error) {
    console.warn('Edits of a page that was left cannot be read', error);
    localStorage.removeItem(LEAVING_KEY);
    return null;
  }
}

/** Keeps edits at once: the page is about to go. Those of the page that was left last. */
export function keepAtOnce(edits: KeptEdits): void {
  try {
    localStorage.setItem(LEAVING_KEY, JSON.stringify(edits));
  } catch (error) {
    // Too large for it: the database has all but the last keystrokes.
    console.warn('The last keystrokes could not be kept', error);
  }
}

/** The edits of a project; null = none, or none that can be read. @throws Error when the browser keeps nothing */
export async function readKept(projectId: string): Promise<KeptEdits | null> {
  const found = keptSchema.safeParse(await done<unknown>((await store('readonly')).get(projectId)));
  const stored = found.success ? found.data : null;
  const leaving = readLeaving();
  if (leaving?.projectId !== projectId) return stored;
  localStorage.removeItem(LEAVING_KEY);
  if (stored !== null && stored.at >= leaving.at) return stored;
  await keepEdits(leaving);
  return leaving;
}

/** Keeps edits in place of what was kept of the project. @throws Error when the browser cannot */
export async function keepEdits(edits: KeptEdits): Promise<void> {
  const rows = await store('readwrite');
  await done(rows.put(edits));
  if (await done(rows.count()) <= MAX_KEPT) return;
  const all = z.array(keptSchema).catch([]).parse(await done(rows.getAll() as IDBRequest<unknown>));
  for (const { projectId } of all.toSorted((a, b) => a.at - b.at).slice(0, all.length - MAX_KEPT)) await done(rows.delete(projectId));
}

/** Forgets the edits of a project: those of this window, or of any when `isAny`. */
export async function forgetKept(projectId: string, isAny: boolean): Promise<void> {
  const leaving = readLeaving();
  if (leaving?.projectId === projectId && (isAny || leaving.windowId === WINDOW_ID)) localStorage.removeItem(LEAVING_KEY);
  const rows = await store('readwrite');
  const found = keptSchema.safeParse(await done<unknown>(rows.get(projectId)));
  if (found.success && !isAny && found.data.windowId !== WINDOW_ID) return;
  await done(rows.delete(projectId));
}
