/**
 * Proves of a strategy's source that it can remember nothing outside of its state. A strategy that runs ahead of the engine and is taken back must not know what it saw there: its state is taken back, any
 * other memory would be a look into the future. So is what a run over one symbol leaves behind for the next one.
 *
 * The proof: while the file is evaluated, none of its own functions are called, so no closure holds a variable; what the file makes are constants of literals, lists, named values and functions, which the
 * host freezes to the last (guest-lock.ts); and nobody assigns to the name of a function. What is not proven is no error: such a strategy is asked at each bar, which takes longer.
 */
import { parse } from 'acorn';
import { child, isNode, nameOf, rootName, walk, type SyntaxNode } from '#app/strategy/syntax.ts';
import { STRATEGY_MODULE } from '#app/strategy/typings.ts';

/** What gives plain numbers. */
const PURE = new Set(['Math', 'Number']);

const list = (value: unknown): readonly SyntaxNode[] => (Array.isArray(value) ? value.filter(isNode) : []);

/** What the host freezes: the names of what the file holds, and its default export where it has one. */
export type ProvenFile = { readonly constants: readonly string[]; readonly hasDefault: boolean };

/** Of one file; null where it is not proven that there is nothing else to remember in. Other files of the project are proven by themselves. `code`: JavaScript. */
export function constantsOf(code: string): ProvenFile | null {
  try {
    // Acorn's nodes are ESTree nodes, whose classes have no index signature.
    return new Proof(parse(code, { ecmaVersion: 2024, sourceType: 'module' }) as unknown as SyntaxNode).constants();
  } catch {
    // What cannot be read, or is nested beyond reading, is not proven; whoever evaluates it says what is wrong.
    return null;
  }
}

/** `Math.PI`, `Number.EPSILON`, and their functions. */
function isOfPure(node: SyntaxNode | null): boolean {
  return node?.type === 'MemberExpression' && node['computed'] !== true && child(node, 'object')?.type === 'Identifier' && PURE.has(rootName(node) ?? '');
}

/** A module of ours, or a file of the project, which is proven by itself. */
function isKnown(statement: SyntaxNode): boolean {
  const source = nameOf(child(statement, 'source'));
  return source === STRATEGY_MODULE || source?.startsWith('.') === true;
}

class Proof {
  readonly #program: SyntaxNode;
  readonly #constants: string[] = [];
  readonly #functions = new Set<string>();
  readonly #imported = new Set<string>();
  /** Names that come from other files of the project. */
  readonly #others = new Set<string>();
  /** Names of whole modules: they can be neither changed nor frozen, so no list of the file may hold them. */
  readonly #modules = new Set<string>();
  #hasDefault = false;
  /** Constants that are numbers, texts and flags: using them calls nothing. */
  readonly #primitives = new Set<string>();

  constructor(program: SyntaxNode) {
    this.#program = program;
  }

