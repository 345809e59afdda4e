/** A user's strategy as text, looked over before it runs: TypeScript to a syntax tree, findings back to the places that its author wrote. */
import { parse } from 'acorn';
import { transform } from 'sucrase';
import * as z from 'zod';
import { ENTRY_FILE, MAX_PROJECT_FILES, projectFileSchema, type ProjectFinding } from '#app/contracts/author.ts';
import { describeError } from '#app/domain/errors.ts';
import { checkStatically, type StaticFinding } from '#app/strategy/static-check.ts';
import type { SyntaxNode } from '#app/strategy/syntax.ts';
import { explanationOf } from './source-advice.ts';
import { linkDefects } from './source-links.ts';
import { columnsBack } from './source-map.ts';

const MAX_SOURCE = 1_000_000;
const MAX_FINDINGS = 500;

/** One file of a strategy. `path`: relative, such as `strategy.ts` or `lib/levels.ts`. */
export type ProjectFileLike = { readonly path: string; readonly text: string };

/** Why a file cannot be read at all, with its place from 1. */
export type SourceDefect = { readonly line: number; readonly column: number; readonly message: string };
/** What a look over a source found. With a `defect` there are no findings. */
export type SourceReport = { readonly defect: SourceDefect | null; readonly findings: readonly StaticFinding[] };

/** A file, read. `columns`: back to the columns of the source (line from 1, columns from 0). */
type Parsed = { readonly path: string; readonly program: SyntaxNode; readonly columns: (line: number, column: number) => number };

const placedSchema = z.object({ loc: z.object({ line: z.number(), column: z.number() }) });

/** In words that help: parsers speak of their own stack when something is nested too deeply. */
function defectOf(error: unknown): SourceDefect {
  const placed = placedSchema.safeParse(error);
  const said = describeError(error).replace(/^(Error|SyntaxError): /, '').replace(/^Error transforming [^:]*: /, '').replace(/ \(\d+:\d+\)$/, '');
  const message = /call stack/i.test(said) ? `This file is nested too deeply to be read (${said}). Take it apart` : said;
  return { line: placed.data?.loc.line ?? 1, column: placed.data?.loc.column ?? 1, message };
}

/** `isWhole`: with the imports that nothing uses, which are gone with the types otherwise. */
function parseFile({ path, text }: ProjectFileLike, isWhole = false): Parsed | SourceDefect {
  if (text.length > MAX_SOURCE) return { line: 1, column: 1, message: `The strategy is longer than ${MAX_SOURCE} characters` };
  try {
    const { code, sourceMap } = transform(text, { transforms: ['typescript'], disableESTransforms: true, keepUnusedImports: isWhole, filePath: path, sourceMapOptions: { compiledFilename: 'strategy.js' } });
    // Acorn's nodes are ESTree nodes, whose classes have no index signature.
    const program = parse(code, { ecmaVersion: 2024, sourceType: 'module', locations: true }) as unknown as SyntaxNode;
    return { path, program, columns: columnsBack(sourceMap?.mappings ?? '') };
  } catch (error) {
    return defectOf(error);
  }
}

function staticFindings({ program, columns }: Parsed): readonly StaticFinding[] {
  return checkStatically(program).map((finding) => ({ ...finding, column: columns(finding.line, finding.column - 1) + 1, endColumn: columns(finding.endLine, finding.endColumn - 1) + 1 }));
}

