/** A look over a strategy's source before it runs: reads of the future, memory outside of `state`, and whatever else would make two runs over the same bars differ. */
import { child, constantOf, declaredNames, fileVariables, isNode, isReference, memberName, nameOf, rootName, walk, type SyntaxNode } from './syntax.ts';

/** What was found. `error`: it must not be deployed like this; `warning`: a person should look. Line and column from 1; the end is the first column that is not part of it. */
export type StaticFinding = {
  readonly rule: 'negative_index' | 'whole_column' | 'future_name' | 'unshifted' | 'clock' | 'randomness' | 'outside' | 'import' | 'memory' | 'asynchronous';
  readonly severity: 'error' | 'warning';
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
  /** What it is, and what to do. */
  readonly message: string;
};

/** The one module that strategies import. */
const OWN_MODULE = 'mainspring';
const MAX_FINDINGS = 200;

const CLOCKS = new Set(['Date', 'performance', 'Temporal', 'Intl']);
const RANDOM = new Set(['crypto']);
const words = (text: string): readonly string[] => text.split(' ');
/** What is not there, and what to do instead. */
const OUTSIDE: ReadonlyMap<string, string> = new Map([
  [words('fetch XMLHttpRequest WebSocket EventSource navigator importScripts'), 'There is no network: decide by bars, indicators and state alone'],
  [words('process require module exports Buffer'), 'There are no files and no computer to ask: import what you need from "mainspring", or from files of this project'],
  [words('globalThis global window self document'), 'There is no global object: take what you need from the context, or declare it'],
  [words('localStorage sessionStorage indexedDB'), 'Keep in `state` what must be remembered'],
  [words('eval Function WebAssembly'), 'A strategy cannot make code while it runs: write it out'],
  [words('setTimeout setInterval setImmediate queueMicrotask'), 'It answers at once: count bars in `state` to wait'],
  [words('console alert'), 'Write lines with `log(...)` of "mainspring"'],
  [words('Worker SharedArrayBuffer Atomics postMessage'), 'There are no threads: do it here, or do less'],
  [words('WeakRef FinalizationRegistry'), 'What they say depends on the garbage collector: keep a plain value in `state`'],
].flatMap(([names, advice]) => (names as readonly string[]).map((name) => [name, advice as string] as const)));
const MUTATORS = new Set(['push', 'pop', 'shift', 'unshift', 'splice', 'sort', 'reverse', 'fill', 'copyWithin', 'set', 'add', 'delete', 'clear']);
const FUTURE_NAME = /^(next|future|tomorrow|upcoming|ahead|lead)(_?(open|high|low|close|volume|bar|price|return|value|day|candle)s?)$|^look_?ahead$|^(future|tomorrow)$/i;
/** Indicators whose newest value holds the present bar: nothing of that bar can be beyond it. By the outputs that are extremes. */
const EXTREMES: ReadonlyMap<string, readonly string[]> = new Map([['donchian', ['upper', 'lower']], ['max', ['value']], ['min', ['value']], ['highest', ['value']], ['lowest', ['value']]]);

type Found = Pick<StaticFinding, 'rule' | 'severity' | 'message'> & { readonly node: SyntaxNode };
type Rule = (node: SyntaxNode, around: readonly SyntaxNode[]) => Found | null;

const error = (node: SyntaxNode, rule: StaticFinding['rule'], message: string): Found => ({ node, rule, severity: 'error', message });
const warning = (node: SyntaxNode, rule: StaticFinding['rule'], message: string): Found => ({ node, rule, severity: 'warning', message });

/**
 * Looks over a strategy's syntax tree (ESTree with places: `Program`, as acorn makes it of JavaScript without types). What it cannot see (a column handed through a function, say) the look over its
 * signals finds: `checkLookAhead`. In the order of the source, at most 200.
 */
export function checkStatically(program: SyntaxNode): readonly StaticFinding[] {
  const declared = declaredNames(program);
  const rules: readonly Rule[] = [negativeIndex, wholeColumn, futureName, asynchronous, imports, globals(declared), memory(program), unshifted(program)];
  const found: Found[] = [];
  walk(program, (node, around) => {
    for (const rule of rules) {
      const finding = rule(node, around);
      if (finding !== null && found.length < MAX_FINDINGS) found.push(finding);
    }
  });
  return found.map(({ node, rule, severity, message }) => ({ rule, severity, ...placeOf(node), message })).sort((a, b) => a.line - b.line || a.column - b.column);
}

function placeOf({ loc }: SyntaxNode): Pick<StaticFinding, 'line' | 'column' | 'endLine' | 'endColumn'> {
  const { line, column } = loc?.start ?? { line: 1, column: 0 };
  return { line, column: column + 1, endLine: loc?.end?.line ?? line, endColumn: (loc?.end?.column ?? column) + 1 };
}

/** `ago(-1)`, and `shift(-1)` as tables of other languages have it. */
function negativeIndex(node: SyntaxNode): Found | null {
  const name = node.type === 'CallExpression' ? memberName(child(node, 'callee')) : null;
  const given = node['arguments'];
  const first = Array.isArray(given) && isNode(given[0]) ? constantOf(given[0]) : null;
  if ((name !== 'ago' && name !== 'shift') || first === null || first >= 0) return null;
  return error(node, 'negative_index', `${name}(${first}) asks for a bar that has not happened yet. Use \`now\`, or ago(${-first}) for ${-first} bars back.`);
}

