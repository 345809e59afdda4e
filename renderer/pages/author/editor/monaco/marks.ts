/** Findings of the gateway in the text: underlined with what to do, and offered ways out. What a look for the future found has a look of its own. */
import { editor, languages, MarkerSeverity } from 'monaco-editor/editor';
import type { IRange } from 'monaco-editor/editor';
import type { ProjectFinding } from '#app/contracts/author.ts';
import type { Problem } from '../problem.ts';
import { quickFixes } from '../quick-fixes.ts';
import { modelAt, projectModels } from './models.ts';
import { LANGUAGE } from './setup.ts';
import { pathOf } from './type-check.ts';

/** Owners of marks. */
const FINDINGS_OWNER = 'mainspring';
const LOOK_AHEAD_OWNER = 'look_ahead';
/** What stands before the explanation in the words of a mark. */
const WHY = '\n\nWhy and what to do: ';

const decorations = new Map<editor.ITextModel, string[]>();

function rangeOf(model: editor.ITextModel, found: ProjectFinding): IRange {
  const line = Math.min(Math.max(1, found.line), model.getLineCount());
  const column = Math.min(Math.max(1, found.column), model.getLineMaxColumn(line));
  if (found.endLine !== null && found.endColumn !== null && found.endLine <= model.getLineCount()) return { startLineNumber: line, startColumn: column, endLineNumber: found.endLine, endColumn: found.endColumn };
  const word = model.getWordAtPosition({ lineNumber: line, column });
  return { startLineNumber: line, startColumn: column, endLineNumber: line, endColumn: Math.max(word?.endColumn ?? 0, column + 1, found.column === 1 && word === null ? model.getLineMaxColumn(line) : 0) };
}

function markOf(model: editor.ITextModel, found: ProjectFinding, source: string): editor.IMarkerData {
  return { ...rangeOf(model, found), severity: found.severity === 'error' ? MarkerSeverity.Error : MarkerSeverity.Warning, source, code: found.rule, message: found.explanation === '' ? found.message : `${found.message}${WHY}${found.explanation}` };
}

/** Underlines findings. Syntax is TypeScript's own matter: it says it sooner. */
export function markFindings(findings: readonly ProjectFinding[], lookAhead: readonly ProjectFinding[]): void {
  for (const model of projectModels()) {
    const path = pathOf(model.uri);
    const here = (list: readonly ProjectFinding[]): readonly ProjectFinding[] => list.filter((one) => one.path === path);
    const future = here(lookAhead);
    editor.setModelMarkers(model, FINDINGS_OWNER, here(findings).filter(({ source }) => source !== 'syntax').map((one) => markOf(model, one, 'Mainspring')));
    editor.setModelMarkers(model, LOOK_AHEAD_OWNER, future.map((one) => markOf(model, one, one.source === 'warm_up' ? 'Warm-up' : 'Look-ahead')));
    decorations.set(model, model.deltaDecorations(decorations.get(model) ?? [], future.map((one) => ({ range: rangeOf(model, one), options: { isWholeLine: true, className: 'ed-future-line', linesDecorationsClassName: 'ed-future-mark', stickiness: 1 } }))));
  }
  for (const model of [...decorations.keys()]) if (model.isDisposed()) decorations.delete(model);
}

/** All marks of the project. */
export function listProblems(): readonly Problem[] {
  return projectModels().flatMap((model) => editor.getModelMarkers({ resource: model.uri }).filter(({ severity }) => severity !== MarkerSeverity.Hint).map((mark): Problem => {
    const [message = '', explanation = ''] = mark.message.split(WHY);
    const rule = typeof mark.code === 'string' ? mark.code : (mark.code?.value ?? '');
    return { path: pathOf(model.uri), line: mark.startLineNumber, column: mark.startColumn, severity: mark.severity === MarkerSeverity.Error ? 'error' : mark.severity === MarkerSeverity.Warning ? 'warning' : 'info', source: mark.source ?? '', rule, message, explanation };
  }));
}

/** Offers the mechanical ways out. */
export function offerQuickFixes(): { dispose(): void } {
  return languages.registerCodeActionProvider(LANGUAGE, {
    provideCodeActions(model, _range, { markers }) {
      const actions = markers.filter(({ source }) => source === 'Mainspring' || source === 'Look-ahead').flatMap((marker): languages.CodeAction[] => {
        const line = marker.startLineNumber;
        const fixes = quickFixes(typeof marker.code === 'string' ? marker.code : '', model.getLineContent(line));
        return fixes.map(({ title, text }, n) => {
          const isLast = line === model.getLineCount();
          const range = text !== null || isLast ? { startLineNumber: line, startColumn: 1, endLineNumber: line, endColumn: model.getLineMaxColumn(line) } : { startLineNumber: line, startColumn: 1, endLineNumber: line + 1, endColumn: 1 };
          return { title, kind: 'quickfix', diagnostics: [marker], isPreferred: n === 0, edit: { edits: [{ resource: model.uri, versionId: model.getVersionId(), textEdit: { range, text: text ?? '' } }] } };
        });
      });
      return { actions: modelAt(pathOf(model.uri)) === model ? actions : [], dispose: () => undefined };
    },
  });
}