/** Something that may be an import of another module: only then is a file read a second time. */
const FOREIGN = /\bfrom\s*['"](?!mainspring['"]|\.)/;

/** What a file must not do. An import of another module that nothing uses would load nothing; its author must hear of it all the same, at once and not when it is used. */
function findingsOf(parsed: Parsed, file: ProjectFileLike): readonly StaticFinding[] {
  const found = staticFindings(parsed);
  const whole = FOREIGN.test(file.text) ? parseFile(file, true) : parsed;
  if (whole === parsed || 'message' in whole) return found;
  const unused = staticFindings(whole).filter(({ rule, line, column }) => rule === 'import' && !found.some((known) => known.rule === rule && known.line === line && known.column === column));
  return [...found, ...unused];
}

/** Looks over a strategy's TypeScript, one file alone. Never throws for what the source says. */
export function checkSource(source: string): SourceReport {
  const file = { path: ENTRY_FILE, text: source };
  const parsed = parseFile(file);
  if ('message' in parsed) return { defect: parsed, findings: [] };
  try {
    return { defect: null, findings: findingsOf(parsed, file) };
  } catch (error) {
    return { defect: defectOf(error), findings: [] };
  }
}

/** The order in which a person reads them: by file, the beginning first, then by place. */
function inOrder(findings: readonly ProjectFinding[]): readonly ProjectFinding[] {
  const rank = (path: string | null): string => (path === null ? '' : path === ENTRY_FILE ? ' ' : path);
  return [...findings].sort((a, b) => (rank(a.path) < rank(b.path) ? -1 : rank(a.path) > rank(b.path) ? 1 : a.line - b.line || a.column - b.column)).slice(0, MAX_FINDINGS);
}

const WHOLE = { source: 'syntax', rule: 'project', severity: 'error', path: null, line: 1, column: 1, endLine: null, endColumn: null } as const;

/** What is wrong with the files as such: their names, their number, their size. */
function shapeFindings(files: readonly ProjectFileLike[]): ProjectFinding[] {
  const say = (message: string): ProjectFinding => ({ ...WHOLE, message, explanation: explanationOf('project') });
  const findings: ProjectFinding[] = [];
  if (files.length > MAX_PROJECT_FILES) findings.push(say(`A project has at most ${MAX_PROJECT_FILES} files, this one has ${files.length}`));
  if (!files.some(({ path }) => path === ENTRY_FILE)) findings.push(say(`The file ${ENTRY_FILE} is missing: it exports the strategy`));
  if (new Set(files.map(({ path }) => path)).size !== files.length) findings.push(say('Two files have the same name'));
  if (files.reduce((sum, { text }) => sum + text.length, 0) > MAX_SOURCE) findings.push(say(`All files together are longer than ${MAX_SOURCE} characters`));
  for (const { path } of files) if (!projectFileSchema.shape.path.safeParse(path).success) findings.push(say(`${JSON.stringify(path.slice(0, 80))} cannot be the name of a file: ${projectFileSchema.shape.path.safeParse(path).error?.issues[0]?.message ?? ''}`));
  return findings;
}

/**
 * Looks over all files of a strategy: what cannot be read in each of them, what they must not do, and how they hang together. In the order of the files, the beginning first; at most 500. Never throws for
 * what the files say. An `error` refuses the project.
 */
export function checkFiles(files: readonly ProjectFileLike[]): readonly ProjectFinding[] {
  const shape = shapeFindings(files);
  // So many, or so large, that reading them is no use.
  if (files.length > MAX_PROJECT_FILES || files.reduce((sum, { text }) => sum + text.length, 0) > 2 * MAX_SOURCE) return shape;
  const findings: ProjectFinding[] = [...shape];
  const read: Parsed[] = [];
  for (const file of files) {
    const parsed = parseFile(file);
    if ('message' in parsed) {
      findings.push({ ...WHOLE, rule: 'syntax', path: file.path, line: parsed.line, column: parsed.column, message: parsed.message, explanation: explanationOf('syntax') });
      continue;
    }
    read.push(parsed);
    try {
      for (const { rule, severity, message, ...place } of findingsOf(parsed, file)) findings.push({ source: 'static', rule, severity, path: file.path, ...place, message, explanation: explanationOf(rule) });
    } catch (error) {
      findings.push({ ...WHOLE, rule: 'syntax', path: file.path, message: defectOf(error).message, explanation: explanationOf('syntax') });
    }
  }
  const columnsOf = new Map(read.map(({ path, columns }) => [path, columns]));
  for (const { path, node, message } of linkDefects(read, files.map((file) => file.path), ENTRY_FILE)) {
    const back = (at: { readonly line: number; readonly column: number } | undefined): number => (at === undefined ? 1 : (columnsOf.get(path)?.(at.line, at.column) ?? at.column) + 1);
    const { start = { line: 1, column: 0 }, end } = node.loc ?? {};
    findings.push({ source: 'static', rule: 'import', severity: 'error', path, line: start.line, column: back(start), endLine: end?.line ?? null, endColumn: end === undefined ? null : back(end), message, explanation: explanationOf('import') });
  }
  return inOrder(findings);
}
