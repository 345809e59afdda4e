/** The files of a strategy as modules of the machine: TypeScript to JavaScript line by line, relative imports resolved, errors back to the lines that their author wrote. */
import { transform } from 'sucrase';
import * as z from 'zod';
import { ENTRY_FILE } from '#app/contracts/author.ts';
import { AppError, describeError } from '#app/domain/errors.ts';
import { STRATEGY_MODULE } from '#app/strategy/typings.ts';
import { columnsBack } from '../source-map.ts';
import { resolveImport } from '../source-links.ts';
import type { ProjectFileLike } from '../strategy-source.ts';
import { withinReading } from './deadline.ts';
import { guestLogModule, guestModule } from './guest-text.ts';
import { constantsOf } from './memory-free.ts';

/** The module that the host evaluates: it imports the strategy and hands over what must be frozen. */
export const HOST_MODULE = '@host';
/** Where `log` comes from: our own module alone may import it. */
export const LOG_MODULE = '@log';

/** How a file's constants are handed to the host, which freezes them. */
const CONSTANTS = '__mainspring_constants';
const MAX_SOURCE = 1_000_000;

/** Where an error lies in the author's files, from 1. */
export type SourcePlace = { readonly path: string; readonly line: number; readonly column: number };

/** Files, compiled. `modules` by name; `resolve`: the module that `from` means by `name`, null for none that it may have; `placeOf`: the first place in the author's files that a stack names. */
export type Compiled = {
  readonly modules: ReadonlyMap<string, string>; readonly isMemoryFree: boolean;
  resolve(from: string, name: string): string | null;
  placeOf(stack: string): SourcePlace | null;
};

/** A place in words: of the file where strategies begin the line alone. */
export function wordsOf({ path, line }: Pick<SourcePlace, 'path' | 'line'>): string {
  return path === ENTRY_FILE ? `Line ${line}` : `${path}, line ${line}`;
}

/** TypeScript to JavaScript, line by line. @throws AppError STRATEGY_CODE_INVALID with the place of what cannot be read */
export function toJavaScript(source: string, path = ENTRY_FILE): { readonly code: string; readonly mappings: string } {
  if (source.length > MAX_SOURCE) throw new AppError('STRATEGY_CODE_INVALID', `The strategy is longer than ${MAX_SOURCE} characters`);
  try {
    const { code, sourceMap } = transform(source, { transforms: ['typescript'], disableESTransforms: true, filePath: path, sourceMapOptions: { compiledFilename: 'strategy.js' } });
    return { code, mappings: sourceMap?.mappings ?? '' };
  } catch (error) {
    const { loc } = z.object({ loc: z.object({ line: z.number(), column: z.number() }).optional() }).catch({}).parse(error);
    const said = describeError(error).replace(/^(Error|SyntaxError): /, '').replace(`Error transforming ${path}: `, '').replace(/ \(\d+:\d+\)$/, '');
    throw new AppError('STRATEGY_CODE_INVALID', `${loc ? `${wordsOf({ path, line: loc.line })}, column ${loc.column}: ` : ''}${said}`, { context: loc === undefined ? {} : { path, ...loc } });
  }
}

/** The first place that a stack names, whatever the file. */
function placeIn(stack: string): SourcePlace | null {
  const [, path, line, column] = /([a-z0-9][a-z0-9_/-]*\.ts):(\d+)(?::(\d+))?/.exec(stack) ?? [];
  return path === undefined ? null : { path, line: Number(line), column: Number(column ?? 1) };
}

/** The module that the host evaluates. `constants`: for each file whether it has a default export to be frozen beside its own list; null where nothing is proven. */
function hostModule(files: readonly { readonly path: string; readonly hasDefault: boolean }[], isProven: boolean): string {
  const entry = `import * as entry from ${JSON.stringify(ENTRY_FILE)};\nexport default entry.default;`;
  if (!isProven) return entry;
  const imports = files.flatMap(({ path, hasDefault }, n) => [`import { ${CONSTANTS} as c${n} } from ${JSON.stringify(path)};`, ...(hasDefault && path !== ENTRY_FILE ? [`import d${n} from ${JSON.stringify(path)};`] : [])]);
  const parts = files.map(({ path, hasDefault }, n) => `...c${n}${hasDefault && path !== ENTRY_FILE ? `, d${n}` : ''}`);
  return [...imports, entry, `export const constants = [${parts.join(', ')}];`].join('\n');
}

/** Compiles the files (a text: the one file `strategy.ts`). @throws AppError STRATEGY_CODE_INVALID for a file that cannot be read, or when the one where it begins is missing */
export function compileFiles(given: string | readonly ProjectFileLike[], indicators: readonly string[]): Compiled {
  const files = typeof given === 'string' ? [{ path: ENTRY_FILE, text: given }] : given;
  if (!files.some(({ path }) => path === ENTRY_FILE)) throw new AppError('STRATEGY_CODE_INVALID', `The file ${ENTRY_FILE} is missing: it exports the strategy`);
  const characters = files.reduce((sum, { text }) => sum + text.length, 0);
  const compiled = withinReading(characters, () => files.map(({ path, text }) => {
    const { code, mappings } = toJavaScript(text, path);
    return { path, code, mappings, proof: constantsOf(code) };
  }));
  const isMemoryFree = compiled.every(({ proof }) => proof !== null);
  const modules = new Map<string, string>([[STRATEGY_MODULE, guestModule(indicators, LOG_MODULE)], [LOG_MODULE, guestLogModule()]]);
  for (const { path, code, proof } of compiled) modules.set(path, isMemoryFree && proof !== null ? `${code}\n;export const ${CONSTANTS} = [${proof.constants.join(', ')}];` : code);
  modules.set(HOST_MODULE, hostModule(compiled.map(({ path, proof }) => ({ path, hasDefault: proof?.hasDefault ?? false })), isMemoryFree));
  const paths = new Set(files.map(({ path }) => path));
  return {
    modules, isMemoryFree,
    resolve(from, name) {
      if (from === HOST_MODULE) return modules.has(name) ? name : null;
      if (from === STRATEGY_MODULE) return name === LOG_MODULE ? name : null;
      if (name === STRATEGY_MODULE) return name;
      const path = resolveImport(from, name);
      return path !== null && paths.has(path) && path !== ENTRY_FILE ? path : null;
    },
    placeOf(stack) {
      const place = placeIn(stack);
      const file = compiled.find(({ path }) => path === place?.path);
      return place === null || file === undefined ? null : { ...place, column: columnsBack(file.mappings)(place.line, place.column - 1) + 1 };
    },
  };
}
