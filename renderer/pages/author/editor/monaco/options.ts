/** How every editor of this page looks and behaves. */
import type { editor } from 'monaco-editor/editor';
import { FONTS } from '../../../../theme.ts';
import { THEME } from './themes.ts';

/** Shared by the editor, comparisons and previews. */
export const LOOK: editor.IEditorOptions & editor.IGlobalEditorOptions = {
  theme: THEME, fontFamily: FONTS.mono, fontSize: 13, lineHeight: 20, fontLigatures: false, minimap: { enabled: false }, scrollBeyondLastLine: false, automaticLayout: true, padding: { top: 8, bottom: 16 }, renderLineHighlight: 'line',
  scrollbar: { verticalScrollbarSize: 10, horizontalScrollbarSize: 10, useShadows: false }, overviewRulerLanes: 2, hideCursorInOverviewRuler: true, lineNumbersMinChars: 3, lineDecorationsWidth: 12, glyphMargin: false, folding: true, contextmenu: true, fixedOverflowWidgets: true, roundedSelection: true, guides: { indentation: true, bracketPairs: false },
  // One endless line is shown in part and left without colours: everything else about it grows with its length at each key.
  stopRenderingLineAfter: 4_000, maxTokenizationLineLength: 10_000,
  // A text field takes the keys: what listens at the window knows that somebody writes.
  editContext: false, unicodeHighlight: { ambiguousCharacters: true }, stickyScroll: { enabled: true, maxLineCount: 3 },
};

/** The editor that is written in. */
export const WRITING: editor.IStandaloneEditorConstructionOptions = {
  ...LOOK, tabSize: 2, insertSpaces: true, detectIndentation: false, wordBasedSuggestions: 'off', quickSuggestions: { other: true, comments: false, strings: true }, suggest: { preview: false, showStatusBar: false, showWords: false, localityBonus: true, snippetsPreventQuickSuggestions: false },
  parameterHints: { enabled: true }, hover: { delay: 250, sticky: true }, bracketPairColorization: { enabled: true }, autoClosingBrackets: 'languageDefined', linkedEditing: false, cursorSurroundingLines: 3, tabCompletion: 'on', snippetSuggestions: 'bottom', inlineSuggest: { enabled: false }, dropIntoEditor: { enabled: false }, lightbulb: { enabled: 'on' as editor.ShowLightbulbIconMode },
};
