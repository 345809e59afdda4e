/** A little of what a syntax tree (ESTree) says: enough to look over a strategy's source. */

/** A node of an ESTree with places. Lines from 1, columns from 0. */
export type SyntaxNode = { readonly type: string; readonly loc?: { readonly start: { readonly line: number; readonly column: number }; readonly end?: { readonly line: number; readonly column: number } } | null; readonly [key: string]: unknown };

/** Whether a value is a node of a tree. */
export function isNode(value: unknown): value is SyntaxNode {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The nodes right below one, in the order of the source's grammar. */
function childrenOf(node: SyntaxNode): SyntaxNode[] {
  return Object.entries(node).flatMap(([key, value]): unknown[] => (key === 'loc' ? [] : Array.isArray(value) ? value : [value])).filter(isNode);
}

/** Visits every node with those around it, the nearest last. Deeper than 5,000 levels is not looked at. */
export function walk(root: SyntaxNode, visit: (node: SyntaxNode, around: readonly SyntaxNode[]) => void): void {
  const around: SyntaxNode[] = [];
  const enter = (node: SyntaxNode): void => {
    visit(node, around);
    if (around.length >= 5_000) return;
    around.push(node);
    for (const child of childrenOf(node)) enter(child);
    around.pop();
  };
  enter(root);
}

/** A child by its name in the grammar, null when there is none. */
export function child(node: SyntaxNode | null, key: string): SyntaxNode | null {
  const value = node?.[key];
  return isNode(value) ? value : null;
}

/** The name of an identifier, or the text of a literal; null for anything else. */
export function nameOf(node: SyntaxNode | null): string | null {
  if (node?.type === 'Identifier' && typeof node['name'] === 'string') return node['name'];
  return node?.type === 'Literal' && typeof node['value'] === 'string' ? node['value'] : null;
}

/** `b` of `a.b` and of `a['b']`; null where it is not known, or the node is no such thing. */
export function memberName(node: SyntaxNode | null): string | null {
  if (node?.type !== 'MemberExpression') return null;
  const property = child(node, 'property');
  return node['computed'] === true && property?.type !== 'Literal' ? null : nameOf(property);
}

/** The name at the beginning of `a.b.c`; null when it does not begin with a name. */
export function rootName(node: SyntaxNode | null): string | null {
  let at = node;
  while (at?.type === 'MemberExpression') at = child(at, 'object');
  return at?.type === 'Identifier' ? nameOf(at) : null;
}

/** A number that stands in the source, with its sign and plain sums; null for anything else. */
export function constantOf(node: SyntaxNode | null): number | null {
  if (node?.type === 'Literal') return typeof node['value'] === 'number' ? node['value'] : null;
  if (node?.type === 'UnaryExpression') {
    const value = constantOf(child(node, 'argument'));
    return value === null ? null : node['operator'] === '-' ? -value : node['operator'] === '+' ? value : null;
  }
  if (node?.type !== 'BinaryExpression') return null;
  const [left, right] = [constantOf(child(node, 'left')), constantOf(child(node, 'right'))];
  if (left === null || right === null) return null;
  return node['operator'] === '-' ? left - right : node['operator'] === '+' ? left + right : node['operator'] === '*' ? left * right : null;
}

/** Whether an identifier stands for a value: not the name of a property, a label or an import's own word. */
export function isReference(node: SyntaxNode, around: readonly SyntaxNode[]): boolean {
  const parent = around.at(-1);
  if (node.type !== 'Identifier' || parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent['property'] !== node || parent['computed'] === true;
  if (parent.type === 'Property' || parent.type === 'PropertyDefinition' || parent.type === 'MethodDefinition') return parent['key'] !== node || parent['computed'] === true || parent['shorthand'] === true;
  return !['ImportSpecifier', 'ImportDefaultSpecifier', 'ImportNamespaceSpecifier', 'ExportSpecifier', 'LabeledStatement', 'BreakStatement', 'ContinueStatement', 'MetaProperty'].includes(parent.type);
}

/** The names that a pattern binds: `a`, `{ a, b: c }`, `[d, ...e]`, `f = 1`. */
function bound(pattern: SyntaxNode | null): string[] {
  switch (pattern?.type) {
    case 'Identifier':
      return [nameOf(pattern) ?? ''];
    case 'ObjectPattern':
      return childrenOf(pattern).flatMap((part) => bound(part.type === 'Property' ? child(part, 'value') : part));
    case 'ArrayPattern':
      return childrenOf(pattern).flatMap(bound);
    case 'AssignmentPattern':
      return bound(child(pattern, 'left'));
    case 'RestElement':
      return bound(child(pattern, 'argument'));
    default:
      return [];
  }
}

/** All names that the source declares anywhere: variables, parameters, functions, classes, imports. */
export function declaredNames(program: SyntaxNode): ReadonlySet<string> {
  const names = new Set<string>();
  const add = (pattern: SyntaxNode | null): void => bound(pattern).forEach((name) => names.add(name));
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator') add(child(node, 'id'));
    else if (node.type.startsWith('Import') && node.type.endsWith('Specifier')) add(child(node, 'local'));
    else if (node.type === 'CatchClause') add(child(node, 'param'));
    else if (/^(Function|Class)(Declaration|Expression)$/.test(node.type) || node.type === 'ArrowFunctionExpression') {
      add(child(node, 'id'));
      const parameters = node['params'];
      if (Array.isArray(parameters)) parameters.filter(isNode).forEach(add);
    }
  });
  return names;
}

/** The variables of the file itself, outside of any function, with their declarations; and what it has of other files of its project. */
export function fileVariables(program: SyntaxNode): ReadonlyMap<string, SyntaxNode> {
  const names = new Map<string, SyntaxNode>();
  const body = program['body'];
  for (const statement of Array.isArray(body) ? body.filter(isNode) : []) {
    const declaration = statement.type === 'ExportNamedDeclaration' ? child(statement, 'declaration') : statement;
    if (declaration?.type === 'ImportDeclaration' && nameOf(child(declaration, 'source'))?.startsWith('.') === true) {
      for (const specifier of childrenOf(declaration)) if (child(specifier, 'local') !== null) names.set(nameOf(child(specifier, 'local')) ?? '', declaration);
    }
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const declarator of childrenOf(declaration)) for (const name of bound(child(declarator, 'id'))) names.set(name, declaration);
  }
  return names;
}
