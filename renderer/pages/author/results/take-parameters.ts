/** Sets the run bar's parameters to those of a point. */
import { useCallback, useState } from 'react';
import type { TrialView } from '#app/contracts/search-report.ts';
import { openProjectNow } from '../open-project.ts';
import { changeRun, runDraftNow } from './draft-store.ts';
import { asTyped } from './run-draft.ts';

/** Takes a point over; `taken`: the last one. */
export function useTakeParameters(): { take(parameters: TrialView['parameters']): void; taken: TrialView['parameters'] | null } {
  const [taken, setTaken] = useState<TrialView['parameters'] | null>(null);
  const take = useCallback((parameters: TrialView['parameters']) => {
    const projectId = openProjectNow()?.project.projectId;
    if (projectId === undefined) return;
    changeRun(projectId, { parameters: { ...runDraftNow(projectId).parameters, ...asTyped(parameters) } });
    setTaken(parameters);
  }, []);
  return { take, taken };
}
