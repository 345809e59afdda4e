/** The screen that is being worked on: lines with an identity of their own, where they came from, and what of them is not saved. Pure. */
import { COLUMNS_MAX, FILTERS_MAX, screenDefinitionSchema } from '#app/contracts/screener.ts';
import type { SavedScreen, ScreenDefinition } from '#app/contracts/screener.ts';

/** A filter as it is written. `id` tells it from the others while lines come and go. */
export type FilterLine = { readonly id: number; readonly formula: string; readonly isEnabled: boolean };
/** A column of one's own. */
export type ColumnLine = { readonly id: number; readonly formula: string; readonly title: string | null };
/** The screen. `base`: the saved screen that it began as; null = a new one. */
export type ScreenDraft = {
  readonly base: SavedScreen | null; readonly name: string; readonly timeframe: ScreenDefinition['timeframe']; readonly universe: ScreenDefinition['universe'];
  readonly filters: readonly FilterLine[]; readonly rank: ScreenDefinition['rank']; readonly columns: readonly ColumnLine[]; readonly limit: number; readonly asOf: string | null;
};

/** Rows asked for unless a screen says otherwise: more than anybody reads, fewer than a page minds. */
const LIMIT = 500;
let lastId = 0;
/** An identity for a line. */
export function nextId(): number {
  lastId += 1;
  return lastId;
}

/** A screen without filters: everything that has bars. */
export function emptyDraft(): ScreenDraft {
  return { base: null, name: '', timeframe: '1Day', universe: { kind: 'all' }, filters: [], rank: null, columns: [], limit: LIMIT, asOf: null };
}

/** A definition as lines. */
function linesOf(definition: ScreenDefinition): Omit<ScreenDraft, 'base' | 'name' | 'asOf'> {
  return {
    timeframe: definition.timeframe, universe: definition.universe, rank: definition.rank, limit: definition.limit,
    filters: definition.filters.map((filter) => ({ ...filter, id: nextId() })), columns: definition.columns.map((column) => ({ ...column, id: nextId() })),
  };
}

/** A saved screen, opened. The day that is looked at stays what it was unless the screen names one. */
export function draftOf(saved: SavedScreen, asOf: string | null = null): ScreenDraft {
  return { ...linesOf(saved.definition), base: saved, name: saved.name, asOf: saved.definition.asOf ?? asOf };
}

/** Another screen of the same kind, not saved yet. */
export function copyOf(saved: SavedScreen): ScreenDraft {
  return { ...draftOf(saved), base: null, name: `${saved.name} copy`.slice(0, 80) };
}

/** What the service is asked. */
export function definitionOf(draft: ScreenDraft): ScreenDefinition {
  const { timeframe, universe, rank, limit, asOf } = draft;
  return { timeframe, universe, rank, limit, asOf, filters: draft.filters.map(({ formula, isEnabled }) => ({ formula: formula.trim(), isEnabled })), columns: draft.columns.map(({ formula, title }) => ({ formula: formula.trim(), title })) };
}

/** What is saved: the same, but a screen is not bound to the day it was looked at. */
export function savedDefinitionOf(draft: ScreenDraft): ScreenDefinition {
  return { ...definitionOf(draft), asOf: null };
}

const written = (definition: ScreenDefinition): string => JSON.stringify(screenDefinitionSchema.parse({ ...definition, asOf: null }));

/** Is a line of it still empty? Then it is no definition that could be compared or kept. */
export function isHalfWritten(draft: ScreenDraft): boolean {
  return draft.filters.some((line) => line.formula.trim() === '') || draft.columns.some((line) => line.formula.trim() === '') || draft.rank?.formula.trim() === '';
}

/** Is something of it not saved? A new screen is, as soon as it asks for anything. */
export function isChanged(draft: ScreenDraft): boolean {
  if (draft.base === null) return draft.filters.length > 0 || draft.columns.length > 0 || draft.rank !== null || draft.name.trim() !== '';
  if (draft.name.trim() !== draft.base.name) return true;
  // Half-written lines are changes too.
  if (isHalfWritten(draft)) return true;
  return written(definitionOf(draft)) !== written(draft.base.definition);
}

/** The draft after the list of saved screens was read again: an untouched one follows what was saved elsewhere; one whose screen is gone is kept as a new one. */
export function follow(draft: ScreenDraft, screens: readonly SavedScreen[]): ScreenDraft {
  if (draft.base === null) return draft;
  const { screenId, version } = draft.base;
  const now = screens.find((screen) => screen.screenId === screenId);
  if (now === undefined) return { ...draft, base: null };
  if (now.version === version) return draft;
  return isChanged(draft) ? draft : draftOf(now, draft.asOf);
}

/** With one more filter, unless there are as many as there may be, or it is there already. */
export function withFilter(draft: ScreenDraft, formula: string): ScreenDraft {
  if (draft.filters.length >= FILTERS_MAX || draft.filters.some((line) => line.formula.trim() === formula.trim())) return draft;
  return { ...draft, filters: [...draft.filters, { id: nextId(), formula, isEnabled: true }] };
}
/** With a filter changed. */
export function changeFilter(draft: ScreenDraft, id: number, part: Partial<Omit<FilterLine, 'id'>>): ScreenDraft {
  return { ...draft, filters: draft.filters.map((line) => (line.id === id ? { ...line, ...part } : line)) };
}
/** Without a filter. */
export function withoutFilter(draft: ScreenDraft, id: number): ScreenDraft {
  return { ...draft, filters: draft.filters.filter((line) => line.id !== id) };
}
/** With one more column, unless there are as many as there may be. */
export function withColumn(draft: ScreenDraft, formula: string, title: string | null = null): ScreenDraft {
  return draft.columns.length >= COLUMNS_MAX ? draft : { ...draft, columns: [...draft.columns, { id: nextId(), formula, title }] };
}
/** With a column changed. */
export function changeColumn(draft: ScreenDraft, id: number, part: Partial<Omit<ColumnLine, 'id'>>): ScreenDraft {
  return { ...draft, columns: draft.columns.map((line) => (line.id === id ? { ...line, ...part } : line)) };
}
/** Without a column. */
export function withoutColumn(draft: ScreenDraft, id: number): ScreenDraft {
  return { ...draft, columns: draft.columns.filter((line) => line.id !== id) };
}
