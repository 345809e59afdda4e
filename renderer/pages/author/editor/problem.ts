/** One line of the list of problems, whoever found it. */

/** A problem. Places from 1; `path` null = of the whole project; `explanation`: why it matters and what to do, empty when its words say all. */
export type Problem = { readonly path: string | null; readonly line: number; readonly column: number; readonly severity: 'error' | 'warning' | 'info'; readonly source: string; readonly rule: string; readonly message: string; readonly explanation: string };

const RANK = { error: 0, warning: 1, info: 2 } as const;

/** Worst first, then by file and place. What TypeScript and the gateway both say of a line is listed once. */
export function inOrderOfWeight(problems: readonly Problem[]): readonly Problem[] {
  const seen = new Set<string>();
  const once = problems.filter((one) => {
    const key = `${one.path ?? ''}:${one.line}:${one.column}:${one.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return once.toSorted((a, b) => RANK[a.severity] - RANK[b.severity] || (a.path ?? '').localeCompare(b.path ?? '') || a.line - b.line || a.column - b.column);
}
