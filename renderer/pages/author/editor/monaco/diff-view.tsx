/** Two texts beside each other, or one above the other where it is narrow. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import { useComputedColorScheme } from '@mantine/core';
import { editor } from 'monaco-editor/editor';
import { useTokens } from '../../../../ui/use-tokens.ts';
import { LOOK } from './options.ts';
import { LANGUAGE } from './setup.ts';
import { applyTheme } from './themes.ts';

/** The comparison. Nothing can be written in it. */
export function DiffView({ before, after, label }: { before: string; after: string; label: string }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const shown = useRef<editor.IStandaloneDiffEditor>(null);
  const tokens = useTokens();
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  useEffect(() => applyTheme(tokens, isDark), [tokens, isDark]);
  useEffect(() => {
    if (element.current === null) return undefined;
    const diff = editor.createDiffEditor(element.current, { ...LOOK, readOnly: true, originalEditable: false, renderSideBySide: true, renderSideBySideInlineBreakpoint: 720, useInlineViewWhenSpaceIsLimited: true, hideUnchangedRegions: { enabled: true, contextLineCount: 4 }, renderMarginRevertIcon: false, ignoreTrimWhitespace: false, renderOverviewRuler: false, diffAlgorithm: 'advanced', ariaLabel: 'Comparison' });
    shown.current = diff;
    return () => {
      shown.current = null;
      diff.dispose();
    };
  }, []);
  useEffect(() => {
    const [original, modified] = [editor.createModel(before, LANGUAGE), editor.createModel(after, LANGUAGE)];
    shown.current?.setModel({ original, modified });
    return () => {
      shown.current?.setModel(null);
      original.dispose();
      modified.dispose();
    };
  }, [before, after]);
  return <div ref={element} className="ed-code" role="region" aria-label={label} />;
}