/** `close.values`, `close.cursor`, in any spelling. A call of `values()` is one of a list or a map. */
function wholeColumn(node: SyntaxNode, around: readonly SyntaxNode[]): Found | null {
  const parent = around.at(-1);
  const isCalled = parent?.type === 'CallExpression' && parent['callee'] === node;
  const member = memberName(node);
  const key = node.type === 'Property' && parent?.type === 'ObjectPattern' ? nameOf(child(node, 'key')) : null;
  const name = isCalled ? null : (member ?? key);
  if (name !== 'values' && name !== 'cursor') return null;
  return error(node, 'whole_column', `\`${name}\` belongs to the engine: the whole column holds bars that have not happened yet. Use \`now\` and \`ago(n)\`.`);
}

function futureName(node: SyntaxNode): Found | null {
  const name = memberName(node);
  if (name === null || !FUTURE_NAME.test(name)) return null;
  return warning(node, 'future_name', `\`${name}\` sounds like something that is not known yet at the close of this bar. If it is, do not decide by it.`);
}

function asynchronous(node: SyntaxNode): Found | null {
  const isWaiting = node.type === 'AwaitExpression' || node['async'] === true || (node.type === 'ForOfStatement' && node['await'] === true);
  return isWaiting ? error(node, 'asynchronous', 'A strategy answers at once: what it waited for would come at another bar. Remove `async` and `await`.') : null;
}

function imports(node: SyntaxNode): Found | null {
  const source = nameOf(child(node, 'source'));
  if (node.type === 'ImportExpression') return error(node, 'import', 'A strategy loads nothing while it runs. Import at the top what you need.');
  // What begins with a dot is a file of its own project: whether it is there, the look over all files tells.
  if (source === null || source === OWN_MODULE || /^\.{1,2}\//.test(source) || !/^(Import|Export)/.test(node.type)) return null;
  return error(node, 'import', `"${source}" cannot be imported: a strategy knows "${OWN_MODULE}" alone, and files of its own project by paths such as "./levels".`);
}

/** Names that nobody in the file declared. */
function globals(declared: ReadonlySet<string>): Rule {
  return (node, around) => {
    if (memberName(node) === 'random' && rootName(node) === 'Math') return error(node, 'randomness', 'Math.random() gives other numbers each time: the back-test could not be repeated. Decide by what the bars say.');
    const name = isReference(node, around) ? nameOf(node) : null;
    if (name === null || declared.has(name)) return null;
    if (CLOCKS.has(name)) return error(node, 'clock', `\`${name}\` reads a clock of its own. The time of a bar is \`context.time\`: it is the same live and in a back-test.`);
    if (RANDOM.has(name)) return error(node, 'randomness', `\`${name}\` gives other numbers each time: the back-test could not be repeated.`);
    const advice = OUTSIDE.get(name);
    return advice === undefined ? null : error(node, 'outside', `\`${name}\` is outside of a strategy's world. ${advice}.`);
  };
}

/** Variables of the file that change: they are lost at a restart, and shared by all symbols. */
function memory(program: SyntaxNode): Rule {
  const variables = fileVariables(program);
  const advice = 'is memory outside of `state`: it is gone after a restart, and shared by all symbols. Keep it in `state`.';
  return (node, around) => {
    if (node.type === 'VariableDeclaration' && node['kind'] !== 'const' && [...variables.values()].includes(node)) return error(node, 'memory', `A variable of the file that can change ${advice}`);
    const isInFunction = around.some((outer) => /Function/.test(outer.type));
    if (!isInFunction) return null;
    const target = node.type === 'AssignmentExpression' ? child(node, 'left') : node.type === 'UpdateExpression' ? child(node, 'argument') : null;
    const changed = target?.type === 'MemberExpression' ? rootName(target) : null;
    if (changed !== null && variables.has(changed)) return error(node, 'memory', `\`${changed}\` ${advice}`);
    const callee = node.type === 'CallExpression' ? child(node, 'callee') : null;
    const method = memberName(callee);
    const owner = method !== null && MUTATORS.has(method) ? rootName(callee) : null;
    return owner !== null && variables.has(owner) ? error(node, 'memory', `\`${owner}\` ${advice}`) : null;
  };
}

/** `close.now > channel.upper.now` where the channel holds the present bar: it can never be true, or is true by the bar's own doing. */
function unshifted(program: SyntaxNode): Rule {
  const extremes = new Map<string, readonly string[]>();
  walk(program, (node) => {
    const callee = node.type === 'Property' ? nameOf(child(child(node, 'value'), 'callee')) : null;
    const outputs = callee === null ? undefined : EXTREMES.get(callee);
    const key = nameOf(child(node, 'key'));
    if (outputs !== undefined && key !== null) extremes.set(key, outputs);
  });
  const isExtremeNow = (side: SyntaxNode | null): boolean => {
    if (memberName(side) !== 'now') return false;
    const series = child(side, 'object');
    const names = [memberName(series) ?? nameOf(series), memberName(child(series, 'object')) ?? nameOf(child(series, 'object'))];
    return names.some((name, at) => name !== null && (extremes.get(name)?.includes(at === 0 ? 'value' : (names[0] ?? '')) ?? false));
  };
  const isPriceNow = (side: SyntaxNode | null): boolean => memberName(side) === 'now' && ['open', 'high', 'low', 'close'].includes(memberName(child(side, 'object')) ?? nameOf(child(side, 'object')) ?? '');
  return (node) => {
    if (node.type !== 'BinaryExpression' || !['<', '>', '<=', '>='].includes(String(node['operator']))) return null;
    const [left, right] = [child(node, 'left'), child(node, 'right')];
    if (!((isPriceNow(left) && isExtremeNow(right)) || (isExtremeNow(left) && isPriceNow(right)))) return null;
    return warning(node, 'unshifted', 'The extreme holds this very bar: nothing of it can lie beyond. Compare with the extreme as it stood before: `.ago(1)`, or `upperBefore` and `lowerBefore` of donchian.');
  };
}
