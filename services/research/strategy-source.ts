/** A user's strategy as text, looked over before it runs: TypeScript to a syntax tree, findings back to the places that its author wrote. */
import { parse } from 'acorn';
import { transform } from 'sucrase';
import * as z from 'zod';
import { describeError } from '#app/domain/errors.ts';
import { checkStatically, type StaticFinding } from '#app/strategy/static-check.ts';
import type { SyntaxNode } from '#app/strategy/syntax.ts';

const MAX_SOURCE = 1_000_000;

/** What a look over a source found. `defect`: why it cannot be read at all, with its place from 1; then there are no findings. */
export type SourceReport = { readonly defect: { readonly line: number; readonly column: number; readonly message: string } | null; readonly findings: readonly StaticFinding[] };

const placedSchema = z.object({ loc: z.object({ line: z.number(), column: z.number() }) });

/** Looks over a strategy's TypeScript. Never throws for what the source says. */
export function checkSource(source: string): SourceReport {
  const failed = (message: string, line = 1, column = 1): SourceReport => ({ defect: { line, column, message }, findings: [] });
  if (source.length > MAX_SOURCE) return failed(`The strategy is longer than ${MAX_SOURCE} characters`);
  try {
    const { code, sourceMap } = transform(source, { transforms: ['typescript'], disableESTransforms: true, filePath: 'strategy.ts', sourceMapOptions: { compiledFilename: 'strategy.js' } });
    const program = parse(code, { ecmaVersion: 2024, sourceType: 'module', locations: true });
    const columns = columnsBack(sourceMap?.mappings ?? '');
    // Acorn's nodes are ESTree nodes, whose classes have no index signature.
    const findings = checkStatically(program as unknown as SyntaxNode);
    return { defect: null, findings: findings.map((finding) => ({ ...finding, column: columns(finding.line, finding.column - 1) + 1 })) };
  } catch (error) {
    const placed = placedSchema.safeParse(error);
    const message = describeError(error).replace(/^Error transforming strategy\.ts: /, '').replace(/ \(\d+:\d+\)$/, '');
    return placed.success ? failed(message, placed.data.loc.line, placed.data.loc.column) : failed(message);
  }
}

const DIGITS = new Map([...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].map((letter, value) => [letter, value]));

/** The numbers of one group of a source map: base-64 digits of five bits, the sixth says that more follow, the lowest is the sign. */
function numbersOf(group: string): number[] {
  const numbers: number[] = [];
  let [value, shift] = [0, 0];
  for (const letter of group) {
    const digit = DIGITS.get(letter) ?? 0;
    value += (digit & 31) << shift;
    shift += 5;
    if ((digit & 32) !== 0) continue;
    numbers.push((value & 1) === 1 ? -(value >> 1) : value >> 1);
    [value, shift] = [0, 0];
  }
  return numbers;
}

/** Where a column of the code lies in the source, by its source map (lines stay what they are). Line from 1, columns from 0. */
function columnsBack(mappings: string): (line: number, column: number) => number {
  let original = 0;
  const lines = mappings.split(';').map((line) => {
    let compiled = 0;
    return line.split(',').filter(Boolean).map((group) => {
      const [ahead = 0, , , back = 0] = numbersOf(group);
      compiled += ahead;
      original += back;
      return [compiled, original] as const;
    });
  });
  return (line, column) => {
    const before = (lines[line - 1] ?? []).filter(([compiled]) => compiled <= column).at(-1);
    return before === undefined ? column : before[1] + column - before[0];
  };
}
