/** What the declaration text of the module says, read for suggestions: its functions with their words, and how a file imports one more of them. Pure. */

/** The one module that strategies import. */
export const MODULE_NAME = 'mainspring';

/** A function of the module. `parameters`: as declared, without types. */
export type ModuleFunction = { readonly name: string; readonly parameters: readonly string[]; readonly signature: string; readonly about: string };

const FUNCTION = /(?:\/\*\*((?:[^*]|\*(?!\/))*)\*\/\s*)?export function (\w+)(<[^(]*>)?\(([^)]*)\)(: [^;]+)?;/g;

/** The functions that the declarations export, each once. */
export function functionsOf(typings: string): readonly ModuleFunction[] {
  const found = new Map<string, ModuleFunction>();
  for (const [, words = '', name = '', , given = '', result = ''] of typings.matchAll(FUNCTION)) {
    const about = words.split('\n').map((line) => line.replace(/^\s*\*?\s?/, '')).join('\n').trim();
    const parameters = given.split(',').map((one) => (one.split(/[?:]/)[0] ?? '').trim()).filter((one) => one !== '');
    if (name !== '' && !found.has(name)) found.set(name, { name, parameters, signature: `${name}(${given})${result}`, about });
  }
  return [...found.values()];
}

const IMPORT = new RegExp(`import\\s*\\{([^}]*)\\}\\s*from\\s*(['"])${MODULE_NAME}\\2`);

/** The names that a file imports from the module. */
export function importedNames(text: string): readonly string[] {
  const named = IMPORT.exec(text)?.[1] ?? '';
  return named.split(',').map((one) => one.trim().replace(/^type\s+/, '').split(/\s+as\s+/)[0] ?? '').filter((one) => one !== '');
}

/** A change of a text: `start` and `end` are offsets. */
export type TextChange = { readonly start: number; readonly end: number; readonly text: string };

/** What imports one more name from the module; null = it is imported. */
export function importChange(text: string, name: string): TextChange | null {
  if (importedNames(text).includes(name)) return null;
  const found = IMPORT.exec(text);
  const list = found?.[1];
  if (found === null || list === undefined) return { start: 0, end: 0, text: `import { ${name} } from '${MODULE_NAME}';\n` };
  const start = found.index + found[0].indexOf('{') + 1;
  const names = [...list.split(',').map((one) => one.trim()).filter((one) => one !== ''), name].toSorted((a, b) => a.localeCompare(b));
  return list.includes('\n') ? { start: start + list.trimEnd().length, end: start + list.trimEnd().length, text: `${list.trimEnd().endsWith(',') ? '' : ','}\n  ${name},` } : { start, end: start + list.length, text: ` ${names.join(', ')} ` };
}
