/** Monaco arrives after the page: its space is reserved, its code is loaded once. */
import { useEffect, useState } from 'react';
import type { ComponentProps, JSX } from 'react';
import { Failure } from '../../../ui/kit.tsx';
import type * as CodeModule from './monaco/code-editor.tsx';
import type * as DiffModule from './monaco/diff-view.tsx';
import type * as SourceModule from './monaco/source-view.tsx';
import { warmTypes } from './monaco/workers.ts';
import { useSession } from './session.ts';

/** A part of the page that is loaded when it is first needed. A file that did not come is asked for again by the next try. */
function lazyModule<M>(load: () => Promise<M>): { get(): M | null; load(): Promise<M> } {
  let loaded: M | null = null;
  let loading: Promise<M> | null = null;
  return {
    get: () => loaded,
    load() {
      loading ??= load().then((all) => (loaded = all), (error: unknown) => {
        loading = null;
        throw error;
      });
      return loading;
    },
  };
}

const code = lazyModule<typeof CodeModule>(() => import('./monaco/code-editor.tsx'));
const diff = lazyModule<typeof DiffModule>(() => import('./monaco/diff-view.tsx'));
const source = lazyModule<typeof SourceModule>(() => import('./monaco/source-view.tsx'));

/** Asks for the code of the editor and starts its worker while the page still waits for its answers. */
export function loadEditor(): void {
  warmTypes();
  code.load().catch((error: unknown) => console.warn('The code of the editor did not come yet', error));
}

function useModule<M>(lazy: { get(): M | null; load(): Promise<M> }): { module: M | null; failure: unknown; again(): void } {
  const [module, setModule] = useState<M | null>(lazy.get);
  const [failure, setFailure] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isWanted = true;
    lazy.load().then((all) => { if (isWanted) setModule(() => all); }, (error: unknown) => { if (isWanted) setFailure(error); });
    return () => { isWanted = false; };
  }, [lazy, attempt]);
  return { module, failure, again: () => { setFailure(null); setAttempt((n) => n + 1); } };
}

/** More than any screen shows. */
const PLAIN_CHARACTERS = 12_000;

/** Lines of code that will be there. */
export function CodeSkeleton(): JSX.Element {
  return <div className="ed-code-skeleton" aria-label="Loading">{Array.from({ length: 14 }, (_none, n) => <i key={n} style={{ width: `${[34, 0, 52, 28, 44, 38, 60, 24, 0, 48, 56, 30, 20, 12][n] ?? 20}%`, marginLeft: `${[0, 0, 0, 2, 2, 2, 4, 4, 0, 2, 4, 4, 2, 0][n] ?? 0}ch` }} />)}</div>;
}

/** The file in front, to read until the editor is there. */
function PlainText(): JSX.Element {
  const { doc } = useSession();
  const text = doc?.files.find(({ path }) => path === doc.active)?.text;
  return text === undefined ? <CodeSkeleton /> : <pre className="ed-plain" aria-label="Source of the strategy, read only until the editor is there" aria-busy>{text.slice(0, PLAIN_CHARACTERS)}</pre>;
}

/** The editor. */
export function LazyCodeEditor(props: ComponentProps<typeof CodeModule.CodeEditor>): JSX.Element {
  const { module, failure, again } = useModule(code);
  if (module === null) return failure === null ? <PlainText /> : <Failure error={failure} retry={again} />;
  return <module.CodeEditor {...props} />;
}
/** A comparison. */
export function LazyDiffView(props: ComponentProps<typeof DiffModule.DiffView>): JSX.Element {
  const { module, failure, again } = useModule(diff);
  if (module === null) return failure === null ? <CodeSkeleton /> : <Failure error={failure} retry={again} />;
  return <module.DiffView {...props} />;
}
/** A source to read. */
export function LazySourceView(props: ComponentProps<typeof SourceModule.SourceView>): JSX.Element {
  const { module, failure, again } = useModule(source);
  if (module === null) return failure === null ? <CodeSkeleton /> : <Failure error={failure} retry={again} />;
  return <module.SourceView {...props} />;
}
