/** How the files of a strategy hang together: relative imports among them, and what is wrong with those. */
import { child, isNode, nameOf, type SyntaxNode } from '#app/strategy/syntax.ts';
import { STRATEGY_MODULE } from '#app/strategy/typings.ts';

/** A file as it was read: ESTree of its JavaScript. */
export type ReadFile = { readonly path: string; readonly program: SyntaxNode };
/** An import that cannot be followed. */
export type LinkDefect = { readonly path: string; readonly node: SyntaxNode; readonly message: string };

/** One import, or export of another file's names. `names`: what it asks of the other file, with their nodes. */
type Link = { readonly node: SyntaxNode; readonly source: string; readonly names: readonly (readonly [name: string, node: SyntaxNode])[] };

const list = (value: unknown): readonly SyntaxNode[] => (Array.isArray(value) ? value.filter(isNode) : []);
const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');

/** The file that a relative import means, whether or not it is there; null for one that leaves the project, or is not relative. */
export function resolveImport(from: string, source: string): string | null {
  if (!/^\.{1,2}\//.test(source)) return null;
  const parts = from.split('/').slice(0, -1);
  for (const part of source.split('/')) {
    if (part === '.' || part === '') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  const path = parts.join('/');
  return path.endsWith('.ts') ? path : `${path}.ts`;
}

function linksOf({ program }: ReadFile): readonly Link[] {
  return list(program['body']).flatMap((node): Link[] => {
    const source = nameOf(child(node, 'source'));
    if (source === null || !/^(Import|Export)/.test(node.type)) return [];
    const names = list(node['specifiers']).flatMap((specifier): (readonly [string, SyntaxNode])[] => {
      if (specifier.type === 'ImportDefaultSpecifier') return [['default', specifier]];
      const name = nameOf(child(specifier, specifier.type === 'ImportSpecifier' ? 'imported' : 'local'));
      return specifier.type === 'ImportNamespaceSpecifier' || name === null ? [] : [[name, specifier]];
    });
    return [{ node, source, names }];
  });
}

/** What a pattern or a declaration gives names to. */
function declared(node: SyntaxNode | null): readonly string[] {
  if (node?.type === 'VariableDeclaration') return list(node['declarations']).flatMap((one) => patternNames(child(one, 'id')));
  const name = nameOf(child(node, 'id'));
  return name === null ? [] : [name];
}

function patternNames(node: SyntaxNode | null): readonly string[] {
  switch (node?.type) {
    case 'Identifier':
      return [nameOf(node) ?? ''];
    case 'ObjectPattern':
      return list(node['properties']).flatMap((part) => patternNames(part.type === 'Property' ? child(part, 'value') : child(part, 'argument')));
    case 'ArrayPattern':
      return list(node['elements']).flatMap(patternNames);
    case 'AssignmentPattern':
      return patternNames(child(node, 'left'));
    default:
      return [];
  }
}

class Links {
  readonly defects: LinkDefect[] = [];
  readonly #files: ReadonlyMap<string, ReadFile>;
  readonly #paths: readonly string[];
  readonly #entry: string;

  /** `paths`: all files of the project, those that cannot be read among them. */
  constructor(files: readonly ReadFile[], paths: readonly string[], entry: string) {
    this.#files = new Map(files.map((file) => [file.path, file]));
    this.#paths = paths;
    this.#entry = entry;
  }

  check(): void {
    for (const file of this.#files.values()) for (const link of linksOf(file)) this.#link(file, link);
    const done = new Set<string>();
    for (const path of this.#files.keys()) this.#cycles(path, [], done);
  }

  #link(file: ReadFile, { node, source, names }: Link): void {
    const at = child(node, 'source') ?? node;
    const say = (where: SyntaxNode, message: string): void => void this.defects.push({ path: file.path, node: where, message });
    // Whatever is neither relative nor ours is told by the look over each file.
    if (source === STRATEGY_MODULE || !/^\.{1,2}(\/|$)/.test(source)) return;
    const target = resolveImport(file.path, source);
    if (target === null) return say(at, `"${source}" lies outside of this project. Import files of the project alone, such as "./levels".`);
    if (!this.#paths.includes(target)) {
      const others = this.#paths.filter((path) => path !== file.path && path !== this.#entry);
      return say(at, `There is no file ${target} in this project. ${others.length === 0 ? 'Add it, or remove the import.' : `There are: ${others.join(', ')}.`}`);
    }
    if (target === file.path) return say(at, 'A file cannot import itself.');
    if (target === this.#entry) return say(at, `${this.#entry} is where the strategy begins: nobody can import it. Move what both files need into a file of its own.`);
    const given = this.#exportsOf(target, new Set());
    for (const [name, where] of given === null ? [] : names) {
      if (given?.has(name) === true) continue;
      const there = [...(given ?? [])].filter((each) => each !== 'default');
      say(where, name === 'default' ? `${target} has no default export. ${there.length === 0 ? 'Export something from it.' : `Import by name: { ${there.join(', ')} }.`}` : `${target} exports no "${name}". ${there.length === 0 ? 'It exports nothing by name.' : `It exports ${quoted(there)}.`} A type must be imported as one: import type { ${name} }.`);
    }
  }

  /** The names that a file exports; null when that cannot be said. */
  #exportsOf(path: string, asked: Set<string>): ReadonlySet<string> | null {
    const file = this.#files.get(path);
    if (file === undefined || asked.has(path)) return null;
    asked.add(path);
    const names = new Set<string>();
    for (const node of list(file.program['body'])) {
      if (node.type === 'ExportDefaultDeclaration') names.add('default');
      if (node.type === 'ExportNamedDeclaration') {
        for (const name of declared(child(node, 'declaration'))) names.add(name);
        for (const specifier of list(node['specifiers'])) names.add(nameOf(child(specifier, 'exported')) ?? '');
      }
      if (node.type !== 'ExportAllDeclaration') continue;
      const named = nameOf(child(node, 'exported'));
      const target = resolveImport(path, nameOf(child(node, 'source')) ?? '');
      const more = named === null && target !== null ? this.#exportsOf(target, asked) : new Set([named ?? '']);
      if (more === null) return null;
      for (const name of more) if (name !== 'default') names.add(name);
    }
    return names;
  }

  #cycles(path: string, around: readonly string[], done: Set<string>): void {
    const file = this.#files.get(path);
    if (file === undefined || done.has(path)) return;
    for (const { node, source } of linksOf(file)) {
      const target = resolveImport(path, source);
      if (target === null || target === path || target === this.#entry) continue;
      const way = [...around, path];
      const from = way.indexOf(target);
      if (from >= 0) this.defects.push({ path, node: child(node, 'source') ?? node, message: `These files import each other in a circle: ${[...way.slice(from), target].join(' → ')}. Move what they share into a file that imports none of them.` });
      else this.#cycles(target, way, done);
    }
    done.add(path);
  }
}

/** What is wrong with the imports among the files. `paths`: all files there are, those that could not be read among them. */
export function linkDefects(files: readonly ReadFile[], paths: readonly string[], entry: string): readonly LinkDefect[] {
  const links = new Links(files, paths, entry);
  links.check();
  return links.defects;
}
