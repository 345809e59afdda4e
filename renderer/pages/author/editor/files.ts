/** The files of a project as they are edited: pure changes of the list, and what is refused with which words. */
import { ENTRY_FILE, MAX_FILE_CHARACTERS, MAX_PROJECT_CHARACTERS, MAX_PROJECT_FILES, projectFileSchema, projectFilesSchema } from '#app/contracts/author.ts';
import type { ProjectFile } from '#app/contracts/author.ts';
import { count } from '../../../ui/format.ts';

/** Do two lists hold the same paths and texts, in whatever order? */
export function isSameFiles(one: readonly ProjectFile[], other: readonly ProjectFile[]): boolean {
  if (one === other) return true;
  if (one.length !== other.length) return false;
  const texts = new Map(other.map(({ path, text }) => [path, text]));
  return one.every(({ path, text }) => texts.get(path) === text);
}

/** The entry first, then by path. */
export function inOrder(files: readonly ProjectFile[]): readonly ProjectFile[] {
  return files.toSorted((a, b) => Number(b.path === ENTRY_FILE) - Number(a.path === ENTRY_FILE) || (a.path < b.path ? -1 : 1));
}

/** The text of a file; null = there is none of this name. */
export function textOf(files: readonly ProjectFile[], path: string): string | null {
  return files.find((file) => file.path === path)?.text ?? null;
}

/** The list with another text of one file; the same list when nothing changed. */
export function withText(files: readonly ProjectFile[], path: string, text: string): readonly ProjectFile[] {
  return textOf(files, path) === text ? files : files.map((file) => (file.path === path ? { path, text } : file));
}

/** `Levels` becomes `levels.ts`: what a person typed as the name of a file. */
export function pathFrom(typed: string): string {
  const name = typed.trim().toLowerCase().replaceAll('\\', '/').replaceAll(/\s+/g, '-').replace(/^\.?\//, '');
  return name === '' || name.endsWith('.ts') ? name : `${name}.ts`;
}

/** Why a file cannot have this path; null = it can. `except`: the file that is renamed. */
export function pathProblem(files: readonly ProjectFile[], path: string, except: string | null = null): string | null {
  if (path === '') return 'Give it a name, such as levels.ts';
  const found = projectFileSchema.shape.path.safeParse(path);
  if (!found.success) return 'Small letters, digits, - and _ with / between folders, such as levels.ts or lib/levels.ts';
  return path !== except && files.some((file) => file.path === path) ? `There is a file ${path} already` : null;
}

/** Why these files cannot be stored, with the number that is too large; null = they can. */
export function filesProblem(files: readonly ProjectFile[]): string | null {
  if (files.length > MAX_PROJECT_FILES) return `A project has at most ${MAX_PROJECT_FILES} files; these are ${files.length}.`;
  const long = files.find(({ text }) => text.length > MAX_FILE_CHARACTERS);
  if (long !== undefined) return `${long.path} has ${count(long.text.length)} characters; a file has at most ${count(MAX_FILE_CHARACTERS)}.`;
  const all = files.reduce((sum, { text }) => sum + text.length, 0);
  if (all > MAX_PROJECT_CHARACTERS) return `All files together have ${count(all)} characters; at most ${count(MAX_PROJECT_CHARACTERS)} are stored.`;
  const parsed = projectFilesSchema.safeParse(files);
  return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'These files cannot be stored');
}

/** The list with one more file. */
export function withFile(files: readonly ProjectFile[], file: ProjectFile): readonly ProjectFile[] {
  return inOrder([...files, file]);
}

/** The list without a file. */
export function withoutFile(files: readonly ProjectFile[], path: string): readonly ProjectFile[] {
  return files.filter((file) => file.path !== path);
}

/** The places in a text where a file is named: `from './levels'`, `import './levels'`, `import('./levels')`. */
const NAMED = /(\bfrom\s*|\bimport\s*\(?\s*)(['"])(\.{1,2}\/[^'"\n]*)\2/g;

/** The path that a relative import of a file means, without its ending. */
function meant(importer: string, specifier: string): string {
  const parts = importer.split('/').slice(0, -1);
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.') parts.push(part);
  }
  return parts.join('/').replace(/\.ts$/, '');
}

/** How `importer` names `target`, with an ending when the one before had it. */
function specifierTo(importer: string, target: string, hasEnding: boolean): string {
  const from = importer.split('/').slice(0, -1);
  const to = (hasEnding ? target : target.replace(/\.ts$/, '')).split('/');
  let shared = 0;
  while (shared < from.length && shared < to.length - 1 && from[shared] === to[shared]) shared += 1;
  const up = from.slice(shared).map(() => '..');
  return [...(up.length === 0 ? ['.'] : up), ...to.slice(shared)].join('/');
}

/** The list with a file renamed and every import that meant it, and those of the moved file itself, following. */
export function withRenamed(files: readonly ProjectFile[], from: string, to: string): readonly ProjectFile[] {
  const old = from.replace(/\.ts$/, '');
  return inOrder(files.map(({ path, text }) => {
    const isMoved = path === from;
    const now = isMoved ? to : path;
    const next = text.replaceAll(NAMED, (whole: string, before: string, quote: string, specifier: string) => {
      const target = meant(path, specifier);
      if (target !== old && !isMoved) return whole;
      return `${before}${quote}${specifierTo(now, target === old ? to : `${target}.ts`, specifier.endsWith('.ts'))}${quote}`;
    });
    return { path: now, text: next };
  }));
}

/** What became of each file from `before` to `after`, in the order of their names. */
export type FileChange = { readonly path: string; readonly kind: 'same' | 'changed' | 'added' | 'removed' };
/** Compares two lists, file by file. */
export function changesBetween(before: readonly ProjectFile[], after: readonly ProjectFile[]): readonly FileChange[] {
  const paths = [...new Set([...before, ...after].map(({ path }) => path))].toSorted();
  return paths.map((path) => {
    const [old, now] = [textOf(before, path), textOf(after, path)];
    return { path, kind: old === null ? 'added' : now === null ? 'removed' : old === now ? 'same' : 'changed' };
  });
}

/** A name that is not taken: `Dip`, `Dip 2`, `Dip 3`. */
export function freeName(wanted: string, taken: readonly string[]): string {
  const base = wanted.trim().slice(0, 74);
  if (!taken.includes(base)) return base;
  for (let n = 2; ; n += 1) {
    const name = `${base} ${n}`;
    if (!taken.includes(name)) return name;
  }
}
