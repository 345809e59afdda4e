/** Type errors of all files of the project, a moment after the last keystroke. An answer about older text is dropped. */
import { editor, MarkerSeverity, MarkerTag, Uri } from 'monaco-editor/editor';
import { getTypeScriptWorker } from 'monaco-editor/languages/features/typescript/register';
import type { Diagnostic } from 'monaco-editor/languages/features/typescript/register';
import { MAX_FILE_CHARACTERS } from '#app/contracts/author.ts';
import { languageIsThere, typingsNow } from './setup.ts';

/** The owner of the marks of type errors. */
const TYPES_OWNER = 'typescript';
const CHECK_AFTER_MS = 200;
/** Most marks of a file. One line of thousands of errors would be drawn as thousands of places at each turn. */
const MAX_MARKS = 300;
type MessageChain = Exclude<Diagnostic['messageText'], string>;
const SEVERITIES = [MarkerSeverity.Warning, MarkerSeverity.Error, MarkerSeverity.Hint, MarkerSeverity.Info] as const;

function words(message: string | MessageChain, depth = 0): string {
  if (typeof message === 'string') return message;
  return [`${'  '.repeat(depth)}${message.messageText}`, ...(message.next ?? []).map((next) => words(next, depth + 1))].join('\n');
}

function markOf(model: editor.ITextModel, found: Diagnostic): editor.IMarkerData {
  const start = model.getPositionAt(found.start ?? 0);
  const end = model.getPositionAt((found.start ?? 0) + Math.max(1, found.length ?? 1));
  const tags = [...(found.reportsUnnecessary ? [MarkerTag.Unnecessary] : []), ...(found.reportsDeprecated ? [MarkerTag.Deprecated] : [])];
  return { severity: SEVERITIES[found.category], message: words(found.messageText), code: String(found.code), source: 'TypeScript', startLineNumber: start.lineNumber, startColumn: start.column, endLineNumber: end.lineNumber, endColumn: end.column, tags };
}

/** Looks over files whenever `again` is called; `done` hears of each finished look. */
export function createTypeCheck(models: () => readonly editor.ITextModel[], done: () => void): { again(): void; end(): void } {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let round = 0;
  const look = async (mine: number): Promise<void> => {
    await languageIsThere;
    const all = models();
    // Without its declarations every name of the module would be an error.
    if (all.length === 0 || typingsNow() === '') return;
    const worker = await (await getTypeScriptWorker())(...all.map(({ uri }) => uri));
    for (const model of all) {
      const file = model.uri.toString();
      // No file of this length can be stored, and the place below the text says so.
      if (model.getValueLength() > MAX_FILE_CHARACTERS) {
        editor.setModelMarkers(model, TYPES_OWNER, []);
        continue;
      }
      const found = await Promise.all([worker.getSyntacticDiagnostics(file), worker.getSemanticDiagnostics(file), worker.getSuggestionDiagnostics(file)]);
      if (mine !== round || model.isDisposed()) return;
      const told = found.flat().filter((one) => one.category !== 2 || one.reportsUnnecessary !== undefined || one.reportsDeprecated !== undefined);
      editor.setModelMarkers(model, TYPES_OWNER, told.slice(0, MAX_MARKS).map((one) => markOf(model, one)));
    }
    done();
  };
  return {
    again() {
      clearTimeout(timer);
      round += 1;
      const mine = round;
      timer = setTimeout(() => {
        look(mine).catch((error: unknown) => {
          // A file that was closed meanwhile is asked for no more.
          if (mine === round) console.warn('The types could not be checked', error);
        });
      }, CHECK_AFTER_MS);
    },
    end() {
      clearTimeout(timer);
      round += 1;
    },
  };
}

/** Where a file of the project stands. */
export function uriOf(path: string): Uri {
  return Uri.parse(`file:///${path}`);
}
/** The path of a file of the project by where it stands. */
export function pathOf(uri: Uri): string {
  return uri.path.slice(1);
}
