/** Fills the run bar of a project that nobody has set yet. */
import { useEffect, useState } from 'react';
import { TIMEFRAMES } from '#app/domain/time.ts';
import { useRoute } from '../../../data/queries.ts';
import { useTemplates } from '../editor/queries.ts';
import { changeRun } from './draft-store.ts';
import { firstSettings } from './first-settings.ts';
import { FRESH_DRAFT } from './run-draft.ts';
import type { RunDraft } from './run-draft.ts';
import type { RunTarget } from './run-target.ts';
import { useStored } from './stored.ts';

/** Fills the bar of a project that has no symbols yet, once. */
export function useFirstSettings({ projectId, templateId, facts }: RunTarget, draft: RunDraft): void {
  const hasAny = draft.symbols.length > 0 || draft.screenId !== null;
  const [filled, setFilled] = useState<string | null>(null);
  // Whoever takes the last symbol out finds it out; another setting may be changed before the first symbol has come.
  if (hasAny && filled !== projectId) setFilled(projectId);
  const isEmpty = !hasAny && filled !== projectId;
  const known = useRoute('chartSymbols', ['chartSymbols', ''], { query: '', limit: 30 }, { isEnabled: isEmpty }).data?.symbols;
  const hasTemplate = isEmpty && templateId !== null;
  const templates = useTemplates(hasTemplate);
  const suggested = hasTemplate ? (templates.data?.templates.find((one) => one.templateId === templateId)?.suggested ?? null) : null;
  const timeframe = suggested === null ? null : (TIMEFRAMES.find((name) => name === suggested.timeframe) ?? null);
  const stored = useStored(suggested?.symbols ?? [], timeframe ?? FRESH_DRAFT.timeframe);
  // Never waits for the look over its files: that may fail, and the bar must be usable then too.
  const isReady = isEmpty && known !== undefined && (!hasTemplate || !templates.isPending) && (timeframe === null || stored.isKnown);
  useEffect(() => {
    if (!isReady) return;
    const settings = firstSettings(known, facts?.scope === 'portfolio' ? facts.symbols[0] : 1, suggested === null || timeframe === null ? null : { symbols: suggested.symbols, timeframe, stored });
    if (settings !== null) changeRun(projectId, settings);
  }, [isReady, known, facts, suggested, timeframe, stored, projectId]);
}
