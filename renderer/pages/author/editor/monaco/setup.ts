/** Monaco as this page uses it: its workers from our own origin, TypeScript without a page around it, the declarations of `mainspring`. */
import { editor, languages, Uri } from 'monaco-editor/editor';
import 'monaco-editor/features/register.all';
import 'monaco-editor/languages/definitions/typescript/register';
import { ModuleKind, ScriptTarget, typescriptDefaults } from 'monaco-editor/languages/features/typescript/register';
import type { ModuleResolutionKind } from 'monaco-editor/languages/features/typescript/register';
import { MODULE_NAME } from '../typings-text.ts';
import { textWorker, typesWorker } from './workers.ts';

/** The language of every file. */
export const LANGUAGE = 'typescript';
/** Where the declarations of the module stand. */
const TYPINGS_URI = `file:///${MODULE_NAME}.d.ts`;
/** How bundlers find files; Monaco's own list of ways ends before it. */
const BUNDLER_RESOLUTION = 100 as ModuleResolutionKind;

Object.assign(globalThis, { MonacoEnvironment: { getWorker: (_module: string, label: string) => (label === LANGUAGE ? typesWorker() : textWorker()) } });

typescriptDefaults.setCompilerOptions({
  target: ScriptTarget.ESNext, lib: ['es2023'], module: ModuleKind.ESNext, moduleResolution: BUNDLER_RESOLUTION, moduleDetection: 3, strict: true, noEmit: true, allowNonTsExtensions: true, allowImportingTsExtensions: true, isolatedModules: true, types: [],
});
// The page asks for errors itself: of all files of the project, and sooner.
typescriptDefaults.setModeConfiguration({ completionItems: true, hovers: true, documentSymbols: true, definitions: true, references: true, documentHighlights: true, rename: true, diagnostics: false, documentRangeFormattingEdits: true, signatureHelp: true, onTypeFormattingEdits: true, codeActions: true, inlayHints: false });

let markReady: (() => void) | null = null;
/** Fulfilled once the first file of the language is there: from then on its worker can be asked. */
export const languageIsThere = new Promise<void>((resolve) => { markReady = resolve; });
languages.onLanguage(LANGUAGE, () => markReady?.());

let typings = '';
/** Gives the editor the declarations of the module. */
export function setTypings(text: string): void {
  if (text === typings) return;
  typings = text;
  typescriptDefaults.setExtraLibs([{ content: text, filePath: TYPINGS_URI }]);
  editor.getModel(Uri.parse(TYPINGS_URI))?.setValue(text);
}
/** The declarations; empty until they have come. */
export function typingsNow(): string {
  return typings;
}
