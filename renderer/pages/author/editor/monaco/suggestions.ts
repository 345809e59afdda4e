/** Suggestions of our own: functions of the module that are not imported yet, and pieces of strategies. */
import { languages } from 'monaco-editor/editor';
import type { editor, IRange, Position } from 'monaco-editor/editor';
import { SNIPPETS } from '../snippets.ts';
import { functionsOf, importChange, importedNames } from '../typings-text.ts';
import type { ModuleFunction } from '../typings-text.ts';
import { LANGUAGE, typingsNow } from './setup.ts';

let known: { readonly typings: string; readonly functions: readonly ModuleFunction[] } = { typings: '', functions: [] };

function functions(): readonly ModuleFunction[] {
  const typings = typingsNow();
  if (known.typings !== typings) known = { typings, functions: functionsOf(typings) };
  return known.functions;
}

function importing(model: editor.ITextModel, text: string, name: string): { range: IRange; text: string }[] {
  const change = importChange(text, name);
  if (change === null) return [];
  const [start, end] = [model.getPositionAt(change.start), model.getPositionAt(change.end)];
  return [{ range: { startLineNumber: start.lineNumber, startColumn: start.column, endLineNumber: end.lineNumber, endColumn: end.column }, text: change.text }];
}

function suggest(model: editor.ITextModel, position: Position): languages.CompletionItem[] {
  const word = model.getWordUntilPosition(position);
  const line = model.getLineContent(position.lineNumber);
  const before = line.slice(0, word.startColumn - 1);
  // After a dot, in a text, in a comment and in an import nothing of this is meant.
  if (/[.'"`]$/.test(before) || /^\s*(\/\/|\*|import\b)/.test(line)) return [];
  const range = { startLineNumber: position.lineNumber, endLineNumber: position.lineNumber, startColumn: word.startColumn, endColumn: word.endColumn };
  const text = model.getValue();
  const imported = new Set(importedNames(text));
  const missing = functions().filter(({ name }) => !imported.has(name)).map(({ name, signature, about }): languages.CompletionItem => ({
    label: { label: name, description: 'mainspring' }, kind: languages.CompletionItemKind.Function, insertText: name, range, detail: `import from mainspring\n${signature}`, documentation: { value: about }, sortText: `~${name}`, additionalTextEdits: importing(model, text, name),
  }));
  const pieces = SNIPPETS.map(({ prefix, title, about, body }): languages.CompletionItem => ({
    label: { label: prefix, description: title }, kind: languages.CompletionItemKind.Snippet, insertText: body, insertTextRules: languages.CompletionItemInsertTextRule.InsertAsSnippet, range, detail: title, documentation: { value: about }, sortText: `~~${prefix}`,
  }));
  return [...missing, ...pieces];
}

/** Offers them. */
export function offerSuggestions(): { dispose(): void } {
  return languages.registerCompletionItemProvider(LANGUAGE, { provideCompletionItems: (model, position) => ({ suggestions: suggest(model, position) }) });
}
