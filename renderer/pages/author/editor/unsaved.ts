/** Unsaved edits, kept in this browser until they are saved or given up: they survive a reload, a crash and a gateway that is away. */
import * as z from 'zod';
import { MAX_PROJECT_FILES, projectFileSchema } from '#app/contracts/author.ts';
import type { ProjectFile } from '#app/contracts/author.ts';

const DATABASE = 'mainspring-author';
/** A row for each window that typed: none replaces what another one holds. */
const STORE = 'edits';
/** What version 1 of the database had: one row for each project. */
const STORE_BEFORE = 'unsaved';
/** Most edits that are kept; the oldest go first. */
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

function upgrade(request: IDBOpenDBRequest): void {
  const { result: base, transaction } = request;
  const rows = base.createObjectStore(STORE, { keyPath: ['projectId', 'windowId'] });
  if (transaction === null || !base.objectStoreNames.contains(STORE_BEFORE)) return;
  const before = transaction.objectStore(STORE_BEFORE).getAll() as IDBRequest<unknown>;
  before.onsuccess = () => {
    for (const row of z.array(z.unknown()).parse(before.result)) {
      const kept = keptSchema.safeParse(row);
      if (kept.success) rows.put(kept.data);
    }
    base.deleteObjectStore(STORE_BEFORE);
  };
}

let opened: Promise<IDBDatabase> | null = null;
function database(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 2);
    request.onupgradeneeded = () => upgrade(request);
    request.onsuccess = () => {
      // Another window brings a newer form of it: it must not wait for this one.
      request.result.onversionchange = () => {
        request.result.close();
        opened = null;
      };
      resolve(request.result);
    };
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

/** Where the last keystrokes of a window wait when the page goes before the database has taken them: only what is written at once outlives it. */
const LEAVING = 'mainspring.author.leaving';
const leavingOf = (windowId: string): string => `${LEAVING}.${windowId}`;

function readLeaving(key: string): KeptEdits | null {
  const text = localStorage.getItem(key);
  if (text === null) return null;
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch (error) {
    console.warn('Edits of a page that was left cannot be read', error);
    localStorage.removeItem(key);
    return null;
  }
}

/** Keeps edits at once: the page is about to go. Those of the project that this window had open last. */
export function keepAtOnce(edits: KeptEdits): void {
  try {
    localStorage.setItem(leavingOf(edits.windowId), JSON.stringify(edits));
  } catch (error) {
    // Too large for it: the database has all but the last keystrokes.
    console.warn('The last keystrokes could not be kept', error);
  }
}

/** Hands what waits of a project to the database. */
async function takeLeaving(projectId: string): Promise<void> {
  for (const key of Object.keys(localStorage).filter((one) => one.startsWith(LEAVING))) {
    const leaving = readLeaving(key);
    if (leaving?.projectId !== projectId) continue;
    const stored = keptSchema.safeParse(await done<unknown>((await store('readonly')).get([projectId, leaving.windowId])));
    if (!stored.success || stored.data.at < leaving.at) await keepEdits(leaving);
    localStorage.removeItem(key);
  }
}

/** The edits of a project: this window's, else the newest of the others; null = none that can be read. @throws Error when the browser keeps nothing */
export async function readKept(projectId: string): Promise<KeptEdits | null> {
  await takeLeaving(projectId);
  const rows = z.array(z.unknown()).parse(await done((await store('readonly')).getAll(IDBKeyRange.bound([projectId], [projectId, []])) as IDBRequest<unknown>));
  const all = rows.flatMap((row) => keptSchema.safeParse(row).data ?? []);
  return all.find(({ windowId }) => windowId === WINDOW_ID) ?? all.toSorted((a, b) => b.at - a.at)[0] ?? null;
}

/** Keeps edits in place of what was kept of the project and the window that they name. @throws Error when the browser cannot */
export async function keepEdits(edits: KeptEdits): Promise<void> {
  const rows = await store('readwrite');
  await done(rows.put(edits));
  if (await done(rows.count()) <= MAX_KEPT) return;
  const all = z.array(keptSchema).catch([]).parse(await done(rows.getAll() as IDBRequest<unknown>));
  for (const { projectId, windowId } of all.toSorted((a, b) => a.at - b.at).slice(0, Math.max(0, all.length - MAX_KEPT))) await done(rows.delete([projectId, windowId]));
}

/** Gives edits of this window a place of their own, where what is typed next does not replace them. @throws Error when the browser cannot */
export async function setAside(edits: KeptEdits): Promise<KeptEdits> {
  const aside = { ...edits, windowId: crypto.randomUUID() };
  await keepEdits(aside);
  await forgetKept(edits);
  return aside;
}

/** Forgets these edits; what their window has typed since stays. @throws Error when the browser cannot */
export async function forgetKept({ projectId, windowId, at }: Pick<KeptEdits, 'projectId' | 'windowId' | 'at'>): Promise<void> {
  const leaving = readLeaving(leavingOf(windowId));
  if (leaving?.projectId === projectId && leaving.at <= at) localStorage.removeItem(leavingOf(windowId));
  const rows = await store('readwrite');
  const found = keptSchema.safeParse(await done<unknown>(rows.get([projectId, windowId])));
  if (!found.success || found.data.at <= at) await done(rows.delete([projectId, windowId]));
}
/** Forgets what this window holds of a project: it is saved, or was taken back. @throws Error when the browser cannot */
export const forgetOwn = (projectId: string): Promise<void> => forgetKept({ projectId, windowId: WINDOW_ID, at: Date.now() });
