/** The bar below the settings: what would change, what must start again for it, and the two ways on. */
import { useEffect, useState } from 'react';
import type { JSX } from 'react';
import { Button, Checkbox } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { IconArrowRight } from '@tabler/icons-react';
import { settingFacts } from '#app/contracts/configuration.ts';
import type { ChangeOutlook } from '#app/contracts/configuration.ts';
import type { RiskLimits } from '#app/domain/limits.ts';
import { useAction } from '../../data/queries.ts';
import { counted } from '../../ui/format.ts';
import { confirmLoose, discard, draftNow, forgetLimits, forgetSettings, useDraft } from './draft.ts';
import type { SettingsDraft } from './draft.ts';
import { LIMIT_FIELDS, limitsAfter, limitWords, loosened } from './limits.ts';

type Line = { readonly name: string; readonly before: string; readonly after: string };

function limitLines(now: RiskLimits, after: RiskLimits): Line[] {
  return [...LIMIT_FIELDS.values()].filter(({ key }) => now[key] !== after[key]).map(({ key, title, unit }) => ({ name: title, before: limitWords(now[key], unit), after: limitWords(after[key], unit) }));
}

function whenWords(outlook: ChangeOutlook | null): string {
  if (outlook === null) return '';
  const parts = outlook.restarts.length > 0 ? [`Starts again by itself: ${outlook.restarts.join(', ')}.`] : [];
  return [...parts, ...(outlook.needsRestart ? ['Some of it counts at the next start of everything.'] : [])].join(' ');
}

/** The bar; nothing while nothing was changed. `limits`: in force, with their version; `failure`: why nobody can say what the change would do. */
export function ChangesBar({ outlook, limits, limitsVersion, isChecking, failure }: { outlook: ChangeOutlook | null; limits: RiskLimits | null; limitsVersion: number | null; isChecking: boolean; failure: Error | null }): JSX.Element | null {
  const draft = useDraft();
  const saveSettings = useAction('saveConfiguration', [['configuration']]);
  const saveLimits = useAction('setRiskLimits', [['tradingState']]);
  const [done, setDone] = useState<{ readonly words: string; readonly left: SettingsDraft } | null>(null);
  const hasSettings = Object.keys(draft.settings).length > 0;
  const hasLimits = Object.keys(draft.limits).length > 0;
  const after = limits === null ? null : limitsAfter(limits, draft.limits).limits;
  const looser = limits === null || after === null ? [] : loosened(limits, after);
  const lines: Line[] = [...(hasSettings ? (outlook?.diff ?? []).map(({ key, before, after: next }) => ({ name: settingFacts(key).title, before, after: next })) : []), ...(limits === null || after === null || !hasLimits ? [] : limitLines(limits, after))];
  const problems = (hasSettings ? (outlook?.problems.length ?? 0) : 0) + (hasLimits && after === null ? 1 : 0);
  const isConfirmed = limitsVersion !== null && draft.confirmedOver === limitsVersion;
  const isReady = problems === 0 && (!hasSettings || (outlook !== null && !isChecking)) && (looser.length === 0 || isConfirmed);
  const save = useMutation({ mutationFn: async (): Promise<void> => {
    // Limits first: they matter most, and each of the two says by itself whether it was done.
    if (hasLimits && after !== null) {
      await saveLimits.mutateAsync({ limits: after, ...(limitsVersion === null ? {} : { base: limitsVersion }) });
      forgetLimits(draft.limits);
    }
    if (hasSettings && outlook !== null) {
      await saveSettings.mutateAsync({ changes: draft.settings, base: outlook.base });
      forgetSettings(draft.settings);
    }
    setDone({ words: `Saved. ${whenWords(hasSettings ? outlook : null)}`, left: draftNow() });
  } });
  const isEmpty = !hasSettings && !hasLimits;
  const { reset } = save;
  useEffect(() => {
    // A refusal speaks of the changes that were sent: those that are begun anew have had none.
    if (!isEmpty) reset();
  }, [isEmpty, reset]);
  // "Saved." is said of what the save has left: whatever was typed and discarded since was not saved.
  if (isEmpty) return done?.left === draft ? <footer className="se-bar done" role="status">{done.words}</footer> : null;
  return (
    <footer className="se-bar" aria-label="Changes that are not saved">
      <div className="se-diff">
        <strong>{counted(Object.keys(draft.settings).length + Object.keys(draft.limits).length, 'change')}</strong>
        <ul>{lines.map(({ name, before, after: next }) => <li key={name}><span>{name}</span> <code>{before}</code> <IconArrowRight size={12} aria-label="becomes" /> <code>{next}</code></li>)}</ul>
        {hasSettings && problems === 0 && <p className="muted">{whenWords(outlook)}</p>}
        {problems > 0 && <p className="loss-text" role="alert">{counted(problems, 'problem')} above: nothing can be saved before that is put right.</p>}
        {failure !== null && <p className="loss-text" role="alert">What this would do cannot be told now, so it cannot be saved: {failure.message}</p>}
        {save.error !== null && <p className="loss-text" role="alert">{save.error.message}</p>}
      </div>
      <div className="se-acts">
        {looser.length > 0 && <Checkbox size="xs" checked={isConfirmed} onChange={(event) => confirmLoose(event.currentTarget.checked ? limitsVersion : null)} label={`I want ${looser.length === 1 ? 'a wider limit' : `${looser.length} wider limits`}: ${looser.map(({ title }) => title).join(', ')}`} />}
        <div>
          <Button size="compact-md" variant="subtle" color="gray" onClick={() => discard()}>Discard</Button>
          <Button size="compact-md" disabled={!isReady} loading={save.isPending} onClick={() => save.mutate()}>Save</Button>
        </div>
      </div>
    </footer>
  );
}