  constants(): ProvenFile | null {
    const body = list(this.#program['body']);
    for (const statement of body) {
      if (statement.type !== 'ImportDeclaration') continue;
      const names = nameOf(child(statement, 'source')) === STRATEGY_MODULE ? this.#imported : this.#others;
      for (const one of list(statement['specifiers'])) (one.type === 'ImportNamespaceSpecifier' ? this.#modules : names).add(nameOf(child(one, 'local')) ?? '');
    }
    const isShadowed = [...PURE].some((name) => [this.#imported, this.#others, this.#modules].some((names) => names.has(name)));
    const isProven = !isShadowed && body.every((statement) => this.#statement(statement)) && ![...PURE].some((name) => this.#constants.includes(name)) && this.#bodiesAreHarmless();
    return isProven ? { constants: this.#constants, hasDefault: this.#hasDefault } : null;
  }

  #statement(statement: SyntaxNode): boolean {
    switch (statement.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return isKnown(statement);
      case 'EmptyStatement':
        return true;
      case 'ExportNamedDeclaration': {
        const declaration = child(statement, 'declaration');
        return (child(statement, 'source') === null || isKnown(statement)) && (declaration === null || this.#statement(declaration));
      }
      case 'ExportDefaultDeclaration': {
        const made = child(statement, 'declaration');
        this.#hasDefault = true;
        if (made?.type === 'FunctionDeclaration') return child(made, 'id') === null || this.#statement(made);
        return made !== null && this.#isConstant(made);
      }
      case 'FunctionDeclaration': {
        const name = nameOf(child(statement, 'id')) ?? '';
        this.#functions.add(name);
        this.#constants.push(name);
        return true;
      }
      case 'VariableDeclaration':
        return statement['kind'] === 'const' && list(statement['declarations']).every((declarator) => this.#constant(declarator));
      default:
        return false;
    }
  }

  #constant(declarator: SyntaxNode): boolean {
    const id = child(declarator, 'id');
    const value = child(declarator, 'init');
    if (id?.type !== 'Identifier' || value === null) return false;
    if (this.#isPrimitive(value)) this.#primitives.add(nameOf(id) ?? '');
    else if (!this.#isConstant(value)) return false;
    this.#constants.push(nameOf(id) ?? '');
    return true;
  }

  /** A number, text or flag, made of such alone: an operator on a value with a `valueOf` of its own would call it. */
  #isPrimitive(value: unknown): boolean {
    if (!isNode(value)) return false;
    const parts = (...names: readonly string[]): boolean => names.every((name) => (Array.isArray(value[name]) ? list(value[name]).every((part) => this.#isPrimitive(part)) : this.#isPrimitive(value[name])));
    switch (value.type) {
      case 'Literal':
        return !('regex' in value);
      case 'Identifier':
        return this.#primitives.has(nameOf(value) ?? '');
      case 'TemplateLiteral':
        return parts('expressions');
      case 'UnaryExpression':
        return parts('argument');
      case 'BinaryExpression':
      case 'LogicalExpression':
        return parts('left', 'right');
      case 'ConditionalExpression':
        return parts('test', 'consequent', 'alternate');
      case 'MemberExpression':
        return isOfPure(value);
      case 'CallExpression':
        return isOfPure(child(value, 'callee')) && parts('arguments');
      default:
        return false;
    }
  }

  /** Evaluating it calls no function of the file, and gives nothing that freezing does not reach. */
  #isConstant(node: SyntaxNode): boolean {
    switch (node.type) {
      case 'Identifier':
        return !this.#modules.has(nameOf(node) ?? '');
      case 'FunctionExpression':
      case 'ArrowFunctionExpression':
        return true;
      case 'ArrayExpression':
        return this.#isConstantOrNothing(node['elements']);
      case 'ObjectExpression':
        return list(node['properties']).every((property) => property.type === 'Property' && property['kind'] === 'init' && property['computed'] !== true && this.#isConstantOrNothing(property['value']));
      case 'CallExpression':
        return this.#isOurs(child(node, 'callee')) && this.#isConstantOrNothing(node['arguments']);
      case 'MemberExpression':
        return isOfPure(node) || this.#isPartOfConstant(node);
      default:
        return this.#isPrimitive(node);
    }
  }

  /** `LEVELS.bars` of this file or another one: constants have no accessors, and what they hold is frozen with them. */
  #isPartOfConstant(node: SyntaxNode | null): boolean {
    if (node?.type === 'Identifier') return [this.#modules, this.#others].some((names) => names.has(nameOf(node) ?? '')) || this.#constants.includes(nameOf(node) ?? '');
    return node?.type === 'MemberExpression' && node['computed'] !== true && this.#isPartOfConstant(child(node, 'object'));
  }

  #isConstantOrNothing(value: unknown): boolean {
    if (Array.isArray(value)) return value.every((part) => this.#isConstantOrNothing(part));
    return value === null || value === undefined || (isNode(value) && this.#isConstant(value));
  }

  /** A function of the module. */
  #isOurs(callee: SyntaxNode | null): boolean {
    return callee?.type === 'Identifier' && this.#imported.has(nameOf(callee) ?? '');
  }

  /** Inside of functions only two things outlive a call: the name of a function of the file, when it is assigned to, and `import.meta`. */
  #bodiesAreHarmless(): boolean {
    let isHarmless = true;
    walk(this.#program, (node) => {
      if (node.type === 'MetaProperty' && nameOf(child(node, 'meta')) === 'import') isHarmless = false;
      const target = node.type === 'AssignmentExpression' || node.type === 'ForInStatement' || node.type === 'ForOfStatement' ? child(node, 'left') : node.type === 'UpdateExpression' ? child(node, 'argument') : null;
      if (target === null || this.#functions.size === 0) return;
      // Any mention of such a name within what is assigned to, patterns included; what it holds is frozen.
      walk(target, (part, around) => {
        if (part.type === 'Identifier' && !around.some(({ type }) => type === 'MemberExpression') && this.#functions.has(nameOf(part) ?? '')) isHarmless = false;
      });
    });
    return isHarmless;
  }
}
