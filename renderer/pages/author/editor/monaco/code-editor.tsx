/** The editor: the file in front, its errors, its keys. What it is made of lives outside of React and survives a look at another page. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import { useComputedColorScheme } from '@mantine/core';
import { editor, KeyCode, KeyMod } from 'monaco-editor/editor';
import { useTokens } from '../../../../ui/use-tokens.ts';
import { runNow } from '../../open-project.ts';
import { setTakeTyped } from '../acts.ts';
import { lookAheadNow, onLookAhead } from '../look-ahead.ts';
import { onPlace, placeNow, setCursor, setPlace, setProblems } from '../places.ts';
import { checkNow, onCheck, onSession, sessionNow, showFile } from '../session.ts';
import { listProblems, markFindings, offerQuickFixes } from './marks.ts';
import { followFiles, keepView, modelAt, projectModels, takeTyped, viewOf } from './models.ts';
import { WRITING } from './options.ts';
import { setTypings } from './setup.ts';
import { offerSuggestions } from './suggestions.ts';
import { applyTheme } from './themes.ts';
import { createTypeCheck, pathOf } from './type-check.ts';

/** What the keys of the editor do besides writing. */
export type EditorActs = { save(): void; compare(): void; look(): void; toggleProblems(): void };

function addActions(code: editor.IStandaloneCodeEditor, acts: () => EditorActs): void {
  const add = (id: string, label: string, keybindings: number[], run: () => void): void => void code.addAction({ id: `mainspring.${id}`, label, keybindings, run });
  add('save', 'Save a version', [KeyMod.CtrlCmd | KeyCode.KeyS], () => acts().save());
  add('run', 'Run the back-test', [KeyMod.CtrlCmd | KeyCode.Enter], () => void runNow());
  add('compare', 'Compare with the saved version', [KeyMod.CtrlCmd | KeyMod.Alt | KeyCode.KeyD], () => acts().compare());
  add('look', 'Check for looks into the future', [], () => acts().look());
  add('problems', 'Show or hide the list of problems', [KeyMod.CtrlCmd | KeyMod.Shift | KeyCode.KeyM], () => acts().toggleProblems());
  // F8 goes through all files; the page's palette has Ctrl K.
  editor.addKeybindingRules([{ keybinding: KeyCode.F8, command: 'editor.action.marker.nextInFiles' }, { keybinding: KeyMod.Shift | KeyCode.F8, command: 'editor.action.marker.prevInFiles' }, { keybinding: KeyMod.CtrlCmd | KeyCode.KeyK, command: null }]);
}

/** Shows the file in front, at the place where it was left. */
function showActive(code: editor.IStandaloneCodeEditor): void {
  const { doc } = sessionNow();
  const before = code.getModel();
  const next = doc === null ? null : modelAt(doc.active);
  code.updateOptions({ readOnly: doc?.isReadOnly ?? false, readOnlyMessage: { value: 'You look at an older version. Restore it to change it.' } });
  if (before === next) return;
  if (before !== null && !before.isDisposed()) keepView(pathOf(before.uri), code.saveViewState());
  code.setModel(next);
  if (next === null || doc === null) return;
  const view = viewOf(doc.active);
  if (view !== null) code.restoreViewState(view);
}

function goToPlace(code: editor.IStandaloneCodeEditor): void {
  const place = placeNow();
  const model = code.getModel();
  if (place === null || model === null || pathOf(model.uri) !== place.path) return;
  setPlace(null);
  const position = model.validatePosition({ lineNumber: place.line, column: place.column });
  code.setPosition(position);
  code.revealPositionInCenterIfOutsideViewport(position);
  code.focus();
}

/** Builds the editor into an element; answers what ends it. */
function build(element: HTMLElement, acts: () => EditorActs): () => void {
  const code = editor.create(element, { ...WRITING, ariaLabel: 'Source of the strategy' });
  const tellProblems = (): void => setProblems(listProblems());
  const types = createTypeCheck(projectModels, tellProblems);
  const mark = (): void => {
    const { doc } = sessionNow();
    const look = lookAheadNow();
    const isOfThis = doc !== null && look?.projectId === doc.project.projectId && look.version === doc.base.version;
    markFindings(checkNow()?.check.findings ?? [], isOfThis ? (look.result?.findings ?? []) : []);
  };
  addActions(code, acts);
  setTakeTyped(takeTyped);
  const ends = [
    followFiles(() => types.again()), onSession(() => { showActive(code); goToPlace(code); }), onCheck(mark), onLookAhead(mark), onPlace(() => goToPlace(code)),
    ...[
      editor.onDidChangeMarkers(tellProblems), offerQuickFixes(), offerSuggestions(),
      code.onDidChangeCursorPosition(({ position }) => setCursor({ line: position.lineNumber, column: position.column })),
      editor.registerEditorOpener({ openCodeEditor(_from, resource, at) {
        if (modelAt(pathOf(resource)) === null) return false;
        const [line, column] = at === undefined ? [1, 1] : 'lineNumber' in at ? [at.lineNumber, at.column] : [at.startLineNumber, at.startColumn];
        setPlace({ path: pathOf(resource), line, column });
        showFile(pathOf(resource));
        return true;
      } }),
    ].map((one) => () => one.dispose()),
  ];
  showActive(code);
  goToPlace(code);
  mark();
  types.again();
  // Widths are measured with the face that is there: once ours has come, again.
  void document.fonts.load(`${WRITING.fontSize ?? 13}px "JetBrains Mono"`).then(() => editor.remeasureFonts(), (error: unknown) => console.warn('The face of the editor did not come', error));
  const retype = onTypings(() => types.again());
  return () => {
    takeTyped();
    setTakeTyped(null);
    retype();
    types.end();
    for (const end of ends) end();
    const model = code.getModel();
    if (model !== null) keepView(pathOf(model.uri), code.saveViewState());
    code.dispose();
  };
}

const typingListeners = new Set<() => void>();
function onTypings(listener: () => void): () => void {
  typingListeners.add(listener);
  return () => typingListeners.delete(listener);
}

/** The editor. `typings`: declarations of the module, null until they have come. */
export function CodeEditor({ typings, acts }: { typings: string | null; acts: EditorActs }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const latest = useRef(acts);
  const tokens = useTokens();
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  useEffect(() => { latest.current = acts; });
  useEffect(() => applyTheme(tokens, isDark), [tokens, isDark]);
  useEffect(() => {
    if (typings === null) return;
    setTypings(typings);
    for (const listener of typingListeners) listener();
  }, [typings]);
  useEffect(() => (element.current === null ? undefined : build(element.current, () => latest.current)), []);
  return <div ref={element} className="ed-code" data-testid="code" />;
}
