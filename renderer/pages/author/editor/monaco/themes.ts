/** The editor in the colours of the page: light, dark, and for those who cannot tell red from green. */
import { editor } from 'monaco-editor/editor';
import type { Tokens } from '../../../../theme.ts';

/** The name of the theme; it is defined anew when the colours change. */
export const THEME = 'mainspring';

/** Words of code: quiet ones beside one another, all of them with a contrast of 4.5:1 on the ground of the editor. */
const CODE = {
  light: { keyword: '#6f42c1', string: '#0f6b4f', number: '#a0480a', type: '#0b6a8a', comment: '#6a7381', property: '#24292f' },
  dark: { keyword: '#c4a5ff', string: '#8fd6b0', number: '#f0b27a', type: '#7fd0ea', comment: '#7f8a9a', property: '#d6dbe4' },
} as const;

const bare = (colour: string): string => colour.slice(1);

/** Puts the editor into these colours. */
export function applyTheme(tokens: Tokens, isDark: boolean): void {
  const code = isDark ? CODE.dark : CODE.light;
  const raised = isDark ? tokens.raised : tokens.surface;
  editor.defineTheme(THEME, {
    base: isDark ? 'vs-dark' : 'vs', inherit: true,
    rules: [
      { token: '', foreground: bare(tokens.text) }, { token: 'keyword', foreground: bare(code.keyword) }, { token: 'string', foreground: bare(code.string) }, { token: 'number', foreground: bare(code.number) },
      { token: 'regexp', foreground: bare(code.number) }, { token: 'type', foreground: bare(code.type) }, { token: 'type.identifier', foreground: bare(code.type) }, { token: 'comment', foreground: bare(code.comment), fontStyle: 'italic' },
      { token: 'delimiter', foreground: bare(tokens.muted) }, { token: 'identifier', foreground: bare(code.property) },
    ],
    colors: {
      'editor.background': tokens.surface, 'editor.foreground': tokens.text, 'editorLineNumber.foreground': tokens.lineStrong, 'editorLineNumber.activeForeground': tokens.muted, 'editor.lineHighlightBackground': tokens.hover, 'editor.lineHighlightBorder': '#00000000',
      'editorCursor.foreground': tokens.accent, 'editor.selectionBackground': `${tokens.accent}40`, 'editor.inactiveSelectionBackground': `${tokens.accent}22`, 'editor.selectionHighlightBackground': `${tokens.accent}22`, 'editor.wordHighlightBackground': `${tokens.accent}1c`, 'editor.wordHighlightStrongBackground': `${tokens.accent}2c`,
      'editor.findMatchBackground': `${tokens.warning}66`, 'editor.findMatchHighlightBackground': `${tokens.warning}30`, 'editorIndentGuide.background1': tokens.line, 'editorIndentGuide.activeBackground1': tokens.lineStrong, 'editorBracketMatch.background': `${tokens.accent}26`, 'editorBracketMatch.border': `${tokens.accent}80`,
      'editorError.foreground': tokens.loss, 'editorWarning.foreground': tokens.warning, 'editorInfo.foreground': tokens.accent, 'editorWidget.background': raised, 'editorWidget.border': tokens.line, 'editorWidget.foreground': tokens.text, 'editorHoverWidget.background': raised, 'editorHoverWidget.border': tokens.lineStrong, 'editorHoverWidget.foreground': tokens.text,
      'editorSuggestWidget.background': raised, 'editorSuggestWidget.border': tokens.lineStrong, 'editorSuggestWidget.foreground': tokens.text, 'editorSuggestWidget.selectedBackground': `${tokens.accent}26`, 'editorSuggestWidget.selectedForeground': tokens.text, 'editorSuggestWidget.highlightForeground': tokens.accentText, 'editorSuggestWidget.focusHighlightForeground': tokens.accentText,
      'list.hoverBackground': tokens.hover, 'list.focusBackground': `${tokens.accent}26`, 'list.highlightForeground': tokens.accentText, 'list.activeSelectionBackground': `${tokens.accent}26`, 'list.activeSelectionForeground': tokens.text, 'quickInput.background': raised, 'quickInput.foreground': tokens.text, 'quickInputList.focusBackground': `${tokens.accent}26`, 'quickInputList.focusForeground': tokens.text,
      'input.background': tokens.background, 'input.border': tokens.line, 'input.foreground': tokens.text, 'inputOption.activeBackground': `${tokens.accent}33`, 'inputOption.activeBorder': tokens.accent, 'focusBorder': tokens.accent, 'widget.shadow': '#00000030', 'menu.background': raised, 'menu.foreground': tokens.text, 'menu.selectionBackground': `${tokens.accent}26`, 'menu.selectionForeground': tokens.text, 'menu.separatorBackground': tokens.line,
      'scrollbarSlider.background': `${tokens.lineStrong}99`, 'scrollbarSlider.hoverBackground': tokens.lineStrong, 'scrollbarSlider.activeBackground': tokens.muted, 'scrollbar.shadow': '#00000000', 'editorOverviewRuler.border': '#00000000', 'editorGutter.background': tokens.surface, 'editorStickyScroll.background': tokens.surface, 'editorStickyScrollHover.background': tokens.hover, 'editorStickyScroll.border': tokens.line,
      'diffEditor.insertedTextBackground': `${tokens.gain}30`, 'diffEditor.removedTextBackground': `${tokens.loss}30`, 'diffEditor.insertedLineBackground': `${tokens.gain}16`, 'diffEditor.removedLineBackground': `${tokens.loss}14`, 'diffEditor.unchangedRegionBackground': tokens.background, 'diffEditor.unchangedRegionForeground': tokens.muted, 'peekViewEditor.background': tokens.background, 'peekViewResult.background': tokens.background, 'peekViewTitle.background': tokens.surface, 'peekView.border': tokens.accent,
      'editorBracketHighlight.foreground1': tokens.muted, 'editorBracketHighlight.foreground2': code.type, 'editorBracketHighlight.foreground3': code.number, 'textLink.foreground': tokens.accentText, 'textCodeBlock.background': tokens.hover, 'descriptionForeground': tokens.muted, 'editorCodeLens.foreground': tokens.muted,
    },
  });
  editor.setTheme(THEME);
}
