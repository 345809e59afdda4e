/** The files of the open project as the editor holds them: one model each, with its undo, its place and its typing. */
import { editor } from 'monaco-editor/editor';
import { isSameFiles } from '../files.ts';
import { onSession, sessionNow, setText } from '../session.ts';
import type { Doc } from '../session.ts';
import { LANGUAGE } from './setup.ts';
import { uriOf } from './type-check.ts';

/** What is typed is handed over a moment later: the parts around the editor are drawn a few times a second at most. */
const HAND_OVER_MS = 120;

type Held = { readonly model: editor.ITextModel; text: string };
const held = new Map<string, Held>();
const touched = new Set<string>();
const views = new Map<string, editor.ICodeEditorViewState>();
/** The version that a closed file had. The types' worker takes a file of a name and version that it knows for the same text: another one under that name goes on counting. */
const reached = new Map<string, number>();
let openKey = '';
let isApplying = false;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Hands over what was typed, at once. */
export function takeTyped(): void {
  clearTimeout(timer);
  for (const path of touched) {
    const one = held.get(path);
    if (one === undefined) continue;
    one.text = one.model.getValue();
    setText(path, one.text);
  }
  touched.clear();
}

function open(path: string, text: string, changed: () => void): Held {
  const model = editor.createModel('', LANGUAGE, uriOf(path));
  while (model.getVersionId() < (reached.get(path) ?? 0)) model.setValue('');
  model.setValue(text);
  const one: Held = { model, text };
  model.onDidChangeContent(() => {
    changed();
    if (isApplying) return;
    touched.add(path);
    clearTimeout(timer);
    timer = setTimeout(takeTyped, HAND_OVER_MS);
  });
  return one;
}

function close(path: string): void {
  const model = held.get(path)?.model;
  reached.set(path, model?.getVersionId() ?? 0);
  model?.dispose();
  held.delete(path);
  views.delete(path);
  touched.delete(path);
}

/** Another text in a model: as an edit, so that it can be undone by the keys too. */
function replaceText(one: Held, text: string): void {
  one.text = text;
  if (one.model.getValue() === text) return;
  one.model.pushStackElement();
  one.model.pushEditOperations([], [{ range: one.model.getFullModelRange(), text }], () => null);
  one.model.pushStackElement();
}

function follow(doc: Doc | null, changed: () => void): void {
  const key = doc === null ? '' : `${doc.project.projectId}@${doc.isReadOnly ? doc.base.version : ''}`;
  isApplying = true;
  if (key !== openKey) for (const path of [...held.keys()]) close(path);
  openKey = key;
  const files = doc?.files ?? [];
  for (const path of [...held.keys()]) if (!files.some((file) => file.path === path)) close(path);
  for (const { path, text } of files) {
    const one = held.get(path);
    if (one === undefined) held.set(path, open(path, text, changed));
    else if (one.text !== text && !touched.has(path)) replaceText(one, text);
  }
  isApplying = false;
}

/** Follows the session; `changed` hears of each change of a text or of the list. Answers a function that ends it; the models stay, for the page that is shown again. */
export function followFiles(changed: () => void): () => void {
  let known: readonly { path: string; text: string }[] = [];
  let knownKey = '';
  const look = (): void => {
    const { doc } = sessionNow();
    const key = `${doc?.project.projectId ?? ''}/${String(doc?.isReadOnly)}`;
    if (doc?.files === known && key === knownKey) return;
    const isSame = doc !== null && key === knownKey && isSameFiles(doc.files, known);
    known = doc?.files ?? [];
    knownKey = key;
    if (isSame) return;
    follow(doc, changed);
    changed();
  };
  look();
  return onSession(look);
}

/** All models of the project. */
export function projectModels(): readonly editor.ITextModel[] {
  return [...held.values()].map(({ model }) => model);
}
/** The model of a file; null = it is not open. */
export function modelAt(path: string): editor.ITextModel | null {
  return held.get(path)?.model ?? null;
}
/** Notes where a file was looked at. */
export function keepView(path: string, view: editor.ICodeEditorViewState | null): void {
  if (view !== null && held.has(path)) views.set(path, view);
}
/** Where a file was looked at last. */
export function viewOf(path: string): editor.ICodeEditorViewState | null {
  return views.get(path) ?? null;
}
