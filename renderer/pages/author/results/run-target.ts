/** What the run bar and the results must know of the open project, without hearing each keystroke. */
import type { ProjectFacts, VersionView } from '#app/contracts/author.ts';
import { useOpenProject } from '../open-project.ts';

/** The project that a run would be of. `templateId`: what it was begun from, null = nothing that has a name; `facts`: of the last files that could be loaded; null = never since it was opened. */
export type RunTarget = { readonly projectId: string; readonly name: string; readonly templateId: string | null; readonly base: VersionView; readonly isDirty: boolean; readonly facts: ProjectFacts | null; readonly hasErrors: boolean };

let known: { readonly projectId: string; readonly facts: ProjectFacts } | null = null;
let last: RunTarget | null = null;

function isSame(a: RunTarget, b: RunTarget): boolean {
  return a.projectId === b.projectId && a.name === b.name && a.templateId === b.templateId && a.base === b.base && a.isDirty === b.isDirty && a.facts === b.facts && a.hasErrors === b.hasErrors;
}

/** The target; the same object while nothing of it changes, however the text does. While a check is on its way, or the text cannot be loaded, the facts of before hold. */
export function useRunTarget(): RunTarget | null {
  const open = useOpenProject();
  if (open === null) return null;
  const { project, base, isDirty, check } = open;
  if (check !== null && check.facts !== null) known = { projectId: project.projectId, facts: check.facts };
  const next: RunTarget = { projectId: project.projectId, name: project.name, templateId: project.templateId, base, isDirty, facts: known?.projectId === project.projectId ? known.facts : null, hasErrors: check?.findings.some(({ severity }) => severity === 'error') ?? false };
  if (last === null || !isSame(last, next)) last = next;
  return last;
}
