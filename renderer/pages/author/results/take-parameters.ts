/** Sets the run bar's parameters to those of a point. */
import { useCallback, useState } from 'react';
import type { TrialView } from '#app/contracts/search-report.ts';
import { openProjectNow } from '../open-project.ts';
import { changeRun, runDraftNow } from './draft-store.ts';

/** Parameters as the fields of the bar hold them. */
export function asTyped(parameters: TrialView['parameters']): Record<string, string | boolean> {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, typeof value === 'boolean' ? value : String(value)]));
}

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
