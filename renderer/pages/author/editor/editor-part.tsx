/** The left and the middle of the author page: projects, files, versions, the editor. */
import type { JSX } from 'react';

/** The part. */
export function EditorPart(): JSX.Element {
  return <section className="author-editor" aria-label="Editor" />;
}
