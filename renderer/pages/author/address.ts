/** What the address of the author page carries: the open project, the version that is looked at, the run, the deployed strategy, and what the right side shows. */

/** What the right side shows. */
export const AUTHOR_PANES = ['run', 'optimise', 'compare', 'deploy', 'live'] as const;
/** One of them. */
export type AuthorPane = (typeof AUTHOR_PANES)[number];

/** The part of the address after the question mark. */
export type AuthorSearch = { readonly project?: string; readonly version?: number; readonly run?: string; readonly strategy?: string; readonly pane?: AuthorPane };

const word = (value: unknown): value is string => typeof value === 'string' && value !== '' && value.length <= 64;

/** Reads it; anything else is dropped. */
export function readAuthorSearch(search: Record<string, unknown>): AuthorSearch {
  const { project, version, run, strategy, pane } = search;
  const known = AUTHOR_PANES.find((name) => name === pane);
  return {
    ...(word(project) ? { project } : {}), ...(typeof version === 'number' && Number.isInteger(version) && version > 0 ? { version } : {}), ...(word(run) ? { run } : {}), ...(word(strategy) ? { strategy } : {}),
    ...(known === undefined ? {} : { pane: known }),
  };
}
