/** A source to read: coloured, folded, not written in. */
import { useEffect, useRef } from 'react';
import type { JSX } from 'react';
import { useComputedColorScheme } from '@mantine/core';
import { editor } from 'monaco-editor/editor';
import { useTokens } from '../../../../ui/use-tokens.ts';
import { LOOK } from './options.ts';
import { LANGUAGE } from './setup.ts';
import { applyTheme } from './themes.ts';

/** The source. */
export function SourceView({ text, label }: { text: string; label: string }): JSX.Element {
  const element = useRef<HTMLDivElement>(null);
  const tokens = useTokens();
  const isDark = useComputedColorScheme('light', { getInitialValueInEffect: false }) === 'dark';
  useEffect(() => applyTheme(tokens, isDark), [tokens, isDark]);
  useEffect(() => {
    if (element.current === null) return undefined;
    const model = editor.createModel(text, LANGUAGE);
    const view = editor.create(element.current, { ...LOOK, model, readOnly: true, domReadOnly: true, wordWrap: 'on', wrappingIndent: 'indent', contextmenu: false, stickyScroll: { enabled: false }, renderLineHighlight: 'none', ariaLabel: label });
    return () => {
      view.dispose();
      model.dispose();
    };
  }, [text, label]);
  return <div ref={element} className="ed-code" />;
}
